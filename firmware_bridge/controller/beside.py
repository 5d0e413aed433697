"""A vehicle that takes part at a port which somebody else watches: what the demo needs."""

import time
from collections.abc import Callable

from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import VehicleState
from firmware_bridge.errors import SendTimeoutError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports import Transport, TransportCounters


class VehicleBeside:
    """A transport whose `receive` answers as a vehicle and returns its own frames too.

    `vehicle` is its own state; it answers requests as `edge-fer controller` does. Not for
    use by several threads at once.
    """

    def __init__(
        self,
        transport: Transport,
        vehicle: VehicleState,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._side = ControllerSide(vehicle, clock())
        self._clock = clock

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far."""
        return self._transport.counters

    @property
    def trouble(self) -> str | None:
        """Return what the transport says."""
        return self._transport.trouble

    @property
    def backlog_s(self) -> float:
        """Return what the transport says."""
        return self._transport.backlog_s

    def fileno(self) -> int | None:
        """Return the transport's descriptor."""
        return self._transport.fileno()

    def send(self, frame: CanFrame) -> None:
        """Send one frame, as the transport does."""
        self._transport.send(frame)

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return what arrived within `timeout_s` and the frame that was due, in order of time.

        TransportError where the port is gone.
        """
        frames = self._transport.receive(timeout_s)
        for frame in frames:
            self._side.take(frame)
        now_s = self._clock()
        self._side.pass_time(now_s)
        own = self._side.take_due(now_s)
        if own is None:
            return frames
        try:
            self._transport.send(own)
        except SendTimeoutError:
            return frames
        return [*frames, own]

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()
