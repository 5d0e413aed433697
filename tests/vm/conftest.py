"""The machine of these tests: built once for the package, booted once for all of them.

The modules run in the order of their names; the last one takes the package away.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_fer import __version__
from tests.vm.machine import ARCHITECTURES, Machine
from tests.vm.service import start, use_vcan

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(__file__).with_name("build.sh")
ARCHITECTURE = ARCHITECTURES[os.environ.get("EDGE_FER_VM_ARCH", "amd64")]
PACKAGE = REPOSITORY / "build" / f"edge-fer_{__version__}_{ARCHITECTURE.debian}.deb"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "edge-fer" / "vm"
PYTHON = "/opt/edge-fer/bin/python"
MISSING = 3  # exit code of build.sh
PAYLOAD_MB = 512
# Frames of the demo's scene with the portrait, grey, as vivid's output takes them.
SCENE = """\
from edge_fer.camera import open_camera
camera = open_camera("demo:?loop=1", fps=10)
with open("/var/tmp/scene.grey", "wb") as out:
    for _ in range(40):
        frame = camera.read()
        assert frame.shape == (480, 640), frame.shape
        out.write(frame.tobytes())
"""
# Of 60 frames a second 8 come: the emulator has to compute what is judged.
CALM = "v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=87"
CONFIG = """\
[camera]
uri = "v4l2:/dev/video0?format=GREY&width=640&height=480"
fps = 8
[link]
uri = "socketcan:vcan0"
[recording]
enabled = true
states = "camera degraded"
after_s = 1
"""


@pytest.fixture(scope="session")
def image() -> Path:
    """Folder with kernel and root of a Debian that has the package."""
    if not PACKAGE.exists():
        pytest.skip(f"no virtual machine: {PACKAGE.name} is not built (make deb)")
    done = subprocess.run(
        [BUILD, PACKAGE, CACHE, ARCHITECTURE.debian], capture_output=True, text=True, check=False
    )
    if done.returncode == MISSING:
        pytest.skip(f"no virtual machine: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[-1])


@pytest.fixture(scope="session")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with what is no part of the package: tests, pytest, the C receiver, packages."""
    folder = tmp_path_factory.mktemp("payload")
    content = folder / "content"
    shutil.copytree(
        REPOSITORY / "tests", content / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(REPOSITORY / "systemd", content / "systemd")
    shutil.copy(REPOSITORY / "pyproject.toml", content)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--target", content / "site"),
            *("--disable-pip-version-check", "--constraint", REPOSITORY / "constraints.txt"),
            *("--only-binary", ":all:", "--python-version", ARCHITECTURE.python),
            *("--platform", f"manylinux_2_17_{ARCHITECTURE.uname}"),
            *("--platform", f"manylinux_2_28_{ARCHITECTURE.uname}", "pytest", "hypothesis"),
        ],
        check=True,
    )
    receiver = folder / "receiver"
    subprocess.run(
        [
            *("make", "-C", REPOSITORY / "firmware_bridge" / "c", f"BUILD={receiver}"),
            *(f"CC={ARCHITECTURE.compiler}", "SANITIZE=-O1 -static", f"{receiver}/edge_fer_linux"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.copy(receiver / "edge_fer_linux", content)
    for name, version in (("older", "0.0.1"), ("newer", "9.0")):
        repack(PACKAGE, version, folder / name, content / f"{name}.deb")
    disk = folder / "payload.ext4"
    subprocess.run(["truncate", "-s", f"{PAYLOAD_MB}M", disk], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-d", content, disk], check=True)
    return disk


def repack(package: Path, version: str, folder: Path, out: Path) -> None:
    """Write the same package as if it were of another version."""
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    for name in ("control", "postinst"):
        script = folder / "DEBIAN" / name
        script.write_text(script.read_text().replace(__version__, version))
    subprocess.run(
        ["dpkg-deb", "-Znone", "--root-owner-group", "--build", folder, out],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def machine(
    image: Path, payload: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    with Machine(image, tmp_path_factory.mktemp("machine"), payload, ARCHITECTURE) as machine:
        yield machine


def feed_camera(machine: Machine) -> None:
    """Let vivid's capture device show the portrait: its HDMI output loops into its input.

    Nobody may have the device open.
    """
    machine.output(
        "for device in 0 1; do v4l2-ctl -d /dev/video$device --set-dv-bt-timings index=0; done"
        f" && v4l2-ctl -d /dev/video0 -c loop_video=1 && {CALM}"
        " && v4l2-ctl -d /dev/video1 --set-fmt-video-out=pixelformat=GREY"
        " && systemctl restart scene"
    )


@pytest.fixture(scope="module")
def service(machine: Machine) -> Machine:
    """The machine with the service enabled and started, its camera fed with the portrait."""
    use_vcan(machine)
    machine.write("/root/scene.py", SCENE)
    machine.write(
        "/etc/systemd/system/scene.service",
        "[Service]\nRestart=always\nExecStart=v4l2-ctl -d /dev/video1 --stream-out-mmap"
        " --stream-from=/var/tmp/scene.grey --stream-loop\n",
    )
    machine.output(
        "systemctl stop edge-fer scene; modprobe vivid && systemctl daemon-reload"
        " && { test -e /var/tmp/scene.grey || /opt/edge-fer/bin/python /root/scene.py; }"
    )
    feed_camera(machine)
    start(machine, CONFIG)
    return machine
