#!/bin/bash
# HaMirror on this machine: two hosts and a witness, a real VM, and what happens when its host loses power.
#
#   sudo ./demo.sh          install what is missing, build, bring up the two hosts with a running VM, say what to type next
#   sudo ./demo.sh --auto   play the whole story and remove everything; the last line is one line of JSON
#   sudo ./demo.sh --down   remove everything
set -u
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1
project=$PWD
lab=$project/lab/lab.sh
LAB=${HAMIRROR_LAB:-/var/tmp/hamirror-lab}
vm=vm1

case ${1:-} in
  ''|--auto) mode=${1:-} ;;
  --down) exec "$lab" down ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo "demo: name spaces and mounts need root: sudo ./demo.sh ${1:-}" >&2; exit 1; }
# The lab that this demo makes is known as its own, so that it never removes another.
export HAMIRROR_LAB_OWNER=${HAMIRROR_LAB_OWNER:-${HAMIRROR_TEST_RUN:-demo.sh-$$}}
if standing=$("$lab" standing); then echo "demo: $standing" >&2; exit 1; fi
. "$project/lab/story.sh"

begin "installing what is missing" 9
"$project/lab/prepare.sh" || stop_here "the packages are not complete (see above)."
begin "building HaMirror"
[ -n "${HAMIRROR_OUT:-}" ] || "$project/install.sh" --build >"$log" 2>&1 || { tail -n 20 "$log"; stop_here "HaMirror does not build."; }
begin "two hosts and a witness, with libvirt and HaMirror on each"
"$lab" up >"$log" 2>&1 || { tail -n 5 "$log"; stop_here "the lab does not come up."; }
"$lab" cluster >"$log" 2>&1 || { tail -n 5 "$log"; stop_here "the two nodes do not become a cluster."; }
begin "a VM ($vm) on n1, and a module of the same name on both hosts"
"$lab" vm $vm 10.77.0.50 >"$log" 2>&1 || { tail -n 5 "$log"; stop_here "the module cannot be made."; }
begin "start: n1 has the right data, n2 follows"
on n1 hamirror start -m $vm --as-primary >"$log" 2>&1 || { cat "$log"; stop_here "n1 does not start."; }
on n2 hamirror start -m $vm >"$log" 2>&1 || { cat "$log"; stop_here "n2 does not start."; }
reaches n1 PRIM 60
reaches n2 SECOND 120
console_shows n1 '^ACK 20$' 60

if [ -z "$mode" ]; then
  console=$("$lab" console 2>"$log") || console="not here: $(tail -n 1 "$log" | sed 's/^lab: //')"
  cat <<END

The VM writes numbered records and counts those that were acknowledged. Try this (each line is one command):

  sudo lab/lab.sh on n1 hamirror status
  sudo tail -f $LAB/n1/console/$vm.console        # the guest's own view: ACK n = record n is on both disks
  sudo lab/lab.sh cut n1                          # power cut of n1 ...
  sudo lab/lab.sh on n2 hamirror status --watch   # ... and n2 takes over in a few seconds
  sudo lab/lab.sh return n1                       # n1 comes back and resynchronises
  sudo lab/lab.sh on n2 hamirror swap -m $vm       # back to n1
  sudo lab/lab.sh help                            # isolation, freezing, slow links ...
  sudo ./demo.sh --down                           # remove everything

The console of both hosts, for a browser on this machine (after a cut of n1 a page that is open goes on with n2):

  $console

END
  exit 0
fi
play
