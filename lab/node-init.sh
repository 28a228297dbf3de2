#!/bin/bash
# Becomes pid 1 of a node: builds the node's root as an overlay over the machine's, and hands over to systemd.
# Runs in name spaces of its own (lab/node.sh starts it): node-init.sh NAME DIRECTORY
#
# Invariants: whatever the node writes lands on its own disk (DIRECTORY/disk) or in a tmpfs; nothing of the machine itself
# can be changed from inside (no sysrq, no power states, no kernel settings, no modules).
set -e
name=$1 dir=$2 root=$2/root
mkdir -p "$root" "$dir/disk/upper" "$dir/disk/work" "$dir/disk/vm" "$dir/disk/var"
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/disk/upper,workdir=$dir/disk/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty fuse net/tun loop-control; do # no kvm: guests run in software everywhere
  mkdir -p "$(dirname "$root/dev/$device")"
  cp -a "/dev/$device" "$root/dev/$device"
done
chmod 666 "$root/dev/fuse"
ln -s /proc/self/fd "$root/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%%:*}" "$root/dev/${n##*:}"; done
ln -s pts/ptmx "$root/dev/ptmx"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/vm" "$root/lab" "$root/shared" "$root/oldroot" "$root/var/lib/hamirror"
mount --bind "$dir/disk/vm" "$root/vm"                    # replicated directories: on the node's disk, not on the overlay
mount --bind "$dir/disk/var" "$root/var/lib/hamirror"     # likewise what HaMirror itself keeps
mount --bind "$dir/console" "$root/lab"                   # guests' consoles: outside the node, so they outlive it
mount --bind "$dir/../shared" "$root/shared"
if [ -n "${LAB_DOTNET:-}" ]; then                         # a .NET that lies on another mount than the machine's root
  mkdir -p "$root$LAB_DOTNET"
  mount --bind "$LAB_DOTNET" "$root$LAB_DOTNET"
fi
if [ -e "$root/proc/sysrq-trigger" ]; then
  : > "$dir/console/sysrq"
  mount --bind "$dir/console/sysrq" "$root/proc/sysrq-trigger"
fi
# Power that comes back is a boot, which programs tell by this number.
cat /proc/sys/kernel/random/uuid > "$root/run/boot-id"
mount --bind "$root/run/boot-id" "$root/proc/sys/kernel/random/boot_id"
[ ! -d "$root/sys/power" ] || mount -t tmpfs -o ro tmpfs "$root/sys/power"
hostname "$name"
echo "$name" > "$root/etc/hostname"
printf '%s\n' '127.0.0.1 localhost' '10.77.0.1 n1' '10.77.0.2 n2' '10.78.0.1 n1-repl' '10.78.0.2 n2-repl' '10.77.0.254 witness' \
  > "$root/etc/hosts"
cd "$root"
pivot_root . oldroot
cd /
umount -l /oldroot
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# What would act on the whole machine (kernel settings, clock, devices) or serves no purpose in a node.
for unit in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
  systemd-timesyncd.service systemd-networkd.service systemd-resolved.service systemd-remount-fs.service systemd-sysctl.service \
  systemd-modules-load.service lvm2-monitor.service lvm2-lvmpolld.socket libvirt-guests.service getty.target \
  console-getty.service postgresql.service postgresql@.service networking.service ssh.service cron.service apparmor.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
  proc-sys-fs-binfmt_misc.automount tmp.mount systemd-logind.service apt-daily.timer apt-daily-upgrade.timer; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
: > /etc/fstab
ln -sf /lib/systemd/system/multi-user.target /etc/systemd/system/default.target
[ -s /etc/machine-id ] && [ -e /etc/machine-id.lab ] || { tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id; : > /etc/machine-id.lab; }
echo ready > /run/node-ready
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init --log-target=journal --show-status=no
