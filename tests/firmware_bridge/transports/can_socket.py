"""A raw CAN socket on a kernel without CAN: frames as `struct can_frame`, over UDP of this host.

UDP, because its sockets give the time-stamps that python-can asks for. The options that python-can
sets are kept; what a kernel does at a broken bus is done by hand: error frames, and ENOBUFS for a
full queue.
"""

import errno
import socket
import struct
import time
from typing import Any

import pytest
from can.interfaces.socketcan import constants
from can.interfaces.socketcan import socketcan as backend

from firmware_bridge.protocol.frame import CanFrame

_FRAME = struct.Struct("=IB3x8s")
_ERROR_FLAG = 0x2000_0000


class _Socket(socket.socket):
    """What python-can opens."""

    def __init__(self, bus: "SimulatedBus") -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self._bus = bus

    def setsockopt(self, level: int, option: int, value: Any, *rest: Any) -> None:
        if level == constants.SOL_CAN_RAW:
            self._bus.options[option] = value
        else:
            super().setsockopt(level, option, value, *rest)

    def bind(self, address: Any) -> None:
        self._bus.interface = address[0]
        super().bind(("127.0.0.1", 0))
        super().connect(self._bus.driver.getsockname())
        self._bus.driver.connect(self.getsockname())

    def send(self, data: Any, flags: int = 0) -> int:
        if self._bus.is_full:
            raise OSError(errno.ENOBUFS, "No buffer space available")
        return super().send(data, flags)


class SimulatedBus:
    """The driver's side of the one socket that is opened while `monkeypatch` lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.options: dict[int, Any] = {}
        self.interface = ""
        self.is_full = False
        self.driver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.driver.bind(("127.0.0.1", 0))
        monkeypatch.setattr(backend, "create_socket", lambda: _Socket(self))

    def error(self, error_class: int, detail: int = 0) -> None:
        """Pass on an error frame, as the driver does: its class, and what a controller says."""
        data = bytes((0, detail, 0, 0, 0, 0, 0, 0))
        self.driver.send(_FRAME.pack(error_class | _ERROR_FLAG, 8, data))

    def frame(self, frame: CanFrame) -> None:
        """Let a frame of another node arrive."""
        self.driver.send(_FRAME.pack(frame.can_id, len(frame.data), frame.data.ljust(8, b"\0")))

    def sent(self) -> list[CanFrame]:
        """Return what was sent since the last call."""
        frames = []
        self.driver.setblocking(False)
        try:
            while True:
                can_id, length, data = _FRAME.unpack(self.driver.recv(16))
                frames.append(CanFrame(can_id, data[:length], time.monotonic()))
        except BlockingIOError:
            return frames
        finally:
            self.driver.setblocking(True)

    def close(self) -> None:
        """Take the interface away."""
        self.driver.close()
