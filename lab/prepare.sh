#!/bin/bash
# Installs the Debian packages that are missing, and nothing else: lab/prepare.sh [build] [run] [test]   (default: all).
# Asks nothing, starts no service, and says in one sentence what is wrong when it cannot.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -gt 0 ] || set -- build run test

fail() { echo "prepare: $*" >&2; exit 1; }

command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing: install it from https://dot.net and make sure that 'dotnet' is on the PATH."
command -v dpkg-query >/dev/null ||
  fail "this is no Debian: install by hand what lab/packages.txt names for '$*', then go on without this script."

wanted=$(awk -v groups=" $* " '!/^#/ && NF == 2 && index(groups, " " $1 " ") { print $2 }' "$here/packages.txt")
# Node.js from elsewhere is as good, and Debian's packages would be in its way.
if command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ]; then
  wanted=$(grep -vxE 'nodejs|npm' <<<"$wanted")
fi
missing=
for package in $wanted; do
  dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done

# Last, for it does not even tell its version without a library that is among the packages.
check_sdk() {
  local version
  version=$(dotnet --version 2>&1) || fail "the .NET SDK does not run here: $(head -n 1 <<<"$version")"
  case $version in
    10.*|1[1-9].*) ;;
    *) fail ".NET SDK 10 is needed, 'dotnet --version' says $version: install it from https://dot.net." ;;
  esac
}

[ -n "$missing" ] || { check_sdk; exit; }
[ "$(id -u)" = 0 ] || fail "these packages are missing and only root can install them:$missing. Run 'sudo lab/prepare.sh'."

# Daemons that the packages bring (libvirtd, PostgreSQL) are for the lab's nodes; on this machine they stay off while installing.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy
  trap 'rm -f $policy' EXIT
fi

log=$(mktemp "${TMPDIR:-/tmp}/hamirror-apt.XXXXXX")
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null >>"$log" 2>&1
}
echo "prepare: installing$missing"
apt update || echo "prepare: 'apt-get update' failed, trying with the lists that are here (details: $log)" >&2
if ! apt install --no-install-recommends $missing; then
  tail -n 15 "$log" >&2
  fail "apt-get could not install$missing (all of its output: $log). Check the network and /etc/apt/sources.list, then run this again."
fi
rm -f "$log"
check_sdk
