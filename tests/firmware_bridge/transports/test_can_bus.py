import errno
import logging

import can
import pytest
from can.interfaces.virtual import VirtualBus
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import SendTimeoutError, TransportError
from firmware_bridge.protocol.bus_errors import BusHealth
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports import open_transport
from firmware_bridge.transports.can_bus import CanBus

FRAME = CanFrame(0x3A0, bytes(8), 0.0)


class BrokenBus(VirtualBus):
    """A bus whose every use fails as told."""

    def __init__(self, error: Exception) -> None:
        super().__init__(channel="broken")
        self._error = error

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        raise self._error

    def recv(self, timeout: float | None = None) -> can.Message | None:
        raise self._error


def test_a_missing_interface_is_named_with_what_to_do() -> None:
    with pytest.raises(TransportError, match=r"socketcan:can99 does not open: .*; .*sudo"):
        open_transport("socketcan:can99")
    # The error says it all: a daemon that tries twice a second fills no log with it.
    log = logging.getLogger("can.interfaces.socketcan.socketcan")
    assert not log.isEnabledFor(logging.ERROR)


@pytest.mark.parametrize(
    "error",
    [
        can.CanOperationError("Transmit buffer full"),
        can.CanOperationError("Failed to transmit", errno.ENOBUFS),
        can.CanTimeoutError("timeout"),
    ],
)
def test_a_full_queue_costs_only_the_frame(error: can.CanError) -> None:
    bus = CanBus(BrokenBus(error), "socketcan:can0")
    with pytest.raises(SendTimeoutError, match="takes no frames"):
        bus.send(FRAME)
    bus.close()


@pytest.mark.parametrize(
    "error", [can.CanOperationError("down", errno.ENETDOWN), OSError(errno.ENODEV, "no device")]
)
def test_a_bus_that_is_gone_is_an_error_both_ways(error: Exception) -> None:
    bus = CanBus(BrokenBus(error), "socketcan:can0")
    with pytest.raises(TransportError, match="socketcan:can0 is gone") as caught:
        bus.send(FRAME)
    assert not isinstance(caught.value, SendTimeoutError)
    with pytest.raises(TransportError, match="socketcan:can0 is gone"):
        bus.receive(0.0)
    bus.close()


def test_frames_of_other_kinds_are_left_out() -> None:
    other = VirtualBus(channel="kinds")
    bus = open_transport("virtual:kinds")
    other.send(can.Message(arbitration_id=2, is_extended_id=False, is_remote_frame=True))
    other.send(can.Message(arbitration_id=3, is_extended_id=False, data=b"x"))

    assert [frame.can_id for frame in bus.receive(0.1)] == [3]
    bus.close()
    other.shutdown()


def test_error_frames_are_read_counted_and_told() -> None:
    """The classes and details of Linux' error.h, as a controller on a cut bus reports them."""
    with VirtualBus(channel="errors") as controller:
        bus = CanBus(VirtualBus(channel="errors"), "socketcan:can0")

        def report(error_class: int, detail: int = 0) -> str | None:
            controller.send(
                can.Message(
                    arbitration_id=error_class,
                    is_error_frame=True,
                    data=bytes((0, detail, *[0] * 6)),
                )
            )
            assert bus.receive(0.0) == []
            return bus.trouble

        assert bus.trouble is None
        assert report(0x004, 0x08) is None  # error warning
        assert "error-passive" in (report(0x004, 0x20) or "")
        assert report(0x004, 0x08) is None  # fewer errors again
        assert "error-passive" in (report(0x004, 0x10) or "")
        assert "error-passive" in (report(0x020) or "")
        report(0x020)
        assert "no other node acknowledges" in (report(0x020) or "")
        assert "bus-off" in (report(0x040) or "")
        assert "no other node acknowledges" in (report(0x100) or "")  # restarted, still alone
        counters = bus.counters
        assert (counters.error_passive, counters.bus_off) == (2, 1)
        assert (counters.bus_restarts, counters.unacknowledged) == (1, 3)
        controller.send(can.Message(arbitration_id=1, is_extended_id=False))
        assert len(bus.receive(0.0)) == 1
        assert bus.trouble is None
        bus.close()


def test_a_bus_that_takes_nothing_is_in_trouble_until_it_takes_frames_again() -> None:
    theirs = BrokenBus(can.CanOperationError("Failed to transmit", errno.ENOBUFS))
    bus = CanBus(theirs, "socketcan:can0")
    with pytest.raises(SendTimeoutError):
        bus.send(FRAME)
    assert bus.trouble == "CAN bus: takes no frames: is another node on it?"
    theirs.send = lambda msg, timeout=None: None  # type: ignore[method-assign]
    for _ in range(10):
        assert bus.trouble is not None
        bus.send(FRAME)
    assert bus.trouble is None
    bus.close()


@given(
    reports=st.lists(
        st.one_of(
            st.tuples(st.integers(0, 0x3FF), st.binary(max_size=8)), st.sampled_from([True, False])
        ),
        max_size=60,
    )
)
def test_after_any_reports_frames_of_others_clear_the_bus(reports: list[object]) -> None:
    health = BusHealth()
    for report in reports:
        if isinstance(report, tuple):
            health.error(*report)
        elif report:
            health.refused()
        else:
            health.passed(received=False)
    health.error(0x004, bytes((0, 0x40)))
    for _ in range(10):
        health.passed(received=True)
    assert health.trouble is None
