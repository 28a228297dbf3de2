#!/bin/bash
# Called by run.sh as the first process of a process and a mount name space of its own: makes the two nodes and everything that
# is compared on them, measures, and ends. Whatever it starts or mounts ends with it; nothing here outlives it.
set -u
. "$here/nodes.sh"
list=$scratch/subjects

image() { # FILE [OPTIONS OF FIO]
  mkdir -p "$(dirname "$1")"
  # Too large to be filled; blocks that were never written become written ones for each subject alike.
  [ -z "$intent_log" ] || { fallocate -l "${size}M" "$1"; return; }
  fio --name=fill --filename="$1" --rw=write --bs=1m --size="${size}m" --end_fsync=1 --refill_buffers ${2:-} >"$log/fill" 2>&1 ||
    { cat "$log/fill" >&2; return 1; }
}
subject() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$list"; say "ready: $1"; }
is_wanted() { [ -z "$subjects" ] || [[ ",$subjects," = *",$1,"* ]]; }
for name in ${subjects//,/ }; do
  case $name in
    local|floor-threads|floor-batch|hamirror|hamirror-no-log|hamirror-none|hamirror-tls|hamirror-none-tls|glusterfs|glusterfs-buffered|qemu-quorum|qemu-quorum-nbd|qemu-mirror-nbd) ;;
    *) fail "there is no subject '$name'." ;;
  esac
done

# ---- one copy, and the floor ----
floor() { # MODE
  local mnt=$scratch/mnt/floor-$1 server
  port=$((port + 1))
  mkdir -p "$mnt"
  start b "floor-$1-b" "$here/floor/build/floor" serve "$1" $ip_b:$port "$b/floor/disk.img"; server=$started
  start a "floor-$1-a" "$here/floor/build/floor" mount "$1" "$mnt" "$a/floor/disk.img" $ip_b:$port
  until_true 10 test -f "$mnt/disk.img" || { left_out "floor-$1" "it does not start: $(cat "$log/floor-$1-a" "$log/floor-$1-b")"; return; }
  subject "floor-$1" floor "$mnt/disk.img" - "$started $server"
}
if is_wanted local || is_wanted floor-threads || is_wanted floor-batch; then
  image "$a/floor/disk.img" && image "$b/floor/disk.img" || fail "the disks cannot be filled."
fi
! is_wanted local || subject local local "$a/floor/disk.img" - -
! is_wanted floor-threads || floor threads
! is_wanted floor-batch || floor batch

# ---- HaMirror: its data path without agents ----
hamirror() { # NAME OPTIONS...
  local name=$1 kind=hamirror source pair="dotnet $here/HaMirror.Pair/bin/Release/net10.0/pair.dll"; shift
  is_wanted "$name" || return
  [ "$name" != hamirror-no-log ] || kind=unlogged
  port=$((port + 1))
  image "$a/$name/disk.img" && mkdir -p "$b/$name" || fail "the disks cannot be filled."
  if [ -n "$intent_log" ]; then image "$b/$name/disk.img"; else cp "$a/$name/disk.img" "$b/$name/" && sync -f "$b/$name"; fi || fail "the disks cannot be filled."
  start a "$name-a" $pair source "$a/$name" $ip_a:$port "$@"; source=$started
  # The source listens before it is asked: a target that dials too early ends.
  until_true 30 mounted "$a/$name" && until_true 10 listens $port || { left_out "$name" "its source does not start: $(tail -n 3 "$log/$name-a")"; return; }
  start b "$name-b" $pair target "$b/$name" $ip_a:$port "$@"
  until_true 60 grep -q READY "$log/$name-a" || { left_out "$name" "its nodes did not become equal: $(tail -n 3 "$log/$name-a" "$log/$name-b")"; return; }
  subject "$name" $kind "$a/$name/disk.img" - "$source $started"
}
mounted() { mountpoint -q "$1"; }
listens() { on a ss -Hltn "sport = :$1" | grep -q .; }
hamirror hamirror
! [[ ",$subjects," = *,hamirror-no-log,* ]] || hamirror hamirror-no-log --no-intent-log
hamirror hamirror-none --applied
hamirror hamirror-tls --tls
hamirror hamirror-none-tls --applied --tls

# ---- what is installed of others ----
. "$here/peers.sh"
glusterfs_subjects
qemu_subjects

[ -s "$list" ] || fail "there is nothing to measure."
$comparison measure --subjects "$list" --rounds "$rounds" --seconds "$seconds" --mebibytes "$size" --repetitions "$repetitions" \
  --json "$json" --commit "$commit" --proc "$scratch/proc" ${jobs:+--jobs "$jobs"} &
wait $!
quit $?
