"""The unit and what goes with it, as systemd's own tools read it."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_fer.paths import DEVICE_CONFIG, INSTALLED_MODELS

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
SERVICE = SYSTEMD / "edge-fer.service"
# systemd-analyze security, in tenths.
SERIAL_THRESHOLD, NETWORK_THRESHOLD = 10, 14
DROP_INS = {
    "socketcan": NETWORK_THRESHOLD,
    "csi-camera": SERIAL_THRESHOLD,
    "network-camera": NETWORK_THRESHOLD,
    "tcp-link": NETWORK_THRESHOLD,
    "jetson": SERIAL_THRESHOLD + 2,
}


def needs(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def systemd_analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    needs("systemd-analyze")
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there, as verify wants it."""
    path = tmp_path / SERVICE.name
    path.write_text(SERVICE.read_text().replace("/opt/edge-fer/bin/edge-fer", sys.executable))
    return path


@pytest.fixture(params=DROP_INS)
def drop_in(request: pytest.FixtureRequest, unit: Path) -> str:
    """Name of a drop-in that lies beside the unit."""
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    name: str = request.param
    shutil.copy(SYSTEMD / f"{name}.conf", folder)
    return name


def test_the_unit_is_understood(unit: Path) -> None:
    done = systemd_analyze("verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_with_a_drop_in_is_understood(unit: Path, drop_in: str) -> None:
    done = systemd_analyze("verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_would_see_a_mistake(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("WatchdogSec=3", "WatchdogSecs=3"))
    assert "WatchdogSecs" in systemd_analyze("verify", unit).stderr


def exposure(unit: Path, threshold: int) -> subprocess.CompletedProcess[str]:
    return systemd_analyze("security", "--offline=true", f"--threshold={threshold}", unit)


def test_the_sandbox_is_tight(unit: Path) -> None:
    done = exposure(unit, SERIAL_THRESHOLD)
    assert done.returncode == 0, done.stdout
    assert exposure(unit, 1).returncode != 0


def test_the_sandbox_is_tight_with_a_drop_in(unit: Path, drop_in: str) -> None:
    done = exposure(unit, DROP_INS[drop_in])
    assert done.returncode == 0, done.stdout
    # The drop-in was read: what it opens is in the report.
    opened = {"socketcan": "exotic sockets", "csi-camera": "char-dma_heap", "jetson": "char-ttyTHS"}
    assert opened.get(drop_in, "host's network") in done.stdout


def test_the_paths_are_those_of_the_program() -> None:
    text = SERVICE.read_text()
    assert f"--config {DEVICE_CONFIG}" in text
    assert f"ReadOnlyPaths=-{INSTALLED_MODELS}" in text


@pytest.mark.parametrize(
    "line",
    [
        "LimitCORE=0",  # no frame in a core dump
        "MemorySwapMax=0",
        "LimitMEMLOCK=128M",  # frames in shared memory are locked
        "UMask=0077",
        "RuntimeDirectoryPreserve=yes",  # the vehicle's last word
        "OOMPolicy=continue",  # one process that the kernel ends does not end the daemon
        "TimeoutStartFailureMode=kill",  # what hangs does not obey SIGTERM
        "PrivateNetwork=yes",
    ],
)
def test_what_is_promised_of_the_service_is_in_the_unit(line: str) -> None:
    assert line in SERVICE.read_text().splitlines()


def test_the_user_is_made(tmp_path: Path) -> None:
    needs("systemd-sysusers")
    for name in ("passwd", "group"):
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / name).touch()
    subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "edge-fer.sysusers"], check=True
    )
    users = (tmp_path / "etc" / "passwd").read_text()
    assert users.startswith("edge-fer:x:")
    assert users.rstrip().endswith("/usr/sbin/nologin")
    groups = (tmp_path / "etc" / "group").read_text()
    for group in ("video", "dialout"):
        assert any(
            line.startswith(f"{group}:") and line.endswith(":edge-fer")
            for line in groups.splitlines()
        )
    # A unit with a group that the system lacks does not start: those of the drop-ins are made.
    named = {
        group
        for path in SYSTEMD.glob("*.conf")
        for line in path.read_text().splitlines()
        if line.startswith("SupplementaryGroups=")
        for group in line.partition("=")[2].split()
    }
    assert {"plugdev", "render"} < named
    assert named <= {line.partition(":")[0] for line in groups.splitlines()}


def test_udev_rules_are_well_formed() -> None:
    needs("udevadm")
    help_text = subprocess.run(
        ["udevadm", "--help"], capture_output=True, text=True, check=True
    ).stdout
    if "verify" not in help_text:
        pytest.skip("udevadm verify came with systemd 254")
    subprocess.run(["udevadm", "verify", SYSTEMD / "70-edge-fer.rules"], check=True)


def test_the_jetson_drop_in_has_the_devices_that_nvidia_documents() -> None:
    """The list of what L4T gives to a container, of three releases.

    From OE4T/meta-tegra, which carries the BSP's own files: R32 in
    nvidia-container-runtime/l4t.csv (8ad6b98), R35 in tegra-configs/l4t.csv (08ce18d), R36 in
    tegra-configs/devices.csv (6a40c8a). `use` is this project's: what `jetson:` needs is `camera`.
    """
    with Path(__file__).with_name("jetson_devices.csv").open(encoding="ascii") as file:
        use_of = {row["device"]: row["use"] for row in csv.DictReader(file)}
    allowed = {
        line.removeprefix("DeviceAllow=").removesuffix(" rw")
        for line in (SYSTEMD / "jetson.conf").read_text().splitlines()
        if line.startswith("DeviceAllow=")
    }
    # Their numbers differ from board to board: the class of devices stands for them.
    classes = {"/dev/dri/renderD*": "char-drm"}
    needed = {classes.get(path, path) for path, use in use_of.items() if use == "camera"}
    assert {name for name in allowed if name.startswith("/dev/")} | {"char-drm"} == needed
    # What comes from other documents: media nodes, DMA heaps and the UARTs of the 40-pin header.
    assert allowed - needed == {"char-media", "char-dma_heap", "char-ttyTHS"}
