# Sourced by demo.sh: the steps of the story, and how it is measured. Uses $lab, $LAB, $vm, $mode.
#
# All figures are differences of this machine's one clock, which both nodes share. The cut's moment is written by lab.sh
# just before it; the survivor's by HaMirror's log, by libvirt (start of QEMU) and by the guest's console.

steps=9 step=0
log=$(mktemp /tmp/hamirror-demo.XXXXXX)
started=$(date +%s)
declare -A figure

begin() { step=$((step + 1)); [ -z "${2:-}" ] || [ -n "$mode" ] || steps=5; printf '[%d/%d] %3d s  %s\n' $step $steps $(($(date +%s) - started)) "$1"; }
on() { "$lab" on "$@"; }
now_ms() { date +%s%3N; }

# Whatever happens to the automatic story, nothing stays behind.
clean_up() { rm -f "$log"; [ -z "$mode" ] || "$lab" down --own; }
trap clean_up EXIT
trap 'exit 130' INT TERM

stop_here() {
  echo "demo: $*" >&2
  if [ -d "$LAB" ]; then
    for n in n1 n2; do
      echo "--- log of $vm on $n" >&2
      module_log $n | tail -n 25 >&2
    done
  fi
  [ -z "$mode" ] || printf '{"result":"FAIL","reason":"%s"}\n' "$(tr '"\\\n' "'/ " <<<"$*")"
  exit 1
}

# field NODE NAME: one value of the module's status.
status_json() { on "$1" timeout 15 hamirror status -m $vm --json 2>/dev/null; }
field() {
  status_json "$1" | python3 -c '
import json, sys
status = json.load(sys.stdin)
module = next(m for m in status.get("modules", [status]) if m["module"] == sys.argv[1])
value = module
for name in sys.argv[2].split("."):
    value = (value or {}).get(name)
print("" if value is None else value)' $vm "$2" 2>/dev/null
}

# reaches NODE STATE SECONDS: waits until the module is in STATE and Ready there.
reaches() {
  local deadline=$(($(date +%s) + $3)) seen=
  until [ "$seen" = "$2 Ready" ]; do
    [ "$(date +%s)" -lt $deadline ] || stop_here "$1 should be $2 Ready within $3 s and is '$seen' ($(field "$1" reason))."
    seen="$(field "$1" state) $(field "$1" phase)"
  done
}

console() { cat "$LAB/$1/console/$vm.console" 2>/dev/null | tr -d '\r'; }

# console_shows NODE PATTERN SECONDS [LINES_BEFORE]: waits for a line after the first LINES_BEFORE lines of the console.
console_shows() {
  local deadline=$(($(date +%s) + $3))
  until console "$1" | tail -n +$((${4:-0} + 1)) | grep -q "$2"; do
    [ "$(date +%s)" -lt $deadline ] || stop_here "the guest's console on $1 should show '$2' within $3 s; its last line is: $(console "$1" | tail -n 1)"
    sleep 0.02
  done
}

acknowledged() { cat "$LAB"/n[12]/console/$vm.console 2>/dev/null | tr -d '\r' | sed -n 's/^ACK \([0-9]*\)$/\1/p' | sort -n | tail -n 1; }

# When libvirt on NODE last started the VM, in ms since 1970.
qemu_started_ms() {
  local stamp
  stamp=$(on "$1" grep -a ': starting up libvirt' /var/log/libvirt/qemu/$vm.log | tail -n 1 | cut -d: -f1-3)
  date -u -d "${stamp%+0000}" +%s%3N
}

module_log() { cat "$LAB/$1"/disk/upper/var/log/hamirror/$vm/module*.log 2>/dev/null; }

# log_ms NODE PATTERN SINCE: time (ms) of the first line of the module's log that matches and is not older than SINCE (ms).
log_ms() {
  module_log "$1" | grep -aE "$2" | while read -r stamp _; do
    local at; at=$(date -d "$stamp" +%s%3N)
    [ "$at" -lt "$3" ] || { echo "$at"; break; }
  done
}

# resync_figures SINCE: bytes sent by the source (n2) and the time from the link to the green target (n1).
resync_figures() {
  local from to
  figure[resync_bytes]=$(sed -n "s/.*Resync of module $vm ended: .* \([0-9]*\) sent\..*/\1/p" \
    "$LAB"/n2/disk/upper/var/log/hamirror/agent*.log | tail -n 1)
  from=$(log_ms n1 'Local state SECOND Transient' "$1")
  to=$(log_ms n1 'Local state SECOND Ready' "$1")
  [ -n "${figure[resync_bytes]}" ] && [ -n "$from" ] && [ -n "$to" ] || stop_here "the logs say nothing about the resync."
  figure[resync_ms]=$((to - from))
}

# What the same guest on the same machine needs without HaMirror: libvirt alone, on the bare directory of the stopped module.
# Comes last, because it writes to one replica only.
measure_guest_alone() {
  local lines begun deadline
  lines=$(console n1 | wc -l)
  begun=$(now_ms)
  on n1 virsh -q start $vm >"$log" 2>&1 || { cat "$log"; stop_here "libvirt alone does not start the guest."; }
  console_shows n1 '^GUEST-UP ' 60 $lines
  figure[guest_boot_ms]=$(($(now_ms) - begun))
  console_shows n1 '^ACK ' 60 $lines
  deadline=$(($(date +%s) + 60))
  begun=$(now_ms)
  on n1 virsh -q shutdown $vm >"$log" 2>&1 || { cat "$log"; stop_here "libvirt alone does not shut the guest down."; }
  while on n1 pgrep -f "qemu.* -name guest=$vm" >/dev/null; do
    [ "$(date +%s)" -lt $deadline ] || stop_here "the guest does not shut down within 60 s without HaMirror."
    sleep 0.02
  done
  figure[guest_shutdown_ms]=$(($(now_ms) - begun))
  echo "             without HaMirror the guest shuts down in ${figure[guest_shutdown_ms]} ms and boots in ${figure[guest_boot_ms]} ms"
}

play() {
  local cut lines promised survived begun n

  begin "power cut of n1: every process of it ends in the same moment"
  "$lab" cut n1 || stop_here "the power cut did not work."
  cut=$(($(cat "$LAB/n1/cut-at") / 1000000))
  promised=$(acknowledged)
  console_shows n2 '^GUEST-UP ' 60
  figure[guest_up_ms]=$(($(now_ms) - cut))
  reaches n2 ALONE 30
  figure[vm_started_ms]=$(($(qemu_started_ms n2) - cut))
  figure[detection_ms]=$(($(log_ms n2 'Local state ALONE' $cut) - cut))
  survived=$(console n2 | sed -n 's/^GUEST-UP .*last=\([0-9]*\) .*/\1/p' | tail -n 1)
  console n2 | grep '^GUEST-UP ' | tail -n 1 | grep -q 'tail=0 bad=0' || stop_here "the guest found damaged records: $(console n2 | grep '^GUEST-UP ')"
  echo "             n2 runs the VM: $promised records were acknowledged, $survived are there"
  [ "$survived" -ge "$promised" ] || stop_here "$((promised - survived)) acknowledged records are lost."
  console_shows n2 "^ACK $((survived + 10))\$" 60

  begin "n1 returns and resynchronises"
  begun=$(now_ms)
  "$lab" return n1 || stop_here "n1 does not come back."
  reaches n1 SECOND 120
  reaches n2 PRIM 30
  resync_figures $begun
  echo "             green again: ${figure[resync_bytes]} bytes copied in ${figure[resync_ms]} ms"

  begin "swap back to n1"
  lines=$(console n1 | wc -l)
  begun=$(now_ms)
  on n2 hamirror swap -m $vm >"$log" 2>&1 || { cat "$log"; stop_here "the swap is refused."; }
  console_shows n1 '^GUEST-UP .*tail=0 bad=0' 120 $lines
  figure[swap_guest_up_ms]=$(($(now_ms) - begun))
  reaches n1 PRIM 120
  figure[swap_ms]=$(($(log_ms n1 'Local state PRIM Ready' $begun) - begun))
  reaches n2 SECOND 60
  console_shows n1 '^ACK ' 60 $lines

  begin "stop, and compare the replicas byte for byte"
  # Without failover the standby waits when the primary is stopped: otherwise it would start the VM and write on.
  for n in n1 n2; do
    on $n hamirror failover off -m $vm >"$log" 2>&1 || { cat "$log"; stop_here "failover cannot be switched off on $n."; }
  done
  for n in n1 n2; do
    on $n hamirror stop -m $vm >"$log" 2>&1 && on $n timeout 120 hamirror wait -m $vm STOP >>"$log" 2>&1 ||
      { cat "$log"; stop_here "$n does not stop."; }
  done
  diff -r "$LAB/n1/disk/vm/$vm" "$LAB/n2/disk/vm/$vm" || stop_here "the replicas differ."
  promised=$(acknowledged)
  survived=$("$lab" records $vm) || stop_here "the image is damaged: $survived."
  survived=${survived##*n2=}
  [ "$survived" -ge "$promised" ] || stop_here "$((promised - survived)) acknowledged records are lost."
  measure_guest_alone
  figure[swap_beyond_ms]=$((figure[swap_guest_up_ms] - figure[guest_shutdown_ms] - figure[guest_boot_ms]))
  "$lab" down --own || stop_here "the lab cannot be removed."
  printf '{"result":"PASS","records_acknowledged":%d,"records_lost":0,"detection_ms":%d,"vm_started_ms":%d,"guest_up_ms":%d,"resync_bytes":%d,"resync_ms":%d,"swap_ms":%d,"swap_guest_up_ms":%d,"guest_shutdown_ms":%d,"guest_boot_ms":%d,"swap_beyond_ms":%d}\n' \
    "$promised" "${figure[detection_ms]}" "${figure[vm_started_ms]}" "${figure[guest_up_ms]}" "${figure[resync_bytes]}" \
    "${figure[resync_ms]}" "${figure[swap_ms]}" "${figure[swap_guest_up_ms]}" "${figure[guest_shutdown_ms]}" \
    "${figure[guest_boot_ms]}" "${figure[swap_beyond_ms]}"
}
