#!/usr/bin/env bash
# emulated.sh COMMAND...: runs the command as root of a user namespace where the programs of arm64 run
# by qemu-user. Nothing is registered on this computer: from Linux 6.7 such a namespace has a binfmt_misc
# of its own. It has the ids 0 to 65535 of this computer, which a Debian root needs.
set -euo pipefail
go=$(mktemp -u)
mkfifo "$go"
# shellcheck disable=SC2016  # the inner shell's own arguments
unshare --user --mount --fork --pid --mount-proc --kill-child bash -euc '
    read -r _ <"$0"
    exec setpriv --reuid 0 --regid 0 --clear-groups bash -euc "
        mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
        printf %s \"\$0\" >/proc/sys/fs/binfmt_misc/register
        exec \"\$@\"" "$@"' "$go" \
    ':qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$(command -v qemu-aarch64-static)"':F' \
    "$@" &
child=$!
# The ids are given from outside, once the namespace is there.
until inner=$(pgrep -P $child) && [ "$(readlink "/proc/$inner/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do
    kill -0 $child
    sleep 0.1
done
echo "0 0 65536" >"/proc/$inner/uid_map"
echo "0 0 65536" >"/proc/$inner/gid_map"
echo >"$go"
rm "$go"
wait $child
