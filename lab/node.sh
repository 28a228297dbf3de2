# Sourced by lab.sh: one node's life. Names in use: N (n1, n2), i (1, 2), $LAB (work directory).
#
# A node is a set of name spaces with systemd as its pid 1. Files of node N under $LAB/N: disk.img (its disk, sparse),
# disk (where the machine mounts it), root (where the node builds its overlay), console (guests' consoles), init.pid, init.log.

# The machine's own cgroup2 mount; each node is one group beneath it.
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)

node_number() { case $1 in n1) echo 1 ;; n2) echo 2 ;; *) fail "no node is called '$1': n1 or n2." ;; esac; }
peer_of() { case $1 in n1) echo n2 ;; *) echo n1 ;; esac; }

# until_true SECONDS COMMAND...: polls; false when the time is over.
until_true() {
  local deadline=$(($(date +%s%N) + $1 * 1000000000)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%N)" -lt $deadline ] || return 1
    sleep 0.05
  done
}

node_pid() {
  local pid
  pid=$(cat "$LAB/$1/init.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && grep -q "/lab-$1" "/proc/$pid/cgroup" 2>/dev/null && echo "$pid"
}
node_runs() { [ -n "$(node_pid "$1")" ]; }
node_empty() { ! [ -d "$groups/lab-$1" ] || grep -q '^populated 0' "$groups/lab-$1/cgroup.events"; }

# Runs a command inside a node, with an environment of its own; its exit code is the command's.
on() {
  local node=$1 pid; shift
  pid=$(node_pid "$node") || fail "$node is down: lab.sh return $node."
  mkdir -p "$groups/lab-$node/ext"
  ( echo "$BASHPID" > "$groups/lab-$node/ext/cgroup.procs"
    exec nsenter -t "$pid" -C -m -p -n -u -i -r -w -- /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
      DOTNET_CLI_TELEMETRY_OPTOUT=1 TERM="${TERM:-dumb}" "$@" )
}

disk_up() {
  local dir=$LAB/$1 loop
  mountpoint -q "$dir/disk" && return
  if ! [ -e "$dir/disk.img" ]; then
    truncate -s "${LAB_DISK:-8G}" "$dir/disk.img"
    mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 "$dir/disk.img"
  fi
  loop=$(losetup -f --show "$dir/disk.img") || fail "no loop device for $dir/disk.img: see 'losetup -a'."
  mount "$loop" "$dir/disk" || fail "the disk of $1 cannot be mounted: e2fsck $dir/disk.img."
}

disk_down() {
  local dir=$LAB/$1 loop
  while mountpoint -q "$dir/disk"; do umount "$dir/disk" 2>/dev/null || umount -l "$dir/disk"; done
  for loop in $(losetup -j "$dir/disk.img" -O NAME -n 2>/dev/null); do losetup -d "$loop"; done
}

# Takes every free block of the node's disk, the reserved ones too: what runs in it is root.
disk_fill() {
  local dir=$LAB/$1/disk size number=0
  size=$(($(stat -f -c '%f * %S' "$dir")))
  while [ $size -ge 4096 ]; do
    number=$((number + 1))
    fallocate -l $size "$dir/filler.$number" 2>/dev/null || size=$((size / 2))
  done
}

node_start() {
  local node=$1 dir=$LAB/$1 starter
  node_runs "$node" && return
  mkdir -p "$dir/disk" "$dir/root" "$dir/console" "$LAB/shared"
  disk_up "$node"
  ports up "$node"
  mkdir -p "$groups/lab-$node"
  ( echo "$BASHPID" > "$groups/lab-$node/cgroup.procs"
    # The lab's own lock must not live on in the node, nor the marks of a test run in its environment.
    exec 9>&-
    exec env -u HAMIRROR_TEST_RUN -u TMPDIR setsid nsenter --net="/run/netns/lab-$node" \
      unshare --cgroup --mount --propagation private --pid --fork --uts --ipc \
      bash "$here/node-init.sh" "$node" "$dir" ) </dev/null >"$dir/init.log" 2>&1 &
  starter=$!
  local pid= deadline=$(($(date +%s) + 30))
  while [ -z "$pid" ] || ! [ -e "/proc/$pid/root/run/node-ready" ]; do
    pid=$(pgrep -P "$starter" | head -n 1)
    [ "$(date +%s)" -lt $deadline ] && [ -d "/proc/$starter" ] || fail "$node does not start: $(tail -n 3 "$dir/init.log" | tr '\n' ' ')"
    sleep 0.02
  done
  echo "$pid" > "$dir/init.pid"
  until_true 60 on "$node" systemctl is-system-running --wait || node_booted "$node" || fail "$node: systemd does not come up, see 'lab.sh on $node journalctl -b'."
}
node_booted() { case $(on "$1" systemctl is-system-running) in running|degraded) ;; *) return 1 ;; esac; }

# Everything of the node ends in the same moment. With 'lose', what its disk had not been told to keep is gone too.
node_cut() {
  local node=$1 lose=${2:-} pid
  pid=$(node_pid "$node") || fail "$node is down already."
  # The cables first, so that nothing that dies later than the rest can still tell the peer.
  date +%s%N > "$LAB/$node/cut-at"
  ports down "$node"
  [ "$lose" != lose ] || disk_shutdown "$node"
  kill -9 "$pid"
  echo 1 > "$groups/lab-$node/cgroup.kill" 2>/dev/null
  until_true 30 node_empty "$node" || fail "processes of $node survive kill -9: cat $groups/lab-$node/cgroup.procs."
  rm -f "$LAB/$node/init.pid"
  [ "$lose" != lose ] || disk_down "$node"
}

# EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: the file system stops here and now, unwritten pages are lost.
disk_shutdown() {
  perl -e 'open F,"<",$ARGV[0] or die "$ARGV[0]: $!\n"; $flags=pack("L",2); ioctl(F,0x8004587d,$flags) or die "EXT4_IOC_SHUTDOWN: $!\n"' \
    "$LAB/$1/disk"
}

node_erase() {
  local node=$1
  if [ -d "$groups/lab-$node" ]; then
    echo 0 > "$groups/lab-$node/cgroup.freeze" 2>/dev/null
    echo 1 > "$groups/lab-$node/cgroup.kill" 2>/dev/null
    until_true 30 node_empty "$node"
    until_true 10 group_remove "$node"
  fi
  disk_down "$node"
}
group_remove() { find "$groups/lab-$1" -depth -type d -exec rmdir {} + ; ! [ -d "$groups/lab-$1" ]; }

# libvirt as an administrator would set it up for a host that takes part in migration; root, because the lab's files are root's.
node_libvirt() {
  on "$1" bash -s "$(node_number "$1")" <<'END'
set -e
printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'remember_owner = 0' 'cgroup_controllers = [ ]' \
  'namespaces = [ ]' > /etc/libvirt/qemu.conf
printf '%s\n' "host_uuid = \"00000000-0000-4000-8000-00000000000$1\"" 'auth_unix_ro = "none"' 'auth_unix_rw = "none"' \
  'unix_sock_group = "root"' 'listen_tls = 0' 'listen_tcp = 1' 'auth_tcp = "none"' \
  'log_outputs = "2:file:/var/log/libvirt/libvirtd.log"' > /etc/libvirt/libvirtd.conf
rm -rf /etc/libvirt/qemu/networks/autostart
systemctl stop libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
systemctl -q enable libvirtd-tcp.socket libvirtd.socket libvirtd-ro.socket libvirtd.service
systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-tcp.socket libvirtd.service
for try in $(seq 300); do timeout 10 virsh -q list >/dev/null 2>&1 && exit 0; sleep 0.1; done
echo "libvirtd does not answer" >&2; exit 1
END
}
