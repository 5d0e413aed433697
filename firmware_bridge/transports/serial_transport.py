"""A transport over a serial port: the same whatever turns frames into bytes there."""

import time
from typing import Protocol

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.transports.base import TransportCounters
from firmware_bridge.transports.byte_port import BytePort


class Framing(Protocol):
    """How frames look on the line. Holds what arrived of the next one; used by one receiver."""

    @property
    def closing(self) -> bytes:
        """Return what is written last."""
        ...

    @property
    def counters(self) -> TransportCounters:
        """Return what became of the bytes fed so far; nothing is known here of what was sent."""
        ...

    def encode(self, frame: CanFrame) -> bytes:
        """Return the bytes of a frame; ValueError for one that the line cannot carry."""
        ...

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`. Never raises."""
        ...


class SerialTransport:
    """A transport over an open port, which it closes."""

    def __init__(self, port: BytePort, framing: Framing) -> None:
        self._port = port
        self._framing = framing
        self._frames_sent = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far."""
        return self._framing.counters + TransportCounters(frames_sent=self._frames_sent)

    @property
    def trouble(self) -> str | None:
        """Return None: there is no adapter in between."""
        return None

    @property
    def backlog_s(self) -> float:
        """Return how long the oldest unsent byte has waited."""
        return self._port.backlog_s()

    def fileno(self) -> int | None:
        """Return the port's descriptor."""
        return self._port.fileno()

    def send(self, frame: CanFrame) -> None:
        """Write the bytes of `frame`; see `Transport.send`."""
        self._port.write(self._framing.encode(frame))
        self._frames_sent += 1

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames that arrived; see `Transport.receive`."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, deadline_s - time.monotonic())
            data = self._port.read(left_s)
            # What arrives may be a reply of the adapter or half a line: then it goes on waiting.
            frames = self._framing.feed(data, time.monotonic()) if data else []
            if frames or left_s == 0.0:
                return frames

    def close(self) -> None:
        """Take leave of the other side and close the port."""
        self._port.close(self._framing.closing)
