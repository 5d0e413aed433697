"""What happens to the bus and the disk of a device in a car, done to the service.

The camera is the demo's scene at a low rate: the emulator has to compute all that is done here.
"""

import re

import pytest

from tests.vm.conftest import PYTHON
from tests.vm.machine import Machine
from tests.vm.service import ANY, findings, frames, journal, seconds_to, show, start, use_vcan

pytestmark = [pytest.mark.vm, pytest.mark.slow]

# The daemon looks for a lost bus twice a second; the frames are four a second.
BACK_S = 4.0
FREE_MB = 8
CONFIG = """\
[camera]
uri = "demo:?loop=1"
fps = 2
[link]
uri = "socketcan:vcan0"
[recording]
enabled = true
states = "camera degraded"
after_s = 1
"""


@pytest.fixture(scope="module")
def service(machine: Machine) -> Machine:
    """The machine with the service started on vcan0."""
    use_vcan(machine)
    start(machine, CONFIG)
    return machine


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
    assert seconds_to(service, "ip link set vcan0 up", ANY) < BACK_S
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
    model = f"$({PYTHON} -c 'from edge_fer.paths import SHIPPED_MODEL as m; print(m)')"
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
        "systemctl stop edge-fer; journalctl --relinquish-var; sync; mount -o remount,ro /"
    )
    try:
        service.output("systemctl start edge-fer")
        assert frames(service) == 3
        (disk,) = findings(service, "disk")
        assert "read-only" in disk["text"]
    finally:
        service.output("mount -o remount,rw /")


def test_a_port_that_is_missing_at_the_start_is_waited_for(service: Machine) -> None:
    service.output("ip link del vcan0")
    start(service, CONFIG)
    pid = show(service, "MainPID")
    said = journal(service)
    assert re.search(r"vcan0.*the daemon waits for it", said), said
    assert "Could not access SocketCAN" not in said  # twice a second, by python-can
    (link,) = findings(service, "link")
    assert link["level"] == "failed", link
    assert link["remedy"]
    up = "ip link add vcan0 type vcan && ip link set vcan0 up"
    assert seconds_to(service, up, ANY) < BACK_S
    assert show(service, "MainPID") == pid
