# Part of what runs in a process and a mount name space of its own (subjects.sh, figures.sh), sourced first: two nodes in network
# name spaces, "a" and "b", each with an ext4 on a loop device in memory. Whatever it starts or mounts ends with the name space.
# In: scratch results size copies urgent intent_log. Out: a b ip_a ip_b holder_a holder_b log port, on, start, until_true, quit, fail.
# The kernel weighs a session (autogroup) first, and a process within it.
if [ -n "$urgent" ]; then
  renice -n -20 $$ >/dev/null
  [ ! -e /proc/self/autogroup ] || echo -20 >/proc/self/autogroup
fi
# The machine's /proc, for the clocks of kernel threads; then one for this name space, in which the ids below are valid.
mount -t tmpfs -o size=90%,mode=755 bench "$scratch" || exit 1
mkdir "$scratch"/{proc,a,b,mnt,log,gluster}
mount --bind /proc "$scratch/proc" && mount -t proc proc /proc || exit 1
log=$scratch/log
port=7500

say() { echo "$*" >&2; }
# Everything else in this name space is ours: it ends here, quietly, and the mounts with the last of it.
quit() { tail -n +1 "$log"/* >"$results/servers.log" 2>/dev/null; exec 2>/dev/null; kill -KILL -1; wait; exit "$1"; }
fail() { say "run.sh: $*"; quit 1; }
trap 'quit 130' INT TERM
left_out() { say "$1 is left out: $2"; }

# ---- two nodes ----
ip_a=10.79.0.1 ip_b=10.79.0.2
for node in a b; do
  unshare --net sleep infinity &
  declare "holder_$node=$!"
done
on() { local holder=holder_$1; shift; nsenter --net="/proc/${!holder}/ns/net" "$@"; }
until [ "$(readlink "/proc/$holder_a/ns/net")" != "$(readlink /proc/self/ns/net)" ] && [ "$(readlink "/proc/$holder_b/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
on a ip link add bench-a type veth peer name bench-b netns "$holder_b" || fail "no veth pair can be made."
for node in a b; do
  address=ip_$node
  on $node ip link set lo up && on $node ip addr add "${!address}/24" dev bench-$node && on $node ip link set bench-$node up || fail "the network cannot be made."
  truncate -s $((size * copies + 2048))M "$scratch/$node.img"
  mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 ${intent_log:+-T largefile} "$scratch/$node.img" >"$log/mkfs" 2>&1 || fail "mkfs.ext4 failed: $(cat "$log/mkfs")"
  mount -o loop "$scratch/$node.img" "$scratch/$node" || fail "no loop device can be mounted."
done
a=$scratch/a b=$scratch/b

# start NODE NAME COMMAND...: in the background, its output in a log of its own; its id in $started. Each step becomes the next
# one, so that the id is the command's: its CPU is counted by it.
start() { local holder=holder_$1 name=$2; shift 2; nsenter --net="/proc/${!holder}/ns/net" "$@" >"$log/$name" 2>&1 & started=$!; }
# until_true SECONDS COMMAND...
until_true() { local end=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done; }
