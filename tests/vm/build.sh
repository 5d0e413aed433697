#!/usr/bin/env bash
# build.sh PACKAGE FOLDER amd64|arm64: makes a Debian in FOLDER with PACKAGE installed as a user would, and
# its kernel: root.ext4, vmlinuz, initrd. The Debian itself is kept there for the next package.
#
# Debian's packages come from where this machine's own apt has them. Exit code 3: something is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(realpath "$1") work=$2 architecture=$3
include=systemd-sysv,udev,dbus,kmod,iproute2,can-utils,v4l-utils,procps,util-linux,qemu-guest-agent
tools="mmdebstrap qemu-img mkfs.ext4 unshare"
packages="mmdebstrap qemu-utils e2fsprogs util-linux"
case $architecture in
amd64)
    release=bookworm
    include+=,python3.11-venv,linux-image-amd64,initramfs-tools
    tools+=" qemu-system-x86_64" packages+=" qemu-system-x86"
    run=()
    ;;
arm64)
    # Of Trixie, as Raspberry Pi OS is now. Its kernel is unpacked and not configured: that takes the
    # emulator longer than all the rest.
    release=trixie
    include+=,python3.13-venv
    tools+=" qemu-system-aarch64 qemu-aarch64-static depmod cpio aarch64-linux-gnu-gcc"
    packages+=" qemu-system-arm qemu-user-static kmod cpio gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
    run=("$here/emulated.sh")
    ;;
esac

missing() { echo "$1" >&2; exit 3; }
[ "$(id -u)" = 0 ] || missing "a Debian root is made by root alone"
for tool in $tools; do
    command -v "$tool" >/dev/null || missing "no $tool (apt install $packages)"
done
mkdir -p "$work"
exec 9>"$work/lock"
flock 9

# bootstrap OUT OPTIONS...
bootstrap() {
    local out=$1
    shift
    "${run[@]}" mmdebstrap --mode=root --architectures="$architecture" --dpkgopt=force-unsafe-io "$@" \
        $release "$out.part.tar" >"$work/mmdebstrap.log" 2>&1 ||
        missing "mmdebstrap: $(grep -m 1 ^E: "$work/mmdebstrap.log" || tail -n 1 "$work/mmdebstrap.log")"
    mv "$out.part.tar" "$out"
}

key=$architecture-$(echo "$release $include $(cat "$here/v4l2loopback.sh")" | sha256sum | cut -c1-12)
base=$work/base-$key.tar kernel=$work/kernel-$key.tar
if [ ! -f "$base" ]; then
    rm -f "$work"/{base,kernel}-"$architecture"-*.tar
    if [ "$architecture" = amd64 ]; then
        bootstrap "$base" --variant=minbase --include=$include --customize-hook="$here/v4l2loopback.sh"
    else
        run=() bootstrap "$kernel" --variant=extract --include=linux-image-arm64,busybox-static
        bootstrap "$base" --variant=minbase --include=$include
    fi
fi

image=$work/image-$key-$(cat "$package" "$0" | sha256sum | cut -c1-12)
echo "$image"
[ ! -f "$image/root.ext4" ] || exit 0
rm -rf --one-file-system "$work/image-$architecture"-*
mkdir "$image"
root=$(mktemp -d "$work/root-XXXXXX")
# A mount that an interrupted run left is never entered.
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
tar -C "$root" --exclude='./dev/*' -xf "$base"
cp "$package" "$root/root/edge-fer.deb"
# Without a network, as a device in a car has none; a mount namespace ends with what it mounted.
"${run[@]}" unshare --mount --net sh -eu -c '
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
if [ "$architecture" = amd64 ]; then
    mv "$root"/boot/vmlinuz-* "$image/vmlinuz"
    mv "$root"/boot/initrd.img-* "$image/initrd"
else
    tar -C "$root" --keep-directory-symlink --wildcards -xf "$kernel" ./usr/lib/modules './boot/vmlinuz-*'
    mv "$root"/boot/vmlinuz-* "$image/vmlinuz"
    release=$(ls "$root/usr/lib/modules")
    depmod -b "$root" "$release"
    # What it takes to mount the root: a shell and the modules of disk and file system.
    initrd=$root/run/initrd
    mkdir -p "$initrd"/{bin,dev,proc,root}
    tar -C "$initrd" --strip-components=2 -xf "$kernel" ./usr/bin/busybox
    ln -s busybox "$initrd/bin/sh"
    {
        echo '#!/bin/sh'
        echo 'busybox mount -t devtmpfs devtmpfs /dev'
        for module in virtio_blk ext4; do modprobe -d "$root" -S "$release" --show-depends $module; done |
            awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
                xz -dc "$path" >"$initrd/$(basename "$path" .xz)"
                echo "busybox insmod /$(basename "$path" .xz)"
            done
        echo 'until busybox mount -t ext4 /dev/vda /root; do busybox sleep 1; done'
        echo 'busybox mount --move /dev /root/dev'
        echo 'exec busybox switch_root /root /sbin/init'
    } >"$initrd/init"
    chmod 755 "$initrd/init"
    (cd "$initrd" && find . | cpio --quiet -o -H newc | gzip -1) >"$image/initrd"
    rm -rf "$initrd"
fi
truncate -s 3G "$image/root.part"
mkfs.ext4 -q -F -d "$root" "$image/root.part"
mv "$image/root.part" "$image/root.ext4"
