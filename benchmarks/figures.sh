#!/bin/bash
# Called by run.sh --resync, --scale and --features like subjects.sh: two nodes, and a program that starts and ends data paths on them.
set -u
size=$((size + 2048)) # beside the file that is resynchronised, two first synchronisations of 1 GiB
. "$here/nodes.sh"
size=$((size - 2048))
$comparison figures "$figures" --rounds "$rounds" --seconds "$seconds" --mebibytes "$size" --json "$json" --commit "$commit" \
  --holder-a "$holder_a" --holder-b "$holder_b" --a "$a" --b "$b" --ip-a "$ip_a" --ip-b "$ip_b" --proc "$scratch/proc" \
  --pair "dotnet $here/HaMirror.Pair/bin/Release/net10.0/pair.dll" --floor "$here/floor/build/floor" &
wait $!
quit $?
