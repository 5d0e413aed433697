#!/usr/bin/env bash
# build.sh PACKAGE FOLDER: makes a Debian in FOLDER with PACKAGE installed as a user would, and its kernel:
# root.ext4, vmlinuz, initrd. The Debian itself is kept there for the next package.
#
# Debian's packages come from where this machine's own apt has them. Exit code 3: something is missing.
set -euo pipefail
package=$(realpath "$1") work=$2
release=bookworm
include=systemd-sysv,udev,dbus,kmod,iproute2,can-utils,v4l-utils,procps,util-linux,python3.11
include+=,python3.11-venv,qemu-guest-agent,linux-image-amd64,initramfs-tools

missing() { echo "$1" >&2; exit 3; }
[ "$(id -u)" = 0 ] || missing "a Debian root is made by root alone"
for tool in mmdebstrap qemu-system-x86_64 qemu-img mkfs.ext4; do
    command -v "$tool" >/dev/null ||
        missing "no $tool (apt install mmdebstrap qemu-system-x86 qemu-utils e2fsprogs)"
done
mkdir -p "$work"
exec 9>"$work/lock"
flock 9

key=$(echo "$release $include 2" | sha256sum | cut -c1-12)
base=$work/base-$key.tar
if [ ! -f "$base" ]; then
    mmdebstrap --variant=minbase --include=$include $release "$base.part.tar" \
        >"$work/mmdebstrap.log" 2>&1 || missing "mmdebstrap: $(grep -m 1 ^E: "$work/mmdebstrap.log" || true)"
    mv "$base.part.tar" "$base"
fi

image=$work/image-$key-$(cat "$package" "$0" | sha256sum | cut -c1-12)
echo "$image"
[ ! -f "$image/root.ext4" ] || exit 0
rm -rf --one-file-system "$work"/image-*
mkdir "$image"
root=$(mktemp -d "$work/root-XXXXXX")
# A mount that an interrupted run left is never entered.
trap 'rm -rf --one-file-system "$root"' EXIT
tar -C "$root" --exclude='./dev/*' -xf "$base"
cp "$package" "$root/root/edge-fer.deb"
# Without a network, as a device in a car has none; a mount namespace ends with what it mounted.
unshare --mount --net sh -eu -c '
    mount --rbind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        apt-get install -y /root/edge-fer.deb' sh "$root" >"$image/install.log" 2>&1 || {
    cat "$image/install.log" >&2
    exit 1
}
rm "$root/root/edge-fer.deb"
echo "/dev/vda / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
# What this kernel has besides; the tests make the interface and the camera's inputs themselves.
printf 'vcan\ncan-raw\nslcan\nftdi_sio\n' >"$root/etc/modules-load.d/edge-fer-test.conf"
echo "options vivid node_types=0x101 num_inputs=1 input_types=0x3 num_outputs=1 output_types=0x1" \
    >"$root/etc/modprobe.d/vivid.conf"
rm -rf "$root"/usr/share/{doc,man,locale}/[!e]* "$root"/var/cache/apt "$root"/var/lib/apt/lists
mv "$root"/boot/vmlinuz-* "$image/vmlinuz"
mv "$root"/boot/initrd.img-* "$image/initrd"
truncate -s 3G "$image/root.part"
mkfs.ext4 -q -F -d "$root" "$image/root.part"
mv "$image/root.part" "$image/root.ext4"
