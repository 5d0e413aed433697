"""The Debian package: built, installed in a throw-away Debian, and taken away again."""

import subprocess
from pathlib import Path

import pytest

from edge_fer import __version__

pytestmark = pytest.mark.slow


def dpkg_deb(*arguments: str | Path) -> str:
    return subprocess.run(
        ["dpkg-deb", *map(str, arguments)], capture_output=True, text=True, check=True
    ).stdout


def test_what_is_in_the_package(package: Path) -> None:
    lines = dpkg_deb("--contents", package).splitlines()
    names = {line.split()[5].removeprefix(".") for line in lines}
    assert {
        "/usr/share/edge-fer/config.toml",
        "/usr/bin/edge-fer",
        "/usr/lib/systemd/system/edge-fer.service",
        "/usr/lib/sysusers.d/edge-fer.conf",
        "/usr/lib/tmpfiles.d/edge-fer.conf",
        "/usr/lib/udev/rules.d/70-edge-fer.rules",
        "/usr/share/doc/edge-fer/copyright",
        "/usr/share/doc/edge-fer/examples/jetson.conf",
        "/usr/share/doc/edge-fer/examples/socketcan.conf",
        "/usr/share/doc/edge-fer/examples/tcp-link.conf",
        "/usr/share/doc/edge-fer/examples/80-can0.network",
        f"/usr/share/edge-fer/wheels/edge_fer-{__version__}-py3-none-any.whl",
    } <= names
    wheels = [name for name in names if name.endswith(".whl")]
    for needed in ("ai_edge_litert", "numpy", "opencv_python_headless", "pyserial"):
        assert any(f"/{needed}-" in wheel for wheel in wheels), needed
    assert not any("tensorflow" in wheel for wheel in wheels)
    assert all(line.split()[1] == "root/root" for line in lines)


def test_what_the_package_says_of_itself(package: Path) -> None:
    assert dpkg_deb("--field", package, "Version").strip() == __version__
    assert "python3.11-venv" in dpkg_deb("--field", package, "Depends")
    # An upgrade never asks about the config: it is the owner's, and no conffile.
    assert "conffiles" not in dpkg_deb("--info", package)


def test_it_is_installed_without_a_network(root: Path) -> None:
    assert (root / "version").read_text() == f"edge-fer {__version__}\n"
    assert (root / "check").read_text() == "/etc/edge-fer/config.toml: all right\n"


def test_its_user_and_folders_are_there(root: Path) -> None:
    groups = (root / "id").read_text()
    assert "(video)" in groups
    assert "(dialout)" in groups
    assert (root / "folders").read_text().splitlines() == [
        "/var/lib/edge-fer edge-fer 755",
        "/var/lib/edge-fer/models root 755",
        "/var/lib/edge-fer/recordings edge-fer 700",
    ]


def test_its_config_is_small_and_for_root_and_the_service_alone(root: Path) -> None:
    assert (root / "config").read_text().split() == ["root:edge-fer", "640"]
    assert (root / "wheels").read_text() == ""  # removed after the install


def test_an_upgrade_asks_nothing_and_keeps_a_changed_config(root: Path) -> None:
    assert "*** config.toml" not in (root / "upgrade").read_text()
    assert (root / "upgraded").read_text().splitlines() == [f"edge-fer {__version__}", "fps = 17"]


def test_an_upgrade_on_a_full_disk_leaves_the_old_program(root: Path) -> None:
    full = (root / "full").read_text()
    assert "No space left on device" in full
    assert "the program before it, if any, stays" in full
    assert (root / "after_full").read_text().splitlines() == [f"edge-fer {__version__}", "1"]


def test_it_leaves_nothing_behind(root: Path) -> None:
    assert (root / "left").read_text() == ""
