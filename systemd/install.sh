#!/bin/sh
# Installs edge-fer on this device from the source tree, or takes it away again. May be repeated: what
# is there already stays as it is, and a config that was edited is never touched.
#
#   install.sh [--dry-run] [--root DIR] [--socketcan] [--jetson] [--python PYTHON] [--index URL]
#   install.sh --uninstall [--purge] [--dry-run] [--root DIR]
#
#   --dry-run    say what would be done, and do nothing
#   --root DIR   put the files below DIR (an image that is being built): no virtual environment is
#                made there and no service is started
#   --socketcan  the controller is on the CAN interface can0, not on a serial port
#   --jetson     the camera is at a Jetson's own connector; chosen by itself on a Jetson
#   --python     the Python of the virtual environment (python3), 3.11 to 3.13
#   --index URL  a package index in the place of PyPI; what it serves has to have the known sha256
#   --purge      take away config, installed models and user as well
set -eu
# Run as root: nothing of the caller's folder or environment is to decide what runs.
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset CDPATH ENV BASH_ENV LD_PRELOAD LD_LIBRARY_PATH IFS

here=$(cd "$(dirname "$0")" && pwd)
tree=$(dirname "$here")
root= dry= socketcan= jetson= uninstall= purge= python=python3 index=https://pypi.org/simple
venv=/opt/edge-fer

fail() {
    echo "install.sh: $*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --socketcan) socketcan=yes ;;
    --jetson) jetson=yes ;;
    --uninstall) uninstall=yes ;;
    --purge) purge=yes ;;
    --root) [ $# -gt 1 ] || fail "--root needs a folder"; root=${2%/}; shift ;;
    --index) [ $# -gt 1 ] || fail "--index needs a URL"; index=$2; shift ;;
    --python) [ $# -gt 1 ] || fail "--python needs a program"; python=$2; shift ;;
    --help | -h) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'; exit 0 ;;
    *) fail "unknown option $1; see install.sh --help" ;;
    esac
    shift
done
[ -z "$purge" ] || [ -n "$uninstall" ] || fail "--purge goes with --uninstall"
[ -z "$root" ] || [ -d "$root" ] || fail "--root $root: there is no such folder"
[ -z "$root" ] || root=$(cd "$root" && pwd)
case $python in
/*) ;;
*/*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;;
esac
cd /
# NVIDIA's Jetson Linux says so in this file.
[ ! -e "$root/etc/nv_tegra_release" ] || jetson=yes
if [ -z "$root$dry" ]; then
    [ "$(id -u)" = 0 ] || fail "run it as root: sudo $0"
    command -v systemctl >/dev/null || fail "there is no systemd here; to put files below DIR use --root"
    ! dpkg-query -W edge-fer >/dev/null 2>&1 ||
        fail "the package edge-fer is installed: use apt, or apt remove edge-fer first"
fi

# Runs a command, or only says it.
run() {
    echo "+ $*"
    [ -n "$dry" ] || "$@"
}

# Installs with the known sha256 of each file. PIP_* variables, all pip.conf files, a folder ./pip
# and the packages of a user do nothing: -I, a config of nothing, and an environment of three names.
pip_install() {
    run env -i PATH="$PATH" HOME=/nonexistent PIP_CONFIG_FILE=/dev/null \
        ${https_proxy:+https_proxy="$https_proxy"} \
        $venv/bin/python -I -m pip --isolated install --quiet --disable-pip-version-check \
        --no-cache-dir --index-url "$index" "$@"
}

# The same for what concerns the running system, which another root is not.
live() { [ -n "$root" ] || run "$@"; }

# What only a running systemd can do: in a chroot it waits for the boot.
booted() {
    if [ -n "$root" ]; then
        return 0
    elif [ -n "$dry" ] || [ -d /run/systemd/system ]; then
        run "$@"
    else
        echo "- $* (systemd does not run here)"
    fi
}

put() { # SOURCE TARGET
    if cmp -s "$1" "$root$2"; then
        echo "= $2"
    else
        run install -D -m 644 "$1" "$root$2"
    fi
}

take_away() { # TARGET
    if [ -e "$root$1" ] || [ -L "$root$1" ]; then run rm -rf -- "$root$1"; fi
}

if [ -n "$uninstall" ]; then
    booted systemctl stop edge-fer.service || true
    live systemctl --root=/ disable edge-fer.service || true
    take_away /etc/systemd/system/edge-fer.service
    take_away /etc/systemd/system/edge-fer.service.d/socketcan.conf
    take_away /etc/systemd/system/edge-fer.service.d/jetson.conf
    if [ -z "$dry" ]; then
        rmdir "$root/etc/systemd/system/edge-fer.service.d" 2>/dev/null || true
    fi
    take_away /etc/systemd/network/80-can0.network
    take_away /etc/udev/rules.d/70-edge-fer.rules
    take_away /etc/sysusers.d/edge-fer.conf
    take_away /etc/tmpfiles.d/edge-fer.conf
    take_away /usr/local/bin/edge-fer
    take_away $venv
    if [ -n "$purge" ]; then
        take_away /etc/edge-fer
        take_away /var/lib/edge-fer
        live userdel edge-fer || true
    else
        echo "kept: /etc/edge-fer, /var/lib/edge-fer and the user edge-fer (--purge removes them)"
    fi
    booted systemctl daemon-reload
    booted udevadm control --reload
    exit 0
fi

put "$here/edge-fer.service" /etc/systemd/system/edge-fer.service
put "$here/70-edge-fer.rules" /etc/udev/rules.d/70-edge-fer.rules
put "$here/edge-fer.sysusers" /etc/sysusers.d/edge-fer.conf
put "$here/edge-fer.tmpfiles" /etc/tmpfiles.d/edge-fer.conf
if [ -n "$socketcan" ]; then
    put "$here/socketcan.conf" /etc/systemd/system/edge-fer.service.d/socketcan.conf
    put "$here/80-can0.network" /etc/systemd/network/80-can0.network
fi
if [ -n "$jetson" ]; then
    put "$here/jetson.conf" /etc/systemd/system/edge-fer.service.d/jetson.conf
fi
if [ -e "$root/etc/edge-fer/config.toml" ]; then
    echo "= /etc/edge-fer/config.toml (yours; the new example is $here/config.toml)"
else
    put "$here/config.toml" /etc/edge-fer/config.toml
fi
if [ -z "$root" ]; then
    # The system's packages are seen: picamera2 comes from apt.
    [ -x $venv/bin/python ] || run "$python" -I -m venv --system-site-packages $venv
    pip_install --upgrade --only-binary :all: --require-hashes \
        --requirement "$here/requirements.txt"
    pip_install --upgrade --no-deps --no-build-isolation "$tree"
    run ln -sfn $venv/bin/edge-fer /usr/local/bin/edge-fer
fi
live systemd-sysusers edge-fer.conf
live systemd-tmpfiles --create edge-fer.conf
live systemctl --root=/ enable edge-fer.service
booted systemctl daemon-reload
booted udevadm control --reload
booted udevadm trigger --subsystem-match=video4linux --subsystem-match=tty
echo "Set camera and link in /etc/edge-fer/config.toml, then: systemctl restart edge-fer"
