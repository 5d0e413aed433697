"""Error frames of a CAN bus, from the kernel's socket to the log, the counters and the monitor."""

import io
import json
import time
from collections.abc import Iterator

import pytest
from can.interfaces.socketcan import constants

from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage
from tests.firmware_bridge.link.test_link import PATIENCE_S, wait_for
from tests.firmware_bridge.transports.can_socket import SimulatedBus

# include/uapi/linux/can/error.h
CONTROLLER, NO_ACKNOWLEDGEMENT, BUS_OFF, RESTARTED = 0x004, 0x020, 0x040, 0x100
PASSIVE, ACTIVE = 0x20, 0x40
ALL_CLASSES = 0x1FFFFFFF


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedBus]:
    made = SimulatedBus(monkeypatch)
    yield made
    made.close()


def test_a_link_asks_for_error_frames_and_says_what_they_say(
    bus: SimulatedBus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    link = Link("socketcan:can0")
    link.open()
    link.start()
    assert bus.interface == "can0"
    assert bus.options[constants.CAN_RAW_ERR_FILTER] == ALL_CLASSES

    def publishes() -> bool:
        now_s = time.monotonic()
        link.publish(Snapshot(now_s, DriverStateMessage(1), now_s))
        return True

    def troubled(words: str) -> bool:
        return wait_for(lambda: words in (link.counters.trouble or ""))

    publishes()
    assert wait_for(lambda: link.counters.frames_sent > 0)
    assert bus.sent()
    bus.error(CONTROLLER, PASSIVE)
    assert troubled("error-passive")
    bus.error(BUS_OFF)
    assert troubled("bus-off")
    bus.error(RESTARTED)
    bus.error(CONTROLLER, ACTIVE)
    assert wait_for(lambda: link.counters.trouble is None)
    for _ in range(3):
        bus.error(NO_ACKNOWLEDGEMENT)
    assert troubled("no other node acknowledges")
    bus.frame(CanFrame(0x123, b"", 0.0))  # another node is there
    assert wait_for(lambda: link.counters.trouble is None)
    counters = link.counters
    assert (counters.error_passive, counters.bus_off) == (1, 1)
    assert (counters.bus_restarts, counters.unacknowledged) == (1, 3)
    assert counters.connections_lost == 0

    # A bus that takes nothing is a warning.
    bus.is_full = True
    assert wait_for(lambda: publishes() and link.counters.frames_dropped > 3)
    assert troubled("takes no frames")
    bus.is_full = False
    assert wait_for(lambda: publishes() and link.counters.trouble is None)
    assert link.stop()

    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    for words in ("error-passive", "no other node acknowledges", "takes no frames"):
        assert any(words in warning for warning in warnings), (words, warnings)
    assert all(warning.startswith("link: socketcan:can0: ") for warning in warnings)


@pytest.mark.parametrize("json_lines", [True, False])
def test_the_monitor_says_that_the_bus_is_off(bus: SimulatedBus, *, json_lines: bool) -> None:
    turns = 0

    def has_looked() -> bool:
        """Report an error in each turn of the monitor, which reads it in the next one."""
        nonlocal turns
        if bus.interface:
            bus.error(BUS_OFF)
            turns += 1
        return turns > 5

    out = io.StringIO()
    run_monitor(
        "socketcan:can0", json_lines=json_lines, seconds=PATIENCE_S, until=has_looked, out=out
    )

    words = "CAN bus: bus-off: bit rate, wiring, termination?"
    if json_lines:
        warning, summary = map(json.loads, out.getvalue().splitlines())
        assert warning["warning"] == summary["summary"]["line_warning"] == words
    else:
        assert f"warning: {words}" in out.getvalue()
