#!/bin/sh
# Builds the Debian package: build-deb.sh WHEELS VERSION ARCHITECTURE PYTHON OUT
#
# WHEELS is a folder with the wheel of edge-fer and those of all that it needs, for ARCHITECTURE (as
# dpkg names it) and PYTHON (python3.11). `make deb` fills it and calls this.
set -eu
# The same tree gives the same package: dpkg-deb takes no later time than SOURCE_DATE_EPOCH.
umask 022
LC_ALL=C
export LC_ALL
[ $# = 5 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
wheels=$1 version=$2 architecture=$3 python=$4 out=$5
here=$(cd "$(dirname "$0")" && pwd)
tree=$(dirname "$here")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

# The files of the tree that a text in docs/ or the README links to as an example of code.
linked_sources() {
    (cd "$tree" && grep -rhoE '\]\((\.\./)*(edge_fer|firmware_bridge|quantize|tests)/[^)#]+' \
        --include='*.md' README.md SECURITY.md CONTRIBUTING.md docs | sed -E 's/^\]\((\.\.\/)*//' |
        sort -u | while read -r name; do [ ! -f "$name" ] || echo "$name"; done)
}

put() { install -D -m "$1" "$2" "$root$3"; } # MODE SOURCE TARGET

put 644 "$here/edge-fer.service" /usr/lib/systemd/system/edge-fer.service
put 644 "$here/70-edge-fer.rules" /usr/lib/udev/rules.d/70-edge-fer.rules
put 644 "$here/edge-fer.sysusers" /usr/lib/sysusers.d/edge-fer.conf
put 644 "$here/edge-fer.tmpfiles" /usr/lib/tmpfiles.d/edge-fer.conf
# The config that postinst lays where there is none: no conffile, so that no upgrade asks.
put 644 "$here/debian/config.toml" /usr/share/edge-fer/config.toml
put 644 "$here/config.toml" /usr/share/doc/edge-fer/examples/config.toml
for name in socketcan csi-camera network-camera tcp-link jetson; do
    put 644 "$here/$name.conf" "/usr/share/doc/edge-fer/examples/$name.conf"
done
put 644 "$here/80-can0.network" /usr/share/doc/edge-fer/examples/80-can0.network
# The texts in the folders of the tree, so that their links lead somewhere, and what they link to.
doc=/usr/share/doc/edge-fer
for name in README.md SECURITY.md CONTRIBUTING.md CHANGELOG.md pyproject.toml edge_fer/assets/ATTRIBUTION.md \
    firmware_bridge/protocol/driver_state.dbc firmware_bridge/c/README.md systemd/README.md \
    systemd/config.toml $(cd "$tree" && find docs -type f ! -name '*.pyc' | sort) $(linked_sources); do
    put 644 "$tree/$name" "$doc/$name"
done
ln -s systemd/README.md "$root$doc/INSTALL.md"
put 644 "$tree/LICENSE" /usr/share/doc/edge-fer/copyright
put 644 "$here/sbom.cdx.json" /usr/share/doc/edge-fer/sbom.cdx.json
put 644 "$here/third-party-licences.md" /usr/share/doc/edge-fer/third-party-licences.md
for wheel in "$wheels"/*.whl; do
    put 644 "$wheel" "/usr/share/edge-fer/wheels/$(basename "$wheel")"
    printf '%s --hash=sha256:%s\n' "/usr/share/edge-fer/wheels/$(basename "$wheel")" \
        "$(sha256sum "$wheel" | cut -d' ' -f1)"
done >"$root/requirements"
put 644 "$root/requirements" /usr/share/edge-fer/wheels/requirements.txt
rm "$root/requirements"
mkdir -p "$root/usr/bin"
ln -s /opt/edge-fer/bin/edge-fer "$root/usr/bin/edge-fer"

# In KiB, as dpkg-gencontrol counts: not `du`, which counts what a file system takes for it.
size() {
    find "$root" -path "$root/DEBIAN" -prune -o -printf '%y %s\n' |
        awk '{ kib += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print kib }'
}
fill() { # SOURCE TARGET MODE
    sed -e "s/@VERSION@/$version/g" -e "s/@ARCHITECTURE@/$architecture/g" -e "s/@PYTHON@/$python/g" \
        -e "s/@SIZE@/$(size)/" "$here/debian/$1" >"$root/DEBIAN/$2"
    chmod "$3" "$root/DEBIAN/$2"
}
mkdir "$root/DEBIAN"
fill control.in control 644
for script in postinst prerm postrm; do fill $script $script 755; done
mkdir -p "$(dirname "$out")"
# The wheels are compressed already.
dpkg-deb --root-owner-group -Zgzip -z1 --build "$root" "$out"
