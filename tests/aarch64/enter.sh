#!/usr/bin/env bash
# Runs a command in an arm64 root, as on a Raspberry Pi's processor, in namespaces of its own.
# usage: tests/aarch64/enter.sh ROOT cortex-a72|cortex-a76 COMMAND...    (of a Pi 4 or a Pi 5)
#
# Nothing is registered on the machine: a user namespace has a binfmt_misc of its own from Linux 6.7
# on.
set -euo pipefail
root=$1 cpu=$2
shift 2
case $cpu in
    cortex-a72) part=0xd08 ;;
    cortex-a76) part=0xd0b ;;
    *) echo "enter.sh: $cpu is neither cortex-a72 nor cortex-a76" >&2; exit 2 ;;
esac
# XNNPACK learns from /proc and /sys which cores there are and chooses its kernels by them. Without
# /sys it does not start, and the runtime's own kernels answer; of x86's it crashes.
processor=$(mktemp -d)
trap 'rm -r "$processor"' EXIT
for core in 0 1 2 3; do
    printf 'processor\t: %s\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\n' $core
    printf 'CPU part\t: %s\nCPU revision\t: 0\n\n' $part
done > "$processor/cpuinfo"

# shellcheck disable=SC2016  # the inner shell's own arguments
unshare --user --map-root-user --mount --pid --fork --mount-proc bash -euc '
    root=$1 cpu=$2 processor=$3
    shift 3
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    magic="\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    mask="\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    printf "%s" ":qemu-aarch64:M::$magic:$mask:$(command -v qemu-aarch64-static):OF" \
        > /proc/sys/fs/binfmt_misc/register
    mount --rbind /dev "$root/dev"
    mount --rbind /proc "$root/proc"
    mount --bind "$processor/cpuinfo" "$root/proc/cpuinfo"
    mount -t tmpfs none "$root/sys"
    mkdir -p "$root/sys/devices/system/cpu"
    echo 0-3 | tee "$root/sys/devices/system/cpu/possible" > "$root/sys/devices/system/cpu/present"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 \
        QEMU_CPU="$cpu" "$@"
' - "$root" "$cpu" "$processor" "$@"
