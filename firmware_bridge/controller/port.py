"""The public `ControllerPort`: what a vehicle controller receives, checked, and what it sends."""

import time
from types import TracebackType
from typing import Self, TypeVar

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import ControllerStatusMessage, Message, encode
from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import Watch
from firmware_bridge.transports import Transport, open_transport

MessageT = TypeVar("MessageT", bound=Message)
SEND_EVERY_S = 0.1  # the cycle of ControllerStatus; after 3.5 of them without one it is unknown


class ControllerPort:
    """The controller's end of a link.

        with ControllerPort.open("slcan:/dev/ttyUSB0") as port:
            while True:
                port.receive(0.1)
                state = port.latest(DriverStateMessage)
                port.send(ControllerStatusMessage(enable=1, ignition=1, speed_km_h=50.0))

    A message counts as known while its sender is trusted: after two good frames, and until nothing
    good came for 3.5 cycles. Not for use by several threads at once.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._watch = Watch(time.monotonic())
        known = definition(ControllerStatusMessage.NAME)  # its id may have been moved
        self._can_id, self._sender = known.can_id, Profile22Sender(known.data_ids)

    @classmethod
    def open(cls, uri: str) -> Self:
        """Open the port or bus that `uri` names; LinkError where that fails."""
        return cls(open_transport(uri))

    def receive(self, timeout_s: float) -> list[JudgedFrame]:
        """Return what arrived, each frame with its verdict; waits up to `timeout_s` for the first.

        A frame that is not `usable` must not be acted on. TransportError where the port is gone.
        """
        judged = [self._watch.take(frame) for frame in self._transport.receive(timeout_s)]
        self._watch.check_overdue(time.monotonic())
        return judged

    def latest(self, kind: type[MessageT]) -> MessageT | None:
        """Return the latest trusted message of a kind; None while it is unknown."""
        self._watch.check_overdue(time.monotonic())
        found = self._watch.latest(kind)
        return None if found is None else found[0]

    def send(self, status: ControllerStatusMessage) -> None:
        """Protect and send a message; to be called each SEND_EVERY_S, whether it changed or not.

        SendTimeoutError where it was not taken, TransportError where the port is gone.
        """
        data = self._sender.protect(encode(status))
        self._transport.send(CanFrame(self._can_id, data, time.monotonic()))

    def close(self) -> None:
        """Close the port; never raises."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
