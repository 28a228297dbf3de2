#!/bin/bash
# HaMirror beside its floor and its peers, on this machine, as root:
#
#   run.sh [--quick] [--json FILE] [--page FILE] [--chart FILE] [--rounds N] [--seconds S] [--size MIB] [--jobs A,B] [--subjects A,B] [--urgent]
#          two nodes in name spaces, ext4 on loop devices in memory, O_DIRECT, all subjects in turn with the same fio jobs;
#          --urgent puts all of it before the other programs of the machine, where it is not quiet
#   run.sh --intent-log [the same]       what the intent log costs: the same data path with and without it over files of 8 GiB
#   run.sh --resync|--scale|--features [--quick] [--json FILE] [--rounds N] [--seconds S] [--size MIB] [--urgent]
#          how fast replicas become equal; what many modules, memory and pauses cost; what the kernel's abilities are worth
#   run.sh --render FILE.json [--page FILE] [--chart FILE]     a page and a chart from an earlier run's JSON
#   run.sh --micro [--quick] [BenchmarkDotNet's own arguments] micro-benchmarks with allocation columns; no root needed
#
# --quick takes a few minutes and shows the order of magnitude. The table goes to standard output, everything else to
# benchmarks/results (not in git): comparison.json, chart.svg, performance.md, unless other files are named. docs/performance.md
# is made by: run.sh --json results/comparison.json --page ../docs/performance.md --chart ../docs/performance.svg
# Subjects: local floor-threads floor-batch hamirror hamirror-none hamirror-tls hamirror-none-tls glusterfs glusterfs-buffered
# qemu-quorum qemu-quorum-nbd qemu-mirror-nbd, and only by name hamirror-no-log. What is not installed is named and left out. Name spaces, mounts, loop devices
# and processes end with this script, however it ends: they live in a process and a mount name space of its own.
set -u
called_from=$PWD
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
fail() { echo "run.sh: $*" >&2; exit 1; }
usage() { sed -n '2,21s/^# \{0,1\}//p' "$here/run.sh"; }

micro() {
  local job=
  cd "$here" || exit 1
  [ "${1:-}" != --quick ] || { job="--job short"; shift; }
  [ $# -gt 0 ] || set -- --filter '*'
  # shellcheck disable=SC2086 # two words on purpose
  exec dotnet run -c Release --project HaMirror.Benchmarks -- $job --artifacts results "$@"
}

results=$here/results
quick= urgent= intent_log= figures= rounds= seconds= size= repetitions=3
jobs= subjects= render=
json= page=$results/performance.md chart=$results/chart.svg
absolute() { case $1 in /*) echo "$1" ;; *) echo "$called_from/$1" ;; esac; }
number() { [[ $2 =~ ^[0-9]+(\.[0-9]+)?$ ]] && [ "${2//[0.]/}" ] || fail "$1 takes a number above 0, not '$2'."; }
[ "${1:-}" != --micro ] || { shift; micro "$@"; }
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1; shift; continue ;;
    --urgent) urgent=1; shift; continue ;;
    --intent-log) intent_log=1; shift; continue ;;
    --resync|--scale|--features) figures=${1#--}; shift; continue ;;
    -h|--help) usage; exit 0 ;;
    --json|--page|--chart|--rounds|--seconds|--size|--jobs|--subjects|--render) [ $# -gt 1 ] || fail "$1 wants a value." ;;
    *) echo "run.sh: unknown argument '$1'." >&2; usage >&2; exit 2 ;;
  esac
  case $1 in
    --json) json=$(absolute "$2") ;;
    --page) page=$(absolute "$2") ;;
    --chart) chart=$(absolute "$2") ;;
    --render) render=$(absolute "$2") ;;
    --jobs) jobs=$2 ;;
    --subjects) subjects=$2 ;;
    *) number "$1" "$2"; declare "${1#--}=$2" ;;
  esac
  shift 2
done
rounds=${rounds:-${quick:+3}} rounds=${rounds:-5}
seconds=${seconds:-${quick:+0.5}} seconds=${seconds:-1}
[ -z "$intent_log" ] || { subjects=${subjects:-hamirror,hamirror-no-log} jobs=${jobs:-randwrite-4k-d16,write-1m-d4} size=${size:-8192}; }
json=${json:-$results/${figures:-comparison}.json}
if [ "$figures" = resync ]; then size=${size:-${quick:+1024}} size=${size:-4096}; fi
size=${size:-256}
[ -z "$quick" ] || repetitions=0
[[ $rounds$size =~ ^[0-9]+$ ]] || fail "--rounds and --size take whole numbers."
for file in "$json" "$page" "$chart"; do
  [ -d "$(dirname "$file")" ] || [ "$(dirname "$file")" = "$results" ] || fail "there is no directory $(dirname "$file") for $(basename "$file")."
done
mkdir -p "$results"
comparison="dotnet $here/HaMirror.Comparison/bin/Release/net10.0/comparison.dll"

build() { # project
  dotnet build "$here/$1/$1.csproj" -c Release -nologo -v q -clp:NoSummary -nodeReuse:false >"$results/build.log" 2>&1 ||
    { grep -E 'error' "$results/build.log" | sort -u | head >&2; fail "$1 does not build."; }
}
command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing: install it from https://dot.net."
build HaMirror.Comparison
if [ -n "$render" ]; then
  [ -r "$render" ] || fail "there is no file $render."
  exec $comparison render --json "$render" --page "$page" --chart "$chart" --figures "$results"
fi

[ "$(id -u)" = 0 ] || fail "name spaces and mounts need root: sudo $0."
[ -c /dev/fuse ] || fail "this machine has no /dev/fuse: modprobe fuse."
[ -e /dev/loop-control ] || fail "this machine has no loop devices: modprobe loop."
for need in fio:fio unshare:util-linux nsenter:util-linux setpriv:util-linux ip:iproute2 mkfs.ext4:e2fsprogs make:make gcc:gcc; do
  command -v "${need%%:*}" >/dev/null || fail "${need%%:*} is missing: apt-get install ${need##*:}."
done
exec 9>/run/lock/hamirror-bench
flock -n 9 || fail "another comparison runs on this machine (it holds /run/lock/hamirror-bench): two would measure each other."
# The empty directory of a run that was killed.
rmdir /var/tmp/hamirror-bench.* 2>/dev/null
# Each subject has a file of its own on both nodes; what is in memory must fit beside everything else.
copies=10
[ -z "$subjects" ] || copies=$(tr , '\n' <<<"$subjects" | wc -l)
# Of files for the intent log's cost only what is written in some seconds takes memory.
[ -z "$figures" ] || copies=1
[ -n "$intent_log" ] && need=8192 || need=$((size * 2 * copies + (${#figures} > 0 ? 4096 : 0) + 1024))
have=$(($(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))
[ $have -gt $need ] || fail "$need MiB of memory are needed for files of $size MiB, $have MiB are free: take a smaller --size."
build HaMirror.Pair
make -s -C "$here/floor" >"$results/build.log" 2>&1 || { cat "$results/build.log" >&2; fail "the floor program does not build."; }
commit=$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$here" status --porcelain -- .. 2>/dev/null)" ] || commit="$commit with changes"

# All that follows lives in name spaces that end with it: killed by whatever, nothing stays but an empty directory.
scratch=$(mktemp -d /var/tmp/hamirror-bench.XXXXXX) || exit 1
inside=subjects.sh
[ -z "$figures" ] || inside=figures.sh
export urgent intent_log figures copies here results scratch rounds seconds size repetitions jobs subjects json commit comparison
setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child=KILL setsid "$here/$inside" 9>&- &
inner=$!
interrupted=
trap 'interrupted=1; pkill -TERM -P $inner' INT TERM
while :; do wait $inner; code=$?; kill -0 $inner 2>/dev/null || break; done
rmdir "$scratch" 2>/dev/null
[ -z "$interrupted" ] || { echo "run.sh: it was interrupted; nothing is written." >&2; exit 130; }
[ $code = 0 ] || fail "the comparison failed (see above, and $results/servers.log)."
[ -z "$figures" ] || { echo "Written: $json"; exit 0; }
$comparison render --json "$json" --page "$page" --chart "$chart" --figures "$results" || exit 1
echo "Written: $json, $page, $chart"
