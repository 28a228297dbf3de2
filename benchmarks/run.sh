#!/bin/bash
# Micro-benchmarks with allocation columns: benchmarks/run.sh [--quick] [BenchmarkDotNet's own arguments]
# --quick takes a minute and shows the order of magnitude; results land in benchmarks/results (not in git).
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
job=
[ "${1:-}" != --quick ] || { job="--job short"; shift; }
[ $# -gt 0 ] || set -- --filter '*'
# shellcheck disable=SC2086 # two words on purpose
exec dotnet run -c Release --project HaMirror.Benchmarks -- $job --artifacts results "$@"
