#!/usr/bin/env bash
# Counts the instructions that the pipeline's parts take on a Raspberry Pi 4's and a Pi 5's processor.
# usage: tests/aarch64/count.sh ROOT    (the arm64 root that run.sh made, with the package in it)
#
# Where something is missing it says SKIPPED and what, and ends with 0.
set -euo pipefail
cd "$(dirname "$0")"
root=${1:?the arm64 root}

skip() { echo "SKIPPED: instructions on aarch64: $1"; exit 0; }

for tool in gcc qemu-aarch64; do
    command -v "$tool" > /dev/null || skip "no $tool (apt install gcc qemu-user)"
done
# The static one cannot load a plugin, so this one brings its libraries into the root.
emulator=$root/qemu
rm -rf "$emulator" && mkdir "$emulator"
qemu=$(command -v qemu-aarch64)
libraries=$(ldd "$qemu" | grep -o '/[^ ]*') || skip "$qemu loads no plugins (apt install qemu-user)"
# shellcheck disable=SC2086  # a path a word
cp "$qemu" $libraries "$emulator"
gcc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -shared -fPIC -fvisibility=hidden \
    -o "$emulator/count_instructions.so" count_instructions.c
"$qemu" -L "$root" -plugin "$emulator/count_instructions.so,out=/dev/null" "$root/usr/bin/true" \
    2> "$emulator/log" || skip "$(tail -n 1 "$emulator/log")"

cp pipeline_instructions.py "$root/root/"
for cpu in cortex-a72 cortex-a76; do
    echo "== the instructions of a $cpu"
    # The plugin counts exactly in one thread only; OpenCV is told so by the program.
    ./enter.sh "$root" "$cpu" OPENBLAS_NUM_THREADS=1 PYTHONHASHSEED=0 \
        /qemu/ld-linux-x86-64.so.2 --library-path /qemu /qemu/qemu-aarch64 \
        -plugin /qemu/count_instructions.so,out=/tmp/counts.csv \
        /root/venv/bin/python /root/pipeline_instructions.py /tmp/counts.csv
done
