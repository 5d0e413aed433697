"""The Debian package: built, installed and booted in a throw-away Debian, and taken away again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_fer import __version__

REPOSITORY = Path(__file__).resolve().parents[2]
IN_A_ROOT = Path(__file__).with_name("in_a_bookworm_root.sh")
PROBE = Path(__file__).with_name("probe.sh")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package() -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no Debian tools: dpkg-deb is not installed")
    environment = Path(sys.prefix)
    done = subprocess.run(
        ["make", "deb", f"VENV={environment}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No matching distribution" in done.stderr or "Could not fetch" in done.stderr:
        pytest.skip("the wheels cannot be fetched: no network")
    assert done.returncode == 0, done.stderr
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return REPOSITORY / "build" / f"edge-fer_{__version__}_{architecture}.deb"


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


@pytest.fixture(scope="module")
def root(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each step in the throw-away root said, a file each."""
    release = Path("/etc/os-release")
    if not release.exists() or "bookworm" not in release.read_text():
        pytest.skip("the root is made of this machine's own, and that is no Debian bookworm")
    if os.geteuid() != 0:
        pytest.skip("only root may mount and boot a throw-away root")
    may_mount = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "x", "/mnt"],
        capture_output=True,
        check=False,
    )
    if may_mount.returncode != 0:
        pytest.skip("this machine does not let us mount a throw-away root")
    results = tmp_path_factory.mktemp("bookworm")
    done = subprocess.run(
        ["unshare", "--mount", IN_A_ROOT, package, PROBE, results],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = "\n".join(f"{path.name}: {path.read_text()}" for path in results.iterdir())
    assert done.returncode == 0, done.stderr + said
    return results


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


@pytest.fixture(scope="module")
def probe(root: Path) -> dict[str, str]:
    """What the probe saw of the service in the booted root, and its log."""
    if shutil.which("systemd-nspawn") is None:
        pytest.skip("systemd-nspawn is not installed (apt install systemd-container)")
    path = root / "probe"
    if not path.exists():
        last = (root / "boot").read_text(errors="replace").splitlines()[-3:]
        pytest.skip(f"systemd does not boot here: {last}")
    lines = [line.partition("=") for line in path.read_text().splitlines()]
    values = {key: value for key, _, value in lines if key != "log"}
    values["log"] = "\n".join(value for key, _, value in lines if key == "log")
    assert "end" in values, path.read_text()
    return values


def test_the_service_becomes_ready_and_says_how_it_is(probe: dict[str, str]) -> None:
    assert probe["ready"] == "yes"
    assert probe["status"].startswith("attentive, ")
    assert probe["status"].endswith(" fps")


def test_it_runs_in_its_sandbox(probe: dict[str, str]) -> None:
    assert probe["user"] == "edge-fer"
    assert probe["seccomp"] == "2"  # a filter
    assert int(probe["capabilities"], 16) == 0
    assert probe["interfaces"] == "1"  # lo
    assert probe["core"] == "0"


def test_it_answers_whom_it_may(probe: dict[str, str]) -> None:
    assert json.loads(probe["asked"])["state"] == "attentive"
    assert "permission denied" in probe["asked_by_nobody"]


def test_its_journal_has_fields(probe: dict[str, str]) -> None:
    assert int(probe["field"]) >= 1


def test_the_doctor_finds_it_well(probe: dict[str, str]) -> None:
    findings = {item["check"]: item for item in json.loads(probe["doctor"])}
    for check in ("config", "daemon", "model", "camera", "link", "permissions"):
        assert findings[check]["level"] == "ok", findings[check]


def test_it_records_an_event_for_the_owner_of_the_key_alone(probe: dict[str, str]) -> None:
    assert probe["recordings"].split()[:4] == ["edge-fer", "700", "edge-fer", "600"]
    assert "attentive, " in probe["recording"]
    assert "ON" in probe["recorder"]
    assert ", encrypted" in probe["recorder"]
    assert ";" not in probe["recorder"]  # nothing is lost and nothing is wrong


def test_a_reload_changes_the_policy(probe: dict[str, str]) -> None:
    assert probe["reloaded"] == "yes"


def test_a_killed_daemon_comes_back(probe: dict[str, str]) -> None:
    assert probe["restarted_after_kill"] == "yes"


def test_a_daemon_that_stands_still_is_noticed_and_restarted(probe: dict[str, str]) -> None:
    assert probe["restarted_after_stop"] == "yes"
    assert probe["watchdog"] == "1"


def test_it_stops_in_time(probe: dict[str, str]) -> None:
    assert probe["result"] == "success"
    assert int(probe["stopped_ms"]) < 2_000  # TimeoutStopSec
