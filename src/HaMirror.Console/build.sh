#!/bin/bash
# Builds the console into dist/ unless it is built of just these sources: src/HaMirror.Console/build.sh
# Called by the agent's project (HaMirror.Agent.csproj). Needs node 18 and npm, and the network for the first time; with an unchanged
# console neither. Invariant: dist/.built holds the hash of the sources that dist/ was built of, and is written last.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
fail() { echo "HaMirror.Console : error HMC001: $*" >&2; exit 1; }

sources() { find src public index.html package.json package-lock.json tsconfig.json vite.config.ts build.sh -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum; }

# Projects that are built at the same time wait here for one another. npm and node must not inherit the lock.
mkdir -p obj || fail "obj cannot be made in $PWD."
exec 9>obj/lock
flock -w 900 9 || fail "another build of the console does not end."
now=$(sources)
if [ "$now" = "$(cat dist/.built 2>/dev/null)" ]; then
  touch dist/.built # The next build need not even look.
  exit 0
fi

command -v node >/dev/null && command -v npm >/dev/null ||
  fail "the web console is to be built, and node or npm is missing: run 'sudo lab/prepare.sh build', or install Node.js 18 or later."
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || fail "the web console needs Node.js 18 or later, and this is $(node --version)."

locked=$(sha256sum package.json package-lock.json)
if [ "$locked" != "$(cat node_modules/.locked 2>/dev/null)" ]; then
  npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >obj/npm.log 2>&1 9>&- || {
    tail -n 15 obj/npm.log >&2
    fail "the console's packages cannot be fetched (all of npm's output: $PWD/obj/npm.log). Is there a network, and a registry that npm may use?"
  }
  echo "$locked" >node_modules/.locked
fi
npm run --silent build >obj/build.log 2>&1 9>&- || {
  # As MSBuild shows errors: file(line,column): error ...
  cat obj/build.log >&2
  fail "the console does not build (see above)."
}
echo "$now" >dist/.built
