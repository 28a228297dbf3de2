#!/bin/bash
# Installs HaMirror on this host: sudo ./install.sh [--build] [--remove]
#
#   (nothing)   install what out/ holds, building it first when it holds nothing
#   --build     only build it into out/ (no root needed)
#   --remove    take the program off this host; configuration, replicas and their records stay
#
# The program goes to /usr/lib/hamirror, its commands to /usr/bin, the module templates to /usr/share/hamirror/modules.
# Nothing that an operator wrote is touched; installing over a running version restarts nothing, but says so.
set -u
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
out=$here/out
library=/usr/lib/hamirror

fail() { echo "install: $*" >&2; exit 1; }

build() {
  local project
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing, and $out holds no build: install it from https://dot.net."
  rm -rf "$out.new"
  for project in HaMirror.Agent HaMirror.Cli; do
    dotnet publish "$here/src/$project/$project.csproj" -c Release -nologo -v q -clp:NoSummary -o "$out.new/lib" \
      -p:DebugType=none -p:SatelliteResourceLanguages=en || fail "$project does not build (see above)."
  done
  [ ! -x "$here/native-shim/build/hamirror-guard" ] || install -m 755 "$here/native-shim/build/hamirror-guard" "$out.new/lib/hamirror-guard"
  rm -rf "$out"
  mv "$out.new" "$out"
}

remove() {
  [ "$(id -u)" = 0 ] || fail "removing needs root: sudo ./install.sh --remove."
  systemctl disable -q --now hamirrord.service 2>/dev/null
  rm -f /etc/systemd/system/hamirrord.service /usr/bin/hamirror /usr/share/bash-completion/completions/hamirror
  rm -rf "$library" /usr/share/hamirror /usr/share/doc/hamirror
  systemctl daemon-reload 2>/dev/null
  echo "HaMirror is removed. /etc/hamirror, /var/lib/hamirror and /var/log/hamirror were left as they are."
}

check_host() {
  local file missing=
  for file in liburing.so.2 liblz4.so.1 libxxhash.so.0 libssl.so.3 libvirt.so.0; do
    ldconfig -p | grep -q "$file" || missing="$missing $file"
  done
  [ -z "$missing" ] || fail "these libraries are missing:$missing. apt-get install liburing2 liblz4-1 libxxhash0 libssl3 libvirt0"
  [ -c /dev/fuse ] || fail "/dev/fuse is missing: modprobe fuse (and put 'fuse' into /etc/modules)."
}

# Where hamirrord finds .NET. The runtime's own search knows /usr/share/dotnet, /usr/lib/dotnet and /etc/dotnet.
find_runtime() {
  local root=${DOTNET_ROOT:-}
  [ -n "$root" ] || ! command -v dotnet >/dev/null || root=$(dirname "$(readlink -f "$(command -v dotnet)")")
  for root in $root /usr/share/dotnet /usr/lib/dotnet; do
    ls -d "$root"/shared/Microsoft.AspNetCore.App/10.* >/dev/null 2>&1 && { echo "$root"; return; }
  done
  fail "the ASP.NET Core runtime 10 is missing: install aspnetcore-runtime-10.0 from https://dot.net."
}

install_all() {
  local runtime
  [ "$(id -u)" = 0 ] || fail "installing needs root: sudo ./install.sh."
  check_host
  runtime=$(find_runtime) || exit 1
  # Beside the old one first: a copy that breaks off in the middle leaves the old program whole.
  rm -rf "$library.new"
  cp -a "$out/lib" "$library.new" || fail "$library.new cannot be written."
  chown -R root:root "$library.new"
  chmod 755 "$library.new/hamirrord" "$library.new/hamirror"
  mkdir -p "$library.new/safe"
  ln -s ../hamirror "$library.new/safe/safekit"
  rm -rf "$library.old"
  [ ! -e "$library" ] || mv "$library" "$library.old"
  mv "$library.new" "$library"
  rm -rf "$library.old"
  ln -sfn "$library/hamirror" /usr/bin/hamirror
  if [ -d "$here/modules" ]; then
    mkdir -p /usr/share/hamirror
    rm -rf /usr/share/hamirror/modules
    cp -a "$here/modules" /usr/share/hamirror/modules
    chown -R root:root /usr/share/hamirror/modules
  fi
  [ ! -e "$here/README.md" ] || install -D -m 644 "$here/README.md" /usr/share/doc/hamirror/README.md
  install -D -m 644 "$here/packaging/hamirrord.service" /etc/systemd/system/hamirrord.service
  case $runtime in
    /usr/share/dotnet|/usr/lib/dotnet) rm -f /etc/systemd/system/hamirrord.service.d/dotnet.conf ;;
    *)
      mkdir -p /etc/systemd/system/hamirrord.service.d /etc/dotnet
      printf '[Service]\nEnvironment=DOTNET_ROOT=%s\n' "$runtime" > /etc/systemd/system/hamirrord.service.d/dotnet.conf
      # The command line has no unit: it finds the runtime by this file.
      [ -e /etc/dotnet/install_location ] || echo "$runtime" > /etc/dotnet/install_location ;;
  esac
  # The program itself says how it is completed, so that the two never differ.
  mkdir -p /usr/share/bash-completion/completions
  "$library/hamirror" completion bash > /usr/share/bash-completion/completions/hamirror ||
    echo "install: no shell completion: 'hamirror completion bash' failed (see above)." >&2
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if systemctl is-active -q hamirrord.service; then
      echo "HaMirror is installed beside the running agent. 'systemctl restart hamirrord' makes it the running one (stops this node's modules first)."
      return
    fi
    systemctl enable -q --now hamirrord.service || fail "hamirrord does not start: journalctl -u hamirrord."
  else
    systemctl enable -q hamirrord.service 2>/dev/null || echo "install: systemd does not run here; start $library/hamirrord by other means." >&2
  fi
  echo "HaMirror is installed. Next: 'hamirror cluster init' on one host, 'hamirror cluster join' on the other (README.md)."
  [ -e /etc/hamirror/access.json ] || echo "For the API on port 9010 add an administrator: hamirror user add NAME --role admin (nobody has a default password)."
}

case ${1:-} in
  '') [ -e "$out/lib/hamirrord.dll" ] || build; install_all ;;
  --build) build ;;
  --remove) remove ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
