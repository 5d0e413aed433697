"""A USB serial port that is plugged and pulled; `slcand` of the kernel at its other end."""

import pytest

from tests.vm.machine import Machine
from tests.vm.service import (
    DRIVER_STATE,
    control,
    findings,
    frames,
    journal,
    show,
    start,
    status,
    until,
)

pytestmark = [pytest.mark.vm, pytest.mark.slow]

PORT = "/dev/edge-fer-controller"
FAR = "/dev/ttyS1"
# More than a shaky plug gives in a drive.
PULLS = 50
# The daemon looks for a lost port twice a second, and udev names it first.
BACK_S = 4.0
CONFIG = f"""\
[camera]
uri = "demo:?loop=1"
fps = 2
[link]
uri = "slcan:{PORT}?adapter=no"
"""


def there(machine: Machine) -> bool:
    return machine.run(f"test -c {PORT}").returncode == 0


def test_the_service_waits_for_its_port_and_slcand_understands_it(machine: Machine) -> None:
    """The kernel's SLCAN on the line: its frames are ours, and a controller's come through it."""
    start(machine, CONFIG)
    assert f"{PORT}: no such port" in (said := journal(machine)), said
    assert "the daemon waits for it" in said
    (link,) = findings(machine, "link")
    assert (link["level"], link["remedy"] != "") == ("failed", True), link
    machine.plug_serial()
    until(lambda: there(machine), "udev's rule names the port")
    machine.output(
        f"modprobe slcan; stty -F {FAR} 115200 raw -echo"
        f" && slcand -o -S 115200 {FAR} slcan0 && sleep 1 && ip link set slcan0 up"
    )
    assert frames(machine, 5, "slcan0") == 5
    # ControllerStatus from outside: the receiver of the C library answers on the kernel's bus.
    sent, changes = control(machine, "slcan0", 6)
    assert sent > 20
    assert len(changes) > 1
    counters = status(machine)["counters"]
    assert isinstance(counters, dict)
    assert counters["frames_received"] > 20, counters
    assert counters["controller_frames_rejected"] == 0, counters


def test_a_port_that_is_pulled_and_plugged_fifty_times(machine: Machine) -> None:
    pid = show(machine, "MainPID")
    for _ in range(PULLS):
        machine.pull_serial()
        until(lambda: not there(machine), "the port is gone")
        machine.plug_serial()
        until(lambda: there(machine), "the port is back")
    begun_s = machine.clock_s()
    assert f"slcan0  {DRIVER_STATE}" in machine.output(
        f"timeout 30 candump -n 1 slcan0,{DRIVER_STATE}:7FF"
    )
    assert machine.clock_s() - begun_s < BACK_S
    assert show(machine, "MainPID") == pid
    assert show(machine, "NRestarts") == "0"
    assert any("the link was lost" in one["text"] for one in findings(machine, "history"))
