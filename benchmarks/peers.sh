# Sourced by subjects.sh: GlusterFS replica 2 and QEMU's quorum and mirror, where their packages are installed.

# gluster_node NODE COMMAND...: with /run and glusterd's directories of its own, so that two live on one machine
gluster_node() {
  local node=$1 root=$scratch/gluster/$1; shift
  mkdir -p "$root"/{lib/groups,log,run/gluster}
  cp /var/lib/glusterd/groups/virt "$root/lib/groups/" 2>/dev/null
  start "$node" "gluster-$node" unshare --mount --propagation private sh -c '
    mkdir -p /var/lib/glusterd /var/log/glusterfs
    mount --bind "$0/lib" /var/lib/glusterd && mount --bind "$0/log" /var/log/glusterfs && mount --bind "$0/run" /run && exec "$@"' "$root" "$@"
}
gluster() { nsenter --net="/proc/$holder_a/ns/net" --mount="/proc/$gluster_a/ns/mnt" gluster --mode=script "$@" >>"$log/gluster-cli" 2>&1; }
gluster_answers() { gluster pool list; }
gluster_sees_peer() { gluster peer status; tail -n 5 "$log/gluster-cli" | grep -q 'Peer in Cluster (Connected)'; }
gluster_pids() { cat "$scratch"/gluster/*/run/gluster/vols/"$1"/*.pid "$log/$1.pid" 2>/dev/null | xargs; }

gluster_volume() { # NAME REMOTE-DIO STRICT-O-DIRECT
  local name=$1 mnt=$scratch/mnt/$1
  is_wanted "$name" || return
  mkdir -p "$mnt" "$a/brick-$name" "$b/brick-$name"
  gluster volume create "$name" replica 2 "$ip_a:$a/brick-$name/d" "$ip_b:$b/brick-$name/d" force &&
    gluster volume set "$name" group virt && gluster volume set "$name" network.remote-dio "$2" &&
    gluster volume set "$name" performance.strict-o-direct "$3" && gluster volume set "$name" server.allow-insecure on &&
    gluster volume start "$name" || { left_out "$name" "its volume cannot be made: $(tail -n 1 "$log/gluster-cli")"; return; }
  start a "$name" glusterfs --no-daemon --volfile-server=$ip_a --volfile-id="/$name" --log-file="$log/$name-client" --log-level=WARNING "$mnt"
  echo "$started" >"$log/$name.pid"
  until_true 20 mounted "$mnt" && until_true 20 image "$mnt/disk.img" "--direct=1 --ioengine=libaio --iodepth=4" ||
    { left_out "$name" "it cannot be mounted and filled (see results/servers.log)."; return; }
  subject "$name" peer "$mnt/disk.img" - "$(gluster_pids "$name")"
}

glusterfs_subjects() {
  local command
  is_wanted glusterfs || is_wanted glusterfs-buffered || return
  for command in glusterd gluster glusterfs; do
    command -v $command >/dev/null || { left_out GlusterFS "$command is not installed (apt-get install glusterfs-server glusterfs-client)."; return; }
  done
  gluster_node a glusterd -N --log-level WARNING; gluster_a=$started
  gluster_node b glusterd -N --log-level WARNING
  # Daemons that are half up answer and forget.
  until_true 30 gluster_answers && gluster peer probe $ip_b && until_true 30 gluster_sees_peer ||
    { left_out GlusterFS "its daemons do not find each other (see results/servers.log)."; return; }
  gluster_volume glusterfs disable on
  gluster_volume glusterfs-buffered enable off
}

# qemu_subject NAME quorum|mirror fuse|nbd
qemu_subject() {
  local name=$1 node=local export mnt=$scratch/mnt/$1 direct=cache.direct=on,aio=native blockdevs
  is_wanted "$name" || return
  image "$a/$name/disk.img" && image "$b/$name/disk.img" || fail "the disks cannot be filled."
  port=$((port + 1))
  start b "$name-b" env LD_PRELOAD="$here/floor/build/nodelay.so" qemu-nbd -t -e 16 --discard=unmap -b $ip_b -p $port --image-opts \
    "driver=raw,file.driver=file,file.filename=$b/$name/disk.img,file.locking=off,file.cache.direct=on,file.aio=native,cache.direct=on"
  local remote=$started
  until_true 10 listens_b $port || { left_out "$name" "qemu-nbd does not start: $(tail -n 1 "$log/$name-b")"; return; }
  blockdevs=(--blockdev "driver=file,node-name=file,filename=$a/$name/disk.img,locking=off,$direct"
    --blockdev driver=raw,node-name=local,file=file,cache.direct=on
    --blockdev "driver=nbd,node-name=remote,server.type=inet,server.host=$ip_b,server.port=$port")
  [ "$2" != quorum ] || { node=both; blockdevs+=(--blockdev driver=quorum,node-name=both,vote-threshold=2,read-pattern=fifo,children.0=local,children.1=remote); }
  if [ "$3" = fuse ]; then
    mkdir -p "$mnt"; : >"$mnt/disk.img"
    export=(--export "type=fuse,id=export,node-name=$node,mountpoint=$mnt/disk.img,writable=on,growable=off")
  else
    export=(--nbd-server "addr.type=unix,addr.path=$scratch/$name.nbd,max-connections=20" --export "type=nbd,id=export,node-name=$node,name=disk,writable=on")
  fi
  start a "$name-a" qemu-storage-daemon --chardev "socket,id=control,path=$scratch/$name.qmp,server=on,wait=off" --monitor chardev=control \
    "${blockdevs[@]}" "${export[@]}"
  if [ "$3" = fuse ]; then until_true 10 mounted "$mnt/disk.img"; else until_true 10 test -S "$scratch/$name.nbd"; fi ||
    { left_out "$name" "qemu-storage-daemon does not start: $(tail -n 1 "$log/$name-a")"; return; }
  [ "$2" != mirror ] || { until_true 10 test -S "$scratch/$name.qmp" && $comparison mirror-job "$scratch/$name.qmp"; } ||
    { left_out "$name" "its mirror job does not start (see above)."; return; }
  if [ "$3" = fuse ]; then subject "$name" peer "$mnt/disk.img" - "$started $remote"
  else subject "$name" peer - "nbd+unix:///disk?socket=$scratch/$name.nbd" "$started $remote"; fi
}
listens_b() { on b ss -Hltn "sport = :$1" | grep -q .; }

qemu_subjects() {
  local command
  is_wanted qemu-quorum || is_wanted qemu-quorum-nbd || is_wanted qemu-mirror-nbd || return
  for command in qemu-storage-daemon:qemu-system-common qemu-nbd:qemu-utils; do
    command -v "${command%%:*}" >/dev/null || { left_out QEMU "${command%%:*} is not installed (apt-get install ${command##*:})."; return; }
  done
  # Of QEMU's exports the one by FUSE handles a request at a time, and a mirror job does not work beneath it: NBD as well.
  qemu_subject qemu-quorum quorum fuse
  if fio --enghelp 2>/dev/null | grep -qw nbd; then
    qemu_subject qemu-quorum-nbd quorum nbd
    qemu_subject qemu-mirror-nbd mirror nbd
  else left_out "qemu-quorum-nbd and qemu-mirror-nbd" "this fio has no engine for NBD."; fi
}
