"""The vehicle's end of the line: says something each 100 ms, and remembers what it is told."""

import time
from collections.abc import Callable

from edge_fer.driver_state.states import DriverState
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition, value_name
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverStateMessage,
    HealthMessage,
    Message,
    encode,
)
from firmware_bridge.reception.watching import Watch
from firmware_bridge.transports import open_transport
from tests.stories.service import PATIENCE_S

DRIVES = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=80.0)
PARKED = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=0.0)
OFF = ControllerStatusMessage(enable=0, ignition=1, speed_km_h=0.0)


class Controller:
    """Says `says` each 100 ms while `until` waits, and remembers what it is told."""

    def __init__(self, port: str) -> None:
        self._bus = open_transport(f"slcan:{port}")
        self._known = definition(ControllerStatusMessage.NAME)
        self._sender = Profile22Sender(self._known.data_ids)
        self._next_s = 0.0
        self.says: ControllerStatusMessage | None = None
        self.watch = Watch(time.monotonic())
        self._told_s: float | None = None
        self.forget()

    def forget(self) -> None:
        """Begin the next three anew."""
        self.longest_gap_s = 0.0  # between two frames of DriverState
        self.states: set[DriverState] = set()
        self.faults: set[str] = set()

    def send(self, message: ControllerStatusMessage) -> None:
        data = self._sender.protect(encode(message))
        self._bus.send(CanFrame(self._known.can_id, data, time.monotonic()))

    def until(self, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
        deadline_s = time.monotonic() + within_s
        while not (came := condition()) and time.monotonic() < deadline_s:
            now_s = time.monotonic()
            if now_s >= self._next_s:
                self._next_s = now_s + 0.1
                if self.says is not None:
                    self.send(self.says)
            for frame in self._bus.receive(0.01):
                self._take(frame)
        return came

    def _take(self, frame: CanFrame) -> None:
        message = self.watch.take(frame).message
        if isinstance(message, DriverStateMessage):
            if self._told_s is not None:
                self.longest_gap_s = max(self.longest_gap_s, frame.time_s - self._told_s)
            self._told_s = frame.time_s
            self.states.add(DriverState(message.state))
        elif isinstance(message, HealthMessage):
            self.faults.add(value_name("Health", "Fault", message.fault))

    def latest(self, kind: type[Message]) -> Message | None:
        found = self.watch.latest(kind)
        return None if found is None else found[0]

    def state(self) -> DriverState | None:
        latest = self.latest(DriverStateMessage)
        return DriverState(latest.state) if isinstance(latest, DriverStateMessage) else None

    def close(self) -> None:
        self._bus.close()
