"""What happens to a device in a car, done to the service; each fault within its promised time.

The promises: the vehicle is told of a camera within 2 s (design, state 12); a daemon that stands
still is ended by its watchdog after 3 s, and one that ended is back 200 ms later and starts within
START_S. Starting is computing: the machine's processor does 1e9 instructions a second.
"""

import re

import pytest

from tests.vm.conftest import CALM, CONFIG
from tests.vm.machine import Machine
from tests.vm.service import (
    ANY,
    CAMERA_DEGRADED,
    NOT_DEGRADED,
    findings,
    frames,
    journal,
    seconds_to,
    show,
    start,
    status,
    until,
)

pytestmark = [pytest.mark.vm, pytest.mark.slow]

TOLD_S = 2.0
WATCHDOG_S = 3.0
# Measured: 4.3 s, of which systemd has 0.3.
START_S = 6.0
FREE_MB = 8


@pytest.mark.parametrize(
    ("signal", "within_s"), [("KILL", START_S), ("STOP", WATCHDOG_S + START_S)]
)
def test_a_daemon_that_is_gone_or_stands_still_is_back(
    service: Machine, signal: str, within_s: float
) -> None:
    pid = show(service, "MainPID")
    # A stopped one still has frames in no queue: what comes after its end comes from the next.
    taken_s = seconds_to(
        service,
        f"kill -{signal} {pid}; while [ -e /proc/{pid} ]; do sleep 0.05; done",
        ANY,
    )
    assert taken_s < within_s
    assert show(service, "MainPID") != pid
    assert any("killed, or failed" in one["text"] for one in findings(service, "history"))


@pytest.mark.parametrize("module", ["edge_fer.camera.child", "edge_fer.recording"])
def test_a_child_that_is_killed_is_started_anew(service: Machine, module: str) -> None:
    pid = show(service, "MainPID")
    child = f"pgrep -P {pid} -f {module}"
    old = service.output(child).strip()
    service.output(f"kill -KILL {old}")
    until(lambda: service.run(child).stdout.strip() not in ("", old), f"a new {module}")
    assert frames(service) == 3
    until(lambda: status(service).get("camera_error") is None, "the camera gives frames")
    assert show(service, "MainPID") == pid


def test_a_wall_clock_that_jumps_changes_nothing(service: Machine) -> None:
    pid, restarts = show(service, "MainPID"), status(service)["restarts"]
    service.output("date --set='+1 year' && sleep 1 && date --set='-2 years' && sleep 1")
    assert frames(service) == 3
    assert show(service, "MainPID") == pid
    assert status(service)["restarts"] == restarts
    service.output("date --set='+1 year'")


def test_a_camera_that_is_unplugged_is_said_in_time_and_comes_back(service: Machine) -> None:
    pid = show(service, "MainPID")
    unplug = "systemctl stop scene; echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind"
    assert seconds_to(service, unplug, CAMERA_DEGRADED) < TOLD_S
    (camera,) = findings(service, "camera")
    assert camera["level"] == "failed", camera
    assert re.search("plug it in|check", camera["text"] + camera["remedy"]), camera
    assert frames(service) == 3
    service.output(f"echo vivid.0 >/sys/bus/platform/drivers/vivid/bind; sleep 1; {CALM}")
    until(lambda: status(service).get("camera_error") is None, "it is back")
    assert seconds_to(service, "true", NOT_DEGRADED) < 2 * TOLD_S
    assert show(service, "MainPID") == pid


def test_a_device_that_goes_while_it_is_open(service: Machine) -> None:
    """Vivid's own control: each call of the camera's driver fails until all have closed it."""
    pid = show(service, "MainPID")
    service.output("systemctl stop scene; v4l2-ctl -d /dev/video0 -c disconnect=1")
    until(
        lambda: any("fell silent" in one["text"] for one in findings(service, "history")),
        "it is counted",
    )
    service.output(CALM)
    until(lambda: status(service).get("camera_error") is None, "it is back")
    assert show(service, "MainPID") == pid


def test_a_frame_rate_that_falls_is_said_and_is_no_loss(service: Machine) -> None:
    service.output("v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=92; sleep 3")
    (camera,) = findings(service, "camera")
    assert camera["level"] == "warning", camera
    assert "more light" in camera["remedy"]
    service.output(CALM)


def test_error_frames_of_the_bus_are_said_and_end_nothing(service: Machine) -> None:
    """As a controller's driver gives them (linux/can/error.h): passive, bus-off, restarted."""
    pid = show(service, "MainPID")
    service.output(
        "cansend vcan0 20000004#0020000000000000; cansend vcan0 20000040#0000000000000000"
    )
    (link,) = findings(service, "link")
    assert link["level"] == "failed", link
    assert "bus-off" in link["text"]
    assert "termination" in link["remedy"]
    service.output("cansend vcan0 20000100#0000000000000000; cansend vcan0 123#00; sleep 1")
    assert frames(service) == 3
    (link,) = findings(service, "link")
    assert link["level"] == "ok", link
    assert show(service, "MainPID") == pid


def test_a_bus_that_goes_down_comes_back(service: Machine) -> None:
    pid = show(service, "MainPID")
    service.output("ip link set vcan0 down; sleep 2")
    (link,) = findings(service, "link")
    assert link["level"] == "failed", link
    assert link["remedy"]
    assert seconds_to(service, "ip link set vcan0 up", ANY) < 2 * TOLD_S
    assert show(service, "MainPID") == pid


def test_a_full_disk_costs_the_recording_alone(service: Machine) -> None:
    pid = show(service, "MainPID")
    service.output(
        f"fallocate -l $(($(df --output=avail -B1 / | tail -1) - {FREE_MB}000000)) /var/tmp/full"
    )
    assert any(one["level"] == "warning" for one in findings(service, "recording"))
    (disk,) = findings(service, "disk")
    assert (disk["level"], disk["remedy"] != "") == ("warning", True), disk
    assert frames(service) == 3
    model = (
        "$(/opt/edge-fer/bin/python -c 'from edge_fer.paths import SHIPPED_MODEL as m;print(m)')"
    )
    service.output(
        f"dd if=/dev/zero of=/var/tmp/rest bs=64k status=none; edge-fer model install {model};"
        " rm /var/tmp/rest /var/tmp/full"
    )
    (found,) = findings(service, "model")
    assert found["level"] == "ok", found  # whatever became of the install
    assert show(service, "MainPID") == pid


def test_a_read_only_root_is_enough(service: Machine) -> None:
    # What else writes there is the journal.
    service.output(
        "systemctl stop scene edge-fer; journalctl --relinquish-var; sync; mount -o remount,ro /"
    )
    try:
        service.output("systemctl start scene edge-fer")
        assert frames(service) == 3
        (disk,) = findings(service, "disk")
        assert "read-only" in disk["text"]
    finally:
        service.output("mount -o remount,rw /")


def test_a_port_that_is_missing_at_the_start_is_waited_for(service: Machine) -> None:
    service.output("ip link del vcan0")
    start(service, CONFIG)
    pid = show(service, "MainPID")
    said = "\n".join(journal(service).splitlines()[-20:])
    assert re.search(r"vcan0.*the daemon waits for it", said), said
    (link,) = findings(service, "link")
    assert link["level"] == "failed", link
    assert link["remedy"]
    up = "ip link add vcan0 type vcan && ip link set vcan0 up"
    assert seconds_to(service, up, ANY) < 2 * TOLD_S
    assert show(service, "MainPID") == pid
