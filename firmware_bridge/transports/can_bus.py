"""CAN buses through python-can: SocketCAN in a vehicle, virtual within one process."""

import contextlib
import errno
import os
import time

import can
from can.interfaces.socketcan import SocketcanBus
from can.interfaces.virtual import VirtualBus

from firmware_bridge.errors import SendTimeoutError, TransportError
from firmware_bridge.frame import CanFrame
from firmware_bridge.transports.base import WRITE_TIMEOUT_S, TransportCounters

_MAX_FRAMES_AT_ONCE = 64  # a busy bus must not keep the caller for ever


def open_socketcan(interface: str) -> "CanBus":
    """Open the network interface `interface` of the kernel: can0, vcan0."""
    try:
        # The class, not can.Bus: that would read configuration files of other programs first.
        bus = SocketcanBus(channel=interface)
    except (can.CanError, OSError) as error:
        remedy = (
            "this kernel has no CAN; try: sudo modprobe can_raw"
            if _error_number(error) == errno.EAFNOSUPPORT
            else f"try: sudo ip link set {interface} up type can bitrate 500000"
        )
        raise TransportError(
            f"link: socketcan:{interface} does not open: {_reason(error)}; {remedy}"
        ) from error
    return CanBus(bus, f"socketcan:{interface}")


def open_virtual(name: str) -> "CanBus":
    """Open a bus that exists within this process; all who open `name` share it."""
    return CanBus(VirtualBus(channel=name), f"virtual:{name}")


class CanBus:
    """A transport over a python-can bus."""

    def __init__(self, bus: can.BusABC, name: str) -> None:
        self._bus = bus
        self._name = name
        self._frames_sent = 0
        self._frames_received = 0
        self._closed = False

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far; a bus rejects nothing that its controller lets through."""
        return TransportCounters(self._frames_sent, self._frames_received)

    def fileno(self) -> int | None:
        """Return the socket's descriptor; None for a bus without one."""
        try:
            descriptor = self._bus.fileno()
        except NotImplementedError:
            return None
        return descriptor if descriptor >= 0 else None

    def send(self, frame: CanFrame) -> None:
        """Send `frame`; see `Transport.send`."""
        message = can.Message(
            arbitration_id=frame.can_id, data=frame.data, is_extended_id=False, check=True
        )
        try:
            self._bus.send(message, timeout=WRITE_TIMEOUT_S)
        except (can.CanError, OSError) as error:
            if _is_full(error):
                raise SendTimeoutError(
                    f"link: {self._name} takes no frames: is another node on the bus?"
                ) from error
            raise TransportError(f"link: {self._name} is gone: {_reason(error)}") from error
        self._frames_sent += 1

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the data frames with 11-bit ids that arrived; see `Transport.receive`."""
        frames: list[CanFrame] = []
        wait_s = max(0.0, timeout_s)
        for _ in range(_MAX_FRAMES_AT_ONCE):
            try:
                message = self._bus.recv(wait_s)
            except (can.CanError, OSError) as error:
                raise TransportError(f"link: {self._name} is gone: {_reason(error)}") from error
            if message is None:
                break
            wait_s = 0.0
            if not (message.is_extended_id or message.is_remote_frame or message.is_error_frame):
                # Stamped here: a kernel's time-stamp is wall time, ours is monotonic.
                frames.append(
                    CanFrame(message.arbitration_id, bytes(message.data), time.monotonic())
                )
        self._frames_received += len(frames)
        return frames

    def close(self) -> None:
        """Leave the bus."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(can.CanError, OSError):
                self._bus.shutdown()


def _is_full(error: Exception) -> bool:
    """Whether the queue is full: a node that nobody acknowledges sends its first frame for ever."""
    return (
        isinstance(error, can.CanTimeoutError)
        or _error_number(error) == errno.ENOBUFS
        or "buffer full" in str(error)  # python-can 4.6 gives no number where its own wait ended
    )


def _error_number(error: Exception) -> int | None:
    return error.error_code if isinstance(error, can.CanError) else getattr(error, "errno", None)


def _reason(error: Exception) -> str:
    number = _error_number(error)
    return os.strerror(number) if number else str(error)
