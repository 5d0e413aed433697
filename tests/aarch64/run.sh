#!/usr/bin/env bash
# Proves that the package installs and runs on aarch64: an arm64 Debian under qemu-user, the wheels
# that a Raspberry Pi would get, the demo, the models' golden images and the device's tests; and counts
# what instructions it takes.
# usage: tests/aarch64/run.sh [FOLDER]    (~/.cache/edge-fer/aarch64; kept for a second, quicker run)
#
# Where something is missing it says SKIPPED and what, and ends with 0.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Outside of the tree: setuptools would walk through all of it, links in circles included.
work=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/edge-fer/aarch64}
mkdir -p "$work"
root=$work/root
python=${PYTHON:-python3}
packages=python3,python3-venv,ca-certificates

skip() { echo "SKIPPED: aarch64: $1"; exit 0; }

[ "$(id -u)" = 0 ] || skip "debootstrap needs root"
for tool in debootstrap qemu-aarch64-static unshare dpkg-deb; do
    command -v "$tool" > /dev/null || skip "no $tool (apt install debootstrap qemu-user-static)"
done
unshare --user --map-root-user --mount sh -c \
    'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && [ -w /proc/sys/fs/binfmt_misc/register ]' \
    2> /dev/null || skip "this kernel has no binfmt_misc in a user namespace (Linux 6.7)"

# The packages are unpacked and not configured: nothing here starts a service, and Python needs no
# more. (Configuring wants all user ids, which a user namespace of one id does not have.)
if [ ! -f "$root/.unpacked" ]; then
    rm -rf "$root"
    debootstrap --foreign --arch=arm64 --variant=minbase --include=$packages bookworm "$root" \
        > "$work/debootstrap.log" 2>&1 || skip "debootstrap: $(tail -n 1 "$work/debootstrap.log")"
    for package in "$root"/var/cache/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -C "$root" --keep-directory-symlink -xf -
    done
    touch "$root/.unpacked"
fi
# In a container debootstrap makes it a link to /proc, which inside of the root leads to itself.
if [ -L "$root/proc" ]; then rm "$root/proc" && mkdir "$root/proc"; fi

# The wheels are fetched here, for the emulated pip is slow, and are those of the constraints.
wheels=$root/root/wheels
rm -rf "$wheels" && mkdir -p "$wheels"
platforms=()
for tag in 2_17 2_27 2_28 2_31 2_34; do platforms+=(--platform "manylinux_${tag}_aarch64"); done
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$wheels" .
"$python" -m pip download --quiet --constraint constraints.txt --dest "$wheels" \
    --only-binary :all: --python-version 3.11 "${platforms[@]}" --platform manylinux2014_aarch64 \
    "$(echo "$wheels"/edge_fer-*.whl)" pytest hypothesis jsonschema msgpack cryptography \
    2> "$work/download.log" || { cat "$work/download.log"; exit 1; }
rm -rf "$root/root/tests" && cp -r tests pyproject.toml "$root/root/"
cp tests/aarch64/inside.sh "$root/root/"
# What x86 answers, to be compared with inside.
PYTHONPATH=. "$python" tests/aarch64/answers.py "$root/root/answers-x86.npy"

# The demo on a Pi 5's processor: a face on a Pi 4's takes the emulator four times as long, and the
# tracker then loses the driver between two frames. The kernels differ, and are compared on both.
tests/aarch64/enter.sh "$root" cortex-a76 bash /root/inside.sh
echo "== the kernels of a cortex-a72"
tests/aarch64/enter.sh "$root" cortex-a72 bash /root/tests/aarch64/kernels.sh
tests/aarch64/count.sh "$root"
