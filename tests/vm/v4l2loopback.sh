#!/bin/sh
# v4l2loopback.sh ROOT: a hook of mmdebstrap. Builds Debian's module for the root's kernel, for the tests
# of the V4L2 camera that need a device which a program fills, and takes the compiler away again.
set -eu
root=$1
tools="v4l2loopback-dkms linux-headers-amd64"
# shellcheck disable=SC2086  # a list
chroot "$root" apt-get install -y --no-install-recommends $tools
module=$(cd "$root" && find lib/modules usr/lib/modules -name 'v4l2loopback.ko*' | head -n 1)
cp "$root/$module" "$root/root/"
# shellcheck disable=SC2086
chroot "$root" apt-get purge -y --autoremove $tools
mkdir -p "$root/$(dirname "$module")"
mv "$root/root/$(basename "$module")" "$root/$module"
chroot "$root" depmod "$(basename "$(ls -d "$root"/usr/lib/modules/* "$root"/lib/modules/* 2>/dev/null | head -n 1)")"
