#!/bin/bash
# Builds HaMirror and tests it: ./test.sh [--only unit|sim|files|lab|console] [--soak] [--simulate N [--seed S]]
#
#   unit     everything that needs neither root nor two nodes
#   sim      pairs of cores through random failures: always the same histories, or fresh ones with --soak or --simulate
#   files    file system and replication on real mounts (root)
#   lab      two nodes with systemd, libvirt and real guests, demo.sh included (root; beside a lab that stands already,
#            e.g. that of ./demo.sh, it is refused)
#   console  what the web console computes, in node; and its pages in a real browser, on two agents (root)
#
# --soak runs the long forms. --simulate N runs N histories and nothing else, and ends with the simulator's JSON line. What
# happens at random follows from a seed, which is printed; HAMIRROR_SEED=N gives it.
# Otherwise the last line is "N passed, N failed", summed over the groups. A run that executes no test, hangs, or leaves
# a mount, name space, loop device or process behind has failed.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
root=$PWD

usage() { sed -n '2,14s/^# \{0,1\}//p' "$0"; }
only= soak= simulate= seed=
while [ $# -gt 0 ]; do
  case $1 in
    --only) only=${2:-}; shift ;;
    --soak) soak=1 ;;
    --simulate) simulate=${2:-}; shift ;;
    --seed) seed=${2:-}; shift ;;
    -h|--help) usage; exit 0 ;;
    *) echo "test.sh: unknown argument '$1'." >&2; usage >&2; exit 2 ;;
  esac
  shift || { echo "test.sh: the last argument wants a value." >&2; exit 2; }
done
case $only in ''|unit|sim|files|lab|console) ;; *) echo "test.sh: no group is called '$only': unit, sim, files, lab, console." >&2; exit 2 ;; esac
case $simulate$seed in *[!0-9]*) echo "test.sh: --simulate and --seed take whole numbers." >&2; exit 2 ;; esac

# Nothing of this run may outlive it: no build server, and every process is recognised by this variable in its environment.
export HOME=${HOME:-/root} DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false VSTEST_DISABLE_STANDARD_OUTPUT_CAPTURING=0
export HAMIRROR_TEST_RUN=run-$$-$(date +%s)
unset HAMIRROR_LAB_OWNER
scratch=$(mktemp -d "/var/tmp/hamirror-test.XXXXXX") || exit 1
# Tests run programs as other users too (postgres): they must get through.
chmod 755 "$scratch"
export TMPDIR=$scratch
[ -z "$soak" ] || export HAMIRROR_SOAK=1
export HAMIRROR_SEED=${HAMIRROR_SEED:-$((RANDOM << 15 | RANDOM))}
# Seconds for one project, and how much longer a single test may be silent: the long forms take what they take.
project_timeout=${HAMIRROR_PROJECT_TIMEOUT:-$([ -n "$soak" ] && echo 14400 || echo 2100)}
patience=$([ -n "$soak" ] && echo 6 || echo 1)
passed=0 failed=0
started=$(date +%s)

say() { printf '\n== %s (%d s)\n' "$*" $(($(date +%s) - started)); }
count() { passed=$((passed + $1)); failed=$((failed + $2)); }

. "$root/lab/leaks.sh"

finish() {
  local leaks
  leaks=$(leaks_of_run)
  if [ -n "$leaks" ]; then
    printf '\nLEFT BEHIND by this run:\n%s\n' "$leaks"
    count 0 1
    end_leaks_of_run
  fi
  rm -rf --one-file-system "$scratch"
  printf '\n%d s\n%d passed, %d failed\n' $(($(date +%s) - started)) $passed $failed
  [ $failed = 0 ] && [ $passed -gt 0 ]
  exit
}
# An interrupted run cleans up as well, and has failed.
trap 'trap - INT TERM; [ -z "${beside:-}" ] || kill "$beside" 2>/dev/null; count 0 1; finish' INT TERM

build() {
  say "prepare"
  "$root/lab/prepare.sh" || { count 0 1; finish; }
  say "build"
  if ! dotnet build HaMirror.sln -c Release -nologo -v q -clp:NoSummary -warnaserror >"$scratch/build.log" 2>&1; then
    grep -E 'error|warning' "$scratch/build.log" | sort -u | head -n 40
    echo "The solution does not build."
    count 0 1; finish
  fi
  if grep -qE 'warning (CS|CA|MSB|NU|NETSDK|IDE)[0-9]+' "$scratch/build.log"; then
    grep -E 'warning' "$scratch/build.log" | sort -u | head -n 40
    echo "The solution builds with warnings."
    count 0 1; finish
  fi
}

# project NAME SECONDS [FILTER]: runs one test project; a test that is silent for SECONDS is killed with its host.
project() {
  local name=$1 hang=$2 filter=${3:-} results trx counters
  results=$scratch/results/$name
  say "$name, HAMIRROR_SEED=$HAMIRROR_SEED"
  mkdir -p "$results"
  timeout -k 20 "$project_timeout" dotnet test "tests/$name/$name.csproj" -c Release --no-build --nologo -v q \
    ${filter:+--filter "$filter"} --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
    --logger "console;verbosity=minimal" --blame-hang --blame-hang-timeout "$((hang * patience))s" --blame-hang-dump-type none </dev/null 2>&1
  local code=$?
  trx=$results/$name.trx
  counters=$(grep -o '<Counters [^>]*>' "$trx" 2>/dev/null | tail -n 1)
  local executed ok
  executed=$(sed -n 's/.* executed="\([0-9]*\)".*/\1/p' <<<"$counters")
  ok=$(sed -n 's/.* passed="\([0-9]*\)".*/\1/p' <<<"$counters")
  if [ -z "$counters" ] || [ "${executed:-0}" = 0 ]; then
    echo "$name executed no test, or its host died before it could say so."
    count 0 1
  else
    local bad=$((executed - ok))
    # A crashed or hung host ends with an error though no test result says so.
    [ $code = 0 ] || [ $bad -gt 0 ] || bad=1
    count "$ok" $bad
  fi
}

simulate() {
  local histories=$1 output=$scratch/simulator.txt code
  say "simulator: $histories histories${seed:+, seed $seed}"
  timeout -k 20 "$project_timeout" dotnet tests/HaMirror.Simulator/bin/Release/net10.0/hamirror-simulator.dll \
    --histories "$histories" ${seed:+--seed "$seed"} </dev/null | tee "$output"
  code=${PIPESTATUS[0]}
  [ $code = 0 ] && tail -n 1 "$output" | grep -q '"violations": *0\b'
}

if [ -n "$simulate" ]; then
  build >"$scratch/simulate-build.txt" || { cat "$scratch/simulate-build.txt"; exit 1; }
  project_timeout=86400
  simulate "$simulate"; code=$?
  line=$(tail -n 1 "$scratch/simulator.txt")
  rm -rf --one-file-system "$scratch"
  printf '%s\n' "$line"
  exit $code
fi

# The shim has tests of its own in C, plain and with sanitizers; each of the two programs counts as one test.
shim() {
  local output=$scratch/shim.txt good
  say "native-shim"
  timeout -k 20 "${HAMIRROR_PROJECT_TIMEOUT:-1500}" make -C native-shim test </dev/null 2>&1 | tee "$output" | sed 's/ passed, / checks passed, /'
  good=$(grep -cE '^[1-9][0-9]* passed, 0 failed$' "$output")
  count "$good" $((2 - good))
}

wants() { [ -z "$only" ] || [ "$only" = "$1" ]; }
root_or_fail() { [ "$(id -u)" = 0 ] || { echo "The group '$1' needs root (FUSE mounts, name spaces): run it with sudo."; count 0 1; return 1; }; }

# A machine has one lab. One that stands is somebody's: it is neither used nor removed.
lab_is_free() {
  local standing
  if standing=$("$root/lab/lab.sh" standing --others); then echo "test.sh: the group 'lab' cannot run: $standing"; return 1; fi
}
if [ -z "$only" ] || [ "$only" = lab ]; then
  [ "$(id -u)" != 0 ] || lab_is_free >&2 || { rm -rf --one-file-system "$scratch"; exit 2; }
fi

build
if wants unit; then
  project HaMirror.Core.Tests 120
  project HaMirror.Io.Tests 120
  project HaMirror.Agent.Tests 120
  project HaMirror.Cli.Tests 120
  project HaMirror.Comparison.Tests 120
fi
if wants sim; then
  # A change is judged by what it does, not by luck: fresh seeds are for the search, whose finds are pinned as scenarios.
  [ -n "$soak$seed" ] || seed=20261126
  if simulate "$([ -n "$soak" ] && echo 400000 || echo 20000)"; then count 1 0; else count 0 1; fi
fi
if wants files && root_or_fail files; then shim; project HaMirror.Files.Tests 300; fi
# The console's own tests; vitest counts them.
console() {
  local output=$scratch/console.json good bad
  say "HaMirror.Console"
  if [ ! -x src/HaMirror.Console/node_modules/.bin/vitest ]; then
    rm -f src/HaMirror.Console/dist/.built # Built elsewhere: its packages are needed here.
    src/HaMirror.Console/build.sh || { count 0 1; return; }
  fi
  (cd src/HaMirror.Console && timeout -k 20 "$project_timeout" node_modules/.bin/vitest run --reporter=default --reporter=json --outputFile.json="$output") </dev/null 2>&1
  local code=$?
  good=$(grep -o '"numPassedTests":[0-9]*' "$output" 2>/dev/null | grep -o '[0-9]*$')
  bad=$(grep -o '"numFailedTests":[0-9]*' "$output" 2>/dev/null | grep -o '[0-9]*$')
  [ $code = 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1 # A file that does not even load has no failed test.
  [ "${good:-0}" -gt 0 ] || bad=$((${bad:-0} + 1))
  count "${good:-0}" "${bad:-0}"
}
console_group() {
  console
  if root_or_fail console; then project HaMirror.Console.Tests 300; fi
}
is_published=
if wants lab && root_or_fail lab; then
  say "publish"
  if lab_is_free && "$root/install.sh" --build; then is_published=1; else count 0 1; fi
fi
# Beside the lab, which mostly waits; what it prints comes afterwards.
beside=
if [ -z "$only" ]; then
  (passed=0 failed=0; console_group; echo "$passed $failed" >"$scratch/console.count") >"$scratch/console.txt" 2>&1 &
  beside=$!
elif wants console; then
  console_group
fi
[ -z "$is_published" ] || HAMIRROR_OUT=$root/out project HaMirror.Lab.Tests 600
if [ -n "$beside" ]; then
  wait "$beside"
  beside=
  cat "$scratch/console.txt"
  # shellcheck disable=SC2046 # two words on purpose
  count $(cat "$scratch/console.count" 2>/dev/null || echo 0 1)
fi
finish
