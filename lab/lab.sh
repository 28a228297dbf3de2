#!/bin/bash
# Two HaMirror nodes and a witness on one machine; docs/lab.md says how they are made. As root:
#
#   lab.sh up [--bare]         make networks, disks and nodes, start libvirt, install HaMirror (not with --bare)
#   lab.sh down [--own]        remove everything, whatever state it is in (--own: only a lab of this HAMIRROR_LAB_OWNER)
#   lab.sh status              what runs
#   lab.sh standing [--others] true, and says whose, when this machine has a lab (--others: one of another owner)
#   lab.sh on NODE CMD...      run a command in n1 or n2
#   lab.sh cut NODE [lose]     power cut; with 'lose' everything not flushed to its disk is lost as well
#   lab.sh return NODE         power comes back
#   lab.sh freeze|thaw NODE    all its processes stop and go on
#   lab.sh isolate WHAT        nodes (see the witness, not each other) | repl | prod | witness | n1 | n2 | one-way NODE
#   lab.sh fill|drain NODE     its disk is full; has room again
#   lab.sh slow NODE RATE      bandwidth towards NODE on the replication LAN, e.g. 100mbit
#   lab.sh heal                all cables whole again
#   lab.sh cluster             join the two nodes to one cluster
#   lab.sh console             both nodes' consoles on this machine's loopback; prints address, user and password
#   lab.sh vm NAME ADDRESS     make a guest on n1, define it on both nodes, add it as a module
#   lab.sh settings NAME ADDRESS   give the stopped guest and its module the settings of the environment (LAB_WITNESS ...)
#   lab.sh records NAME        records acknowledged on the guest's consoles, and records in its image on each node
#   lab.sh postgres NAME       make a database on n1 and add it as a module
#   lab.sh pgload DIR [N]      N clients that write to it and remember what they were promised, until DIR/stop exists
#
# Work directory: HAMIRROR_LAB (default /var/tmp/hamirror-lab); the guest's kernel is kept in HAMIRROR_LAB_CACHE
# (default /var/cache/hamirror-lab). One lab at a time: /run/hamirror-lab says where it is and who made it, from before its
# first part is made until after its last is gone (HAMIRROR_LAB_OWNER, else the test run's mark, else the operator).
set -u
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
project=$(dirname "$here")
MARK=/run/hamirror-lab
LAB=${HAMIRROR_LAB:-$(sed -n 's/^directory=//p' $MARK 2>/dev/null)}
LAB=${LAB:-/var/tmp/hamirror-lab}
OWNER=${HAMIRROR_LAB_OWNER:-${HAMIRROR_TEST_RUN:-operator}}
LOCK=/run/lock/hamirror-lab
CACHE=${HAMIRROR_LAB_CACHE:-/var/cache/hamirror-lab}

fail() { echo "lab: $*" >&2; exit 1; }
. "$here/network.sh"
. "$here/node.sh"
. "$here/guest.sh"
. "$here/modules.sh"
. "$here/postgres.sh"
. "$here/console.sh"

mark() { sed -n "s/^$1=//p" $MARK 2>/dev/null; }

# lab_standing [--others]: a lab is what has a part left, not what only left its mark (a machine that was switched off).
lab_standing() {
  local s parts=
  for s in $network_spaces; do [ ! -e "/run/netns/lab-$s" ] || parts=1; done
  [ -z "$groups" ] || ! ls -d "$groups"/lab-n[12] >/dev/null 2>&1 || parts=1
  ! grep -qF " $LAB/" /proc/mounts || parts=1
  [ -n "$parts" ] || return 1
  [ "${1:-}" != --others ] || [ "$(mark owner)" != "$OWNER" ] || return 1
  echo "a lab stands on this machine already, in $LAB$(mark made | sed 's/^/ since /') (made by $(mark owner | grep . || echo 'an older lab.sh')); there can be only one. If nobody needs it: $here/lab.sh down"
}

lab_down() {
  local n
  [ "${1:-}" != --own ] || [ "$(mark owner)" = "$OWNER" ] || return 0
  [ -z "$(mark directory)" ] || [ "$(mark directory)" = "$LAB" ] ||
    fail "the lab of this machine is in $(mark directory), not in $LAB: unset HAMIRROR_LAB, then 'lab.sh down'."
  relay_down
  for n in n1 n2; do node_erase $n; done
  network_down
  rm -rf --one-file-system "$LAB" && ! lab_standing >/dev/null || fail "not all of the lab in $LAB could be removed: 'lab.sh down' again."
  rm -f $MARK
}

lab_up() {
  local n standing
  if standing=$(lab_standing); then fail "$standing"; fi
  [ -n "$groups" ] || fail "this machine has no cgroup2 mount: mount -t cgroup2 none /sys/fs/cgroup/unified."
  [ -c /dev/fuse ] || fail "this machine has no /dev/fuse: modprobe fuse."
  rm -f $MARK
  # What a lab that was switched off with its machine left.
  lab_down
  printf 'owner=%s\ndirectory=%s\nmade=%s\n' "$OWNER" "$LAB" "$(date +%H:%M)" > $MARK
  mkdir -p "$LAB/shared"
  find_dotnet
  network_up || fail "the networks cannot be made (see above)."
  # Both nodes at once; a failure of either is the lab's.
  local jobs=
  for n in n1 n2; do ( node_start $n && node_libvirt $n ) & jobs="$jobs $!"; done
  for n in $jobs; do wait "$n" || fail "a node did not come up (see above)."; done
  [ "${1:-}" = --bare ] || lab_install
}

# A .NET that is not on the machine's root file system is not in the overlay: it is bound into the nodes.
find_dotnet() {
  local dotnet
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")") || return
  [ "$(stat -c %d "$dotnet")" = "$(stat -c %d /)" ] || export LAB_DOTNET=$dotnet
  echo "$dotnet" > "$LAB/dotnet"
}

lab_install() {
  local n out=${HAMIRROR_OUT:-$project/out}
  [ -e "$out/lib/hamirrord.dll" ] || fail "$out holds no build of HaMirror: run ./install.sh --build first (or lab.sh up --bare)."
  rm -rf "$LAB/shared/hamirror"
  mkdir -p "$LAB/shared/hamirror"
  cp -a "$out" "$LAB/shared/hamirror/out"
  cp -a "$project/install.sh" "$project/packaging" "$project/modules" "$LAB/shared/hamirror/"
  for n in n1 n2; do
    on $n env DOTNET_ROOT="$(cat "$LAB/dotnet")" /shared/hamirror/install.sh || fail "HaMirror cannot be installed in $n (see above)."
    # So that a power cut that loses unwritten pages does not take the installation with it.
    sync -f "$LAB/$n/disk"
  done
}

lab_status() {
  local n
  for n in n1 n2; do
    if node_runs $n; then
      echo "$n up, pid 1 is $(node_pid $n), systemd $(on $n systemctl is-system-running), guests: $(on $n timeout 10 virsh -q list --name | xargs)"
    elif [ -d "$LAB/$n" ]; then echo "$n down"
    else echo "$n does not exist"
    fi
  done
  ! [ -e /run/netns/lab-sw ] || insw bridge -d link show | awk '/^[0-9]/ { port = $2; sub(/[@:].*/, "", port) } /isolated on/ { print port " is isolated" }'
}

[ $# -gt 0 ] || set -- help
command=$1; shift
case $command in help|-h|--help) sed -n '2,27s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
[ "$(id -u)" = 0 ] || fail "name spaces and mounts need root: sudo $0 $command $*"
# Changes of the lab one at a time; commands in a node are no change.
case $command in
  up|down|cut|return|isolate|heal|slow)
    exec 9>"$LOCK"
    flock -w 120 9 || fail "another lab command has been running for two minutes (it holds $LOCK)." ;;
esac
case $command in
  up) lab_up "$@" ;;
  down) lab_down "$@" ;;
  standing) lab_standing "$@" ;;
  status) lab_status ;;
  on) node_number "${1:-}" >/dev/null && on "$@" ;;
  cut) node_number "${1:-}" >/dev/null && node_cut "$@" ;;
  return)
    node_number "${1:-}" >/dev/null && find_dotnet && node_start "$1" ;;
  freeze) echo 1 > "$groups/lab-$1/cgroup.freeze" ;;
  thaw) echo 0 > "$groups/lab-$1/cgroup.freeze" ;;
  fill) node_number "${1:-}" >/dev/null && disk_fill "$1" ;;
  drain) node_number "${1:-}" >/dev/null && rm -f "$LAB/$1/disk"/filler.* ;;
  isolate) isolate "$@" ;;
  heal) heal ;;
  slow) node_number "${1:-}" >/dev/null && slow "$1" "$2" ;;
  cluster) lab_cluster ;;
  console) lab_console ;;
  vm) lab_vm "$@" ;;
  settings) lab_settings "$@" ;;
  postgres) lab_postgres "$@" ;;
  pgload) postgres_load "$@" ;;
  records) guest_records "$@" ;;
  *) fail "unknown command '$command': lab.sh help." ;;
esac
