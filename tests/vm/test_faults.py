"""What happens to a device in a car, done to the service; each fault within its promised time.

The promises: the vehicle is told of a camera within 2 s (design, state 12); a daemon that stands
still is ended by its watchdog after 3 s, and one that ended is back 200 ms later and starts within
START_S. Starting is computing: the machine's processor does 1e9 instructions a second.
"""

import re

import pytest

from tests.vm.conftest import CALM
from tests.vm.machine import Machine
from tests.vm.service import (
    ANY,
    CAMERA_DEGRADED,
    NOT_DEGRADED,
    findings,
    frames,
    seconds_to,
    show,
    status,
    until,
)

pytestmark = [pytest.mark.vm, pytest.mark.slow]

TOLD_S = 2.0
WATCHDOG_S = 3.0
# Of 8 frames a second (CALM) 3 are left.
FELL_BELOW_FPS = 6
# TimeoutStartSec, which each report of a start extends by 3 s, and TimeoutStopSec.
STILL_START_S = 3.5 + 2.0
# Measured: 4.3 s, of which systemd has 0.3.
START_S = 6.0


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
    # The bus has frames from a daemon that starts, and the doctor asks one that is ready.
    until(lambda: show(service, "SubState") == "running", "the service is ready")
    assert any("killed, or failed" in one["text"] for one in findings(service, "history"))


def test_a_start_that_stands_still_is_ended(service: Machine) -> None:
    """A start may take longer than TimeoutStartSec as long as it reports that it goes on."""
    service.output("systemctl restart --no-block edge-fer")
    until(lambda: show(service, "SubState") == "start", "it starts", every_s=0.1)
    begun_s, pid = service.clock_s(), show(service, "MainPID")
    service.output(f"kill -STOP {pid}; while [ -e /proc/{pid} ]; do sleep 0.1; done")
    assert service.clock_s() - begun_s < STILL_START_S
    until(lambda: show(service, "SubState") == "running", "the service is ready")
    started_s = [
        int(show(service, name)) / 1e6
        for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    ]
    print(f"a start takes {started_s[1] - started_s[0]:.1f} s")
    assert started_s[1] - started_s[0] < START_S


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
    service.output("v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=95; sleep 3")
    (camera,) = findings(service, "camera")
    assert camera["level"] == "warning", camera
    given = re.search(r": (\d+) fps", camera["text"])
    assert given is not None, camera
    assert int(given[1]) < FELL_BELOW_FPS
    assert "more light" in camera["remedy"]
    service.output(CALM)
