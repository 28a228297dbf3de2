# Sourced by lab.sh: the guest (Debian's cloud kernel, busybox, one ext4 disk) and what is known about its records.
#
# A VM's directory holds all of it: NAME.qcow2, vmlinuz, initrd.gz, NAME.xml. Consoles are written outside the nodes, to
# $LAB/NODE/console/NAME.console, so that what a guest was promised is known after its node died.

# In this order: each needs the ones before it.
guest_modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk failover net_failover virtio_net button evdev"

guest_kernel() {
  [ -s "$CACHE/vmlinuz" ] && [ -d "$CACHE/mod" ] && return
  local tmp package m i=10
  mkdir -p "$CACHE"
  tmp=$(mktemp -d "$CACHE/fetch.XXXXXX")
  chmod 755 "$tmp"
  [ -n "$(apt-cache depends linux-image-cloud-amd64 2>/dev/null)" ] || apt-get -q update >/dev/null 2>&1
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  [ -n "$package" ] || fail "apt knows no linux-image-cloud-amd64, the guest's kernel: check /etc/apt/sources.list and run apt-get update."
  ( cd "$tmp" && apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download "$package" >log 2>&1 ) ||
    { apt-get -q update >/dev/null 2>&1; ( cd "$tmp" && apt-get -q -o APT::Sandbox::User=root download "$package" >log 2>&1 ); } ||
    fail "apt-get could not download $package, the guest's kernel: $(tail -n 1 "$tmp/log")"
  dpkg-deb -x "$tmp"/*.deb "$tmp/x" || fail "$package does not unpack."
  mkdir -p "$tmp/mod"
  for m in $guest_modules; do
    find "$tmp/x/lib/modules" -name "$m.ko" -exec cp {} "$tmp/mod/$i-$m.ko" \;
    [ -e "$tmp/mod/$i-$m.ko" ] || fail "$package holds no module $m."
    i=$((i + 1))
  done
  rm -rf "$CACHE/mod"
  mv "$tmp/mod" "$CACHE/mod"
  cp "$tmp"/x/boot/vmlinuz-* "$CACHE/vmlinuz.new" && mv "$CACHE/vmlinuz.new" "$CACHE/vmlinuz"
  rm -rf "$tmp"
}

# guest_build DIRECTORY NAME: fills a VM's directory.
guest_build() {
  local dir=$1 name=$2 tree
  guest_kernel
  mkdir -p "$dir"
  tree=$(mktemp -d "$LAB/initrd.XXXXXX")
  mkdir -p "$tree"/{bin,data,dev,proc,sys,run,tmp,mod,etc/acpi/PWRF}
  cp "$(dpkg -L busybox-static | grep -m 1 '/bin/busybox$')" "$tree/bin/busybox"
  install -m 755 "$here/guest/init" "$tree/init"
  install -m 755 "$here/guest/work" "$tree/bin/work"
  install -m 755 "$here/guest/power" "$tree/etc/acpi/PWRF/00000080"
  cp "$CACHE"/mod/*.ko "$tree/mod/"
  ( cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1 ) > "$dir/initrd.gz"
  cp "$CACHE/vmlinuz" "$dir/vmlinuz"
  truncate -s "${LAB_GUEST_DISK:-256M}" "$tree/raw"
  mkfs.ext4 -q -F -E lazy_itable_init=0 "$tree/raw"
  qemu-img convert -O qcow2 "$tree/raw" "$dir/$name.qcow2"
  rm -rf "$tree"
}

# guest_xml NAME ADDRESS: the domain, on standard output. Same on both nodes, but for nothing.
guest_xml() {
  local name=$1 address=$2 dir=/vm/$1 last
  last=$(printf '%02x' "${address##*.}")
  cat <<END
<domain type='qemu'>
  <name>$name</name>
  <uuid>00000000-0000-4000-8000-0000000000$last</uuid>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>$dir/vmlinuz</kernel>
    <initrd>$dir/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet panic=1 lab.ip=$address/24 lab.delay=${LAB_GUEST_DELAY:-0.1} lab.kb=${LAB_GUEST_KB:-0}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu mode='maximum' check='none'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' io='native' error_policy='stop'/>
      <source file='$dir/$name.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'>
      <mac address='52:54:00:77:00:$last'/>
      <source bridge='br0'/>
      <model type='virtio'/>
    </interface>
    <serial type='file'><source path='/lab/$name.console' append='on'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
END
}

# The highest record that a guest was promised, over the consoles of both nodes. Lines end in \r\n; a torn one does not count.
guest_acknowledged() {
  cat "$LAB"/n[12]/console/"$1".console 2>/dev/null | tr -d '\r' | sed -n 's/^ACK \([0-9]\{1,\}\)$/\1/p' | sort -n | tail -n 1 | grep . || echo 0
}
guest_ups() { cat "$LAB/$1/console/$2.console" 2>/dev/null | tr -d '\r' | grep -c '^GUEST-UP '; }

# guest_image FILE: checks an image that no guest uses, and prints its number of records; false when anything is wrong.
guest_image() {
  local image=$1 dir records bad=0
  dir=$(mktemp -d "$LAB/check.XXXXXX")
  mkdir "$dir/mnt"
  qemu-img check -q "$image" >"$dir/log" 2>&1 || { echo "qemu-img check of $image: $(head -n 3 "$dir/log" | tr '\n' ' ')" >&2; bad=1; }
  qemu-img convert -O raw "$image" "$dir/raw" || bad=1
  mount -o loop "$dir/raw" "$dir/mnt" || bad=1  # replays the journal as a boot would
  records=$(($(stat -c %s "$dir/mnt/records" 2>/dev/null || echo 0) / 32))
  awk '{ sub(/^0+/, "", $1); if ($1 != NR) bad++ } END { exit bad > 0 }' "$dir/mnt/records" ||
    { echo "records of $image are not consecutive" >&2; bad=1; }
  umount "$dir/mnt"
  e2fsck -fn "$dir/raw" >"$dir/log" 2>&1 || { echo "e2fsck of $image: $(tail -n 3 "$dir/log" | tr '\n' ' ')" >&2; bad=1; }
  rm -rf --one-file-system "$dir"
  echo "$records"
  return $bad
}

# One line: acknowledged=N n1=N n2=N. The guest must be stopped.
guest_records() {
  local name=${1:?which VM?} n line bad=0
  line="acknowledged=$(guest_acknowledged "$name")"
  for n in n1 n2; do line="$line $n=$(guest_image "$LAB/$n/disk/vm/$name/$name.qcow2")" || bad=1; done
  echo "$line"
  return $bad
}
