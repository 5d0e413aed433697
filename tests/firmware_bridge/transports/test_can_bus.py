import errno

import can
import pytest
from can.interfaces.virtual import VirtualBus

from firmware_bridge.errors import SendTimeoutError, TransportError
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
