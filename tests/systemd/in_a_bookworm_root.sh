#!/bin/bash
# in_a_bookworm_root.sh PACKAGE PROBE RESULTS: in a mount namespace of its own (unshare --mount), lays a
# throw-away root over this Debian's, installs the package there, boots systemd in it with PROBE as
# a service, takes the package away again, and leaves what each step said in the folder RESULTS.
set -e
package=$1 probe=$2 results=$3
mount --make-rprivate /
# Not below the own temporary folder: systemd-nspawn mounts over it.
mount -t tmpfs edge-fer-test /mnt
root=/mnt/root
mkdir /mnt/upper /mnt/work $root
mount -t overlay edge-fer-test -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work $root
# An edge-fer of the machine itself is none of this test's.
rm -rf $root/opt/edge-fer $root/etc/edge-fer $root/var/lib/edge-fer
inside() { chroot $root /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
cp "$package" $root/root/edge-fer.deb

mount -t proc proc $root/proc
mount --rbind /dev $root/dev
# Without a network, as a device in a car has none. Of the dependencies only what is used here.
mount --make-rslave $root/dev
unshare --net chroot $root /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    dpkg --install --force-depends /root/edge-fer.deb >"$results/install" 2>&1
inside edge-fer --version >"$results/version" 2>&1
inside edge-fer config check >"$results/check" 2>&1
inside id edge-fer >"$results/id"
inside stat -c '%n %U %a' /var/lib/edge-fer /var/lib/edge-fer/models /var/lib/edge-fer/recordings >"$results/folders"
inside stat -c '%U:%G %a' /etc/edge-fer/config.toml >"$results/config"
inside sh -c 'ls /usr/share/edge-fer/wheels/*.whl 2>/dev/null || true' >"$results/wheels"

# The same package once more, over a config that was changed, with nobody to answer a question.
printf '[camera]\nfps = 17\n' >$root/etc/edge-fer/config.toml
again() {
    unshare --net chroot $root /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        dpkg --install --force-depends /root/edge-fer.deb </dev/null
}
again >"$results/upgrade" 2>&1
{ inside edge-fer --version; inside grep fps /etc/edge-fer/config.toml; } >"$results/upgraded"
# And where the new program has no room.
mkdir -p /mnt/full $root/opt/edge-fer.d
cp -a $root/opt/edge-fer.d/. /mnt/full-before
mount -t tmpfs -o size=$(($(du -sm $root/opt/edge-fer.d | cut -f1) + 60))m full $root/opt/edge-fer.d
cp -a /mnt/full-before/. $root/opt/edge-fer.d/
if again >"$results/full" 2>&1; then echo "it was installed" >>"$results/full"; fi
{ inside edge-fer --version; ls $root/opt/edge-fer.d | wc -l; } >"$results/after_full"
umount $root/opt/edge-fer.d
inside dpkg --configure --force-depends edge-fer >"$results/mended" 2>&1

umount -l $root/proc $root/dev

if command -v systemd-nspawn >/dev/null; then
    key=$(inside edge-fer recording keygen --out /root/owner.pem | tail -1)
    cat >$root/etc/edge-fer/config.toml <<CONFIG
[camera]
uri = "demo:?loop=1"
[link]
uri = "virtual:test"
[recording]
enabled = true
states = "attentive"
after_s = 1
$key
CONFIG
    install -m 755 "$probe" $root/root/probe.sh
    cat >$root/etc/systemd/system/probe.service <<UNIT
[Unit]
After=edge-fer.service
[Service]
ExecStart=/root/probe.sh
StandardOutput=file:/root/probe
StandardError=file:/root/probe
UNIT
    mkdir -p $root/etc/systemd/system/multi-user.target.wants
    ln -sf ../probe.service $root/etc/systemd/system/multi-user.target.wants/probe.service
    ln -sf /usr/lib/systemd/system/edge-fer.service $root/etc/systemd/system/multi-user.target.wants/
    rm -f $root/etc/machine-id
    echo 0123456789abcdef0123456789abcdef >$root/etc/machine-id
    timeout --kill-after=5 240 systemd-nspawn --directory=$root --register=no --keep-unit \
        --private-network --boot </dev/null >"$results/boot" 2>&1 || true
    cp $root/root/probe "$results/probe" || true
fi

mount -t proc proc $root/proc
inside dpkg --purge edge-fer >"$results/purge" 2>&1
ls -d $root/opt/edge-fer $root/opt/edge-fer.d $root/etc/edge-fer $root/usr/bin/edge-fer >"$results/left" 2>/dev/null || true
