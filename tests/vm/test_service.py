"""The package's service on a real kernel: systemd's sandbox, vivid as camera, vcan0 as bus.

Emulated and beside other work everything takes its multiple: order is judged, not seconds.
"""

import json
import re
import time
from collections.abc import Callable

import pytest

from tests.vm.machine import Machine

pytestmark = [pytest.mark.vm, pytest.mark.slow]

CONFIG = """\
[camera]
uri = "v4l2:/dev/video0?format=GREY&width=640&height=480"
fps = 10
[link]
uri = "socketcan:vcan0"
"""
# DriverState is a frame of 8 bytes with this id (firmware_bridge/protocol/driver_state.dbc).
DRIVER_STATE = "3A0"
PATIENCE_S = 240.0
# Frames of the demo's scene with the portrait, grey, as vivid's output takes them.
SCENE = """\
import sys
from edge_fer.camera import open_camera
camera = open_camera("demo:?loop=1", fps=10)
with open("/var/tmp/scene.grey", "wb") as out:
    for _ in range(40):
        frame = camera.read()
        assert frame.shape == (480, 640), frame.shape
        out.write(frame.tobytes())
"""


def until(true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    end_s = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end_s, f"not within {patience_s:g} s: {what}"
        time.sleep(1.0)


def show(machine: Machine, name: str) -> str:
    return machine.output(f"systemctl show edge-fer --property={name} --value").strip()


def frames(machine: Machine, count: int = 1) -> str:
    """`count` DriverState frames of candump; empty where they do not come."""
    return machine.run(f"timeout 20 candump -n {count} vcan0,{DRIVER_STATE}:7FF").stdout


def status(machine: Machine) -> dict[str, object]:
    done = machine.run("edge-fer status --json")
    answer: dict[str, object] = json.loads(done.stdout) if done.returncode == 0 else {}
    return answer


@pytest.fixture(scope="module")
def service(machine: Machine) -> Machine:
    """The machine with the service enabled and started, its camera fed with the portrait."""
    machine.output("ip link add vcan0 type vcan && ip link set vcan0 up && modprobe vivid")
    for device in (0, 1):
        machine.output(f"v4l2-ctl -d /dev/video{device} --set-dv-bt-timings index=0")
    machine.output("v4l2-ctl -d /dev/video0 -c loop_video=1")
    machine.output("v4l2-ctl -d /dev/video1 --set-fmt-video-out=pixelformat=GREY")
    machine.write("/root/scene.py", SCENE)
    machine.output("/opt/edge-fer/bin/python /root/scene.py")
    machine.output(
        "systemd-run --unit=scene --property=Restart=always v4l2-ctl -d /dev/video1"
        " --stream-out-mmap --stream-from=/var/tmp/scene.grey --stream-loop"
    )
    machine.write("/etc/edge-fer/config.toml", CONFIG)
    machine.output(
        "install -D -m 644 /usr/share/doc/edge-fer/examples/socketcan.conf"
        " /etc/systemd/system/edge-fer.service.d/socketcan.conf"
        " && sed -i s/can0/vcan0/ /etc/systemd/system/edge-fer.service.d/socketcan.conf"
        # Emulated, the start takes its multiple of a board's: the deadlines do, too.
        " && printf '[Service]\\nTimeoutStartSec=300\\nWatchdogSec=60\\n'"
        " >/etc/systemd/system/edge-fer.service.d/emulated.conf"
        " && systemctl daemon-reload && systemctl enable --now --no-block edge-fer"
    )
    until(lambda: show(machine, "SubState") == "running", "the service is ready")
    return machine


def test_the_package_is_installed_as_a_user_has_it(machine: Machine) -> None:
    assert machine.output("dpkg-query -W -f '${Status}' edge-fer") == "install ok installed"
    assert machine.output("stat -c '%U:%G %a' /etc/edge-fer/config.toml") == "root:edge-fer 640\n"
    assert machine.output("systemctl is-system-running --wait || true") in (
        "running\n", "degraded\n",
    )  # fmt: skip


def test_it_runs_in_its_sandbox_as_its_user(service: Machine) -> None:
    pid = show(service, "MainPID")
    assert service.output(f"ps -o user= -p {pid}").strip() == "edge-fer"
    process = service.output(f"cat /proc/{pid}/status")
    assert re.search(r"^Seccomp:\t2$", process, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", process, re.MULTILINE)
    # The drop-in lets CAN in, and no address of a network.
    families = show(service, "RestrictAddressFamilies")
    assert set(families.split()) == {"AF_UNIX", "AF_CAN"}


def test_states_of_the_camera_arrive_in_candump(service: Machine) -> None:
    lines = frames(service, 3).splitlines()
    assert len(lines) == 3
    until(lambda: "v4l2:" in str(status(service).get("camera")), "the daemon answers")
    until(lambda: status(service).get("camera_error") is None, "the camera gives frames")


def test_a_driver_is_seen_through_the_loop(service: Machine) -> None:
    until(lambda: status(service).get("state") not in (None, "no driver", "no camera"), "a driver")


def test_the_camera_is_unplugged_and_comes_back(service: Machine) -> None:
    pid = show(service, "MainPID")
    service.output("echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind")
    until(lambda: "camera" in str(status(service).get("camera_error")), "the loss is said")
    assert frames(service, 3).count(DRIVER_STATE) == 3  # the vehicle is told
    service.output("echo vivid.0 >/sys/bus/platform/drivers/vivid/bind")
    until(lambda: status(service).get("camera_error") is None, "it is back")
    assert show(service, "MainPID") == pid
