#!/bin/bash
# Makes the console's pictures in docs/images anew: sudo src/HaMirror.Console/pictures.sh [FOLDER]
# The test of the console's appearance makes pictures of all pages, on two agents; FOLDER keeps all of them (else they are removed).
# The few that the documentation shows are written again with fewer bytes by shrink.mjs.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
fail() { echo "pictures.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "the agents of the test need root: run it with sudo."
folder=${1:-$(mktemp -d /var/tmp/hamirror-pictures.XXXXXX)}
[ -n "${1:-}" ] || trap 'rm -rf --one-file-system "$folder"' EXIT
dotnet build src/HaMirror.Agent -c Release -v q -nologo || fail "the agent does not build."
HAMIRROR_SCREENS=$folder dotnet test tests/HaMirror.Console.Tests -c Release --filter 'FullyQualifiedName~AppearanceTests' -v q -nologo ||
  fail "the pages are not as they should be (see above); no picture was replaced."
mkdir -p docs/images
while read -r from to rows; do
  node src/HaMirror.Console/shrink.mjs "$folder/$from.png" "docs/images/$to.png" "$rows" || fail "$from.png cannot be written to docs/images."
done <<'PICTURES'
overview-light-1440 console-overview 900
modules-m1-light-1440 console-module 1300
timeline-dark-1440 console-timeline 1100
operations-light-1440 console-operations 1000
overview-dark-390 console-phone 1000
PICTURES
du -cb docs/images/console-*.png
