# Sourced by test.sh. What a run may leave behind, found by the run's own marks so that other work on the machine does not
# count and is never touched: processes by HAMIRROR_TEST_RUN in their environment, mounts and loop devices by the run's
# scratch directory, and a lab (its mounts, loop devices, name spaces and control groups) by the owner that /run/hamirror-lab
# names.

# The work directory of a lab that this run made; nothing when none stands or somebody else made it.
own_lab() {
  ! grep -qx "owner=$HAMIRROR_TEST_RUN" /run/hamirror-lab 2>/dev/null || sed -n 's/^directory=//p' /run/hamirror-lab
}

run_processes() {
  local environment pid
  for environment in /proc/[0-9]*/environ; do
    pid=${environment#/proc/}; pid=${pid%/environ}
    [ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] || continue
    tr '\0' '\n' 2>/dev/null <"$environment" | grep -qx "HAMIRROR_TEST_RUN=$HAMIRROR_TEST_RUN" || continue
    # The helpers of this very look (subshells of test.sh) are no leak: their ancestor is test.sh itself and they are bash.
    case $(cat "/proc/$pid/comm" 2>/dev/null) in bash|test.sh|tr|grep|sed|cat|sort|tee|'') continue ;; esac
    echo "$pid"
  done
}

leaks_of_run() {
  local pid lab
  lab=$(own_lab)
  for pid in $(run_processes); do
    printf 'process %s: %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-150)"
  done
  awk -v scratch="$scratch" -v lab="${lab:-$scratch}" \
    'index($2, scratch "/") == 1 || index($2, lab "/") == 1 { print "mount " $2 " (" $3 ")" }' /proc/mounts
  losetup -a 2>/dev/null | grep -F -e "$scratch/" -e "${lab:-$scratch}/" | sed 's/^/loop device /'
  [ -z "$lab" ] || "$root/lab/lab.sh" standing
}

end_leaks_of_run() {
  local pid target
  for pid in $(run_processes); do kill -9 "$pid" 2>/dev/null; done
  [ -z "$(own_lab)" ] || "$root/lab/lab.sh" down --own >/dev/null 2>&1
  awk -v scratch="$scratch" 'index($2, scratch "/") == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r target; do umount -f "$target" 2>/dev/null || umount -l "$target"; done
  losetup -a 2>/dev/null | grep -F "$scratch/" | cut -d: -f1 | while read -r device; do losetup -d "$device"; done
}
