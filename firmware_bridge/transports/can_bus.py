"""CAN buses through python-can: SocketCAN in a vehicle, virtual within one process."""

import contextlib
import errno
import logging
import os
import socket
import time

import can
from can.interfaces.socketcan import SocketcanBus
from can.interfaces.virtual import VirtualBus

from firmware_bridge.errors import LinkReason, SendTimeoutError, TransportError
from firmware_bridge.protocol.bus_errors import BusHealth
from firmware_bridge.protocol.frame import EXTENDED, MAX_CLASSIC_LENGTH, CanFrame, is_extended
from firmware_bridge.transports.base import WRITE_TIMEOUT_S, TransportCounters
from firmware_bridge.transports.gate import Gate

# What python-can logs of an error is in the error that it raises. A daemon that waits for a missing
# bus would log it twice a second.
logging.getLogger("can.interfaces").setLevel(logging.CRITICAL)

_MAX_FRAMES_AT_ONCE = 64  # a busy bus must not keep the caller for ever
_SLICE_S = 0.02  # how late a bus without a descriptor notices that it was closed
# Who opens a virtual bus and does not read must not fill the memory: a minute of all our messages.
_VIRTUAL_QUEUE = 2000


def open_socketcan(interface: str) -> "CanBus":
    """Open the network interface `interface` of the kernel: can0, vcan0."""
    try:
        # The class, not can.Bus: that would read configuration files of other programs first.
        bus = SocketcanBus(channel=interface)
    except (can.CanError, OSError) as error:
        remedy = (
            "this kernel has no CAN; try: sudo modprobe can_raw"
            if _error_number(error) == errno.EAFNOSUPPORT
            else f"try: sudo ip link set {interface} up type can bitrate 500000 restart-ms 100"
        )
        raise TransportError(
            LinkReason.DOES_NOT_OPEN,
            f"link: socketcan:{interface} does not open: {_reason(error)}; {remedy}",
        ) from error
    # As small as the kernel lets it be (4 KiB, some six frames): what waits longer is old.
    bus.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 0)
    return CanBus(bus, f"socketcan:{interface}")


def open_virtual(name: str) -> "CanBus":
    """Open a bus that exists within this process; all who open `name` share it."""
    return CanBus(VirtualBus(channel=name, rx_queue_size=_VIRTUAL_QUEUE), f"virtual:{name}")


class CanBus:
    """A transport over a python-can bus."""

    def __init__(self, bus: can.BusABC, name: str) -> None:
        self._bus = bus
        self._name = name
        self._descriptor = _descriptor(bus)
        self._gate = Gate(name, readable=self._descriptor)
        self._health = BusHealth()
        self._frames_sent = 0
        self._frames_received = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far; a bus rejects nothing that its controller lets through."""
        errors = self._health.counters
        return TransportCounters(
            self._frames_sent,
            self._frames_received,
            error_passive=errors.error_passive,
            bus_off=errors.bus_off,
            bus_restarts=errors.restarts,
            unacknowledged=errors.unacknowledged,
        )

    @property
    def trouble(self) -> str | None:
        """Return what is wrong with the bus; None where nothing is known."""
        return self._health.trouble

    @property
    def backlog_s(self) -> float:
        """Return 0: the socket's buffer holds no more than a few frames."""
        return 0.0

    def fileno(self) -> int | None:
        """Return the socket's descriptor; None for a bus without one."""
        return self._descriptor

    def send(self, frame: CanFrame) -> None:
        """Send `frame`; see `Transport.send`."""
        message = as_message(frame)
        with self._gate.sending:
            self._gate.check()
            try:
                self._bus.send(message, timeout=WRITE_TIMEOUT_S)
            except (can.CanError, OSError) as error:
                if _is_full(error):
                    self._health.refused()
                    raise SendTimeoutError(
                        f"link: {self._name} takes no frames: is another node on the bus?"
                    ) from error
                raise self._lost(error) from error
            self._frames_sent += 1
            self._health.passed(received=False)

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the classic data frames that arrived; see `Transport.receive`."""
        deadline_s = time.monotonic() + timeout_s
        with self._gate.receiving:
            self._gate.check()
            while True:
                left_s = max(0.0, deadline_s - time.monotonic())
                # What arrives may be of a kind that is not ours: then it goes on waiting.
                frames = self._take(left_s)
                if frames or left_s == 0.0:
                    return frames

    def close(self) -> None:
        """Leave the bus."""
        if not self._gate.shut():
            return
        with self._gate.sending, self._gate.receiving:
            with contextlib.suppress(can.CanError, OSError):
                self._bus.shutdown()
            self._gate.release()

    def _take(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames among what arrives, waiting for the first message of any kind."""
        frames: list[CanFrame] = []
        for index in range(_MAX_FRAMES_AT_ONCE):
            try:
                message = self._bus.recv(0.0) if index else self._first(timeout_s)
            except (can.CanError, OSError) as error:
                if frames:
                    break  # what came before is not lost; the error comes again
                raise self._lost(error) from error
            if message is None:
                break
            if message.is_error_frame:
                self._health.error(message.arbitration_id, bytes(message.data))
                continue
            self._health.passed(received=True)
            # A kernel's time-stamp is wall time, ours is monotonic.
            frame = as_frame(message, time.monotonic())
            if frame is not None:
                frames.append(frame)
        self._frames_received += len(frames)
        return frames

    def _first(self, timeout_s: float) -> can.Message | None:
        if self._descriptor is not None:
            return self._bus.recv(0.0) if self._gate.wait_readable(timeout_s) else None
        message = self._bus.recv(min(timeout_s, _SLICE_S))
        self._gate.check()
        return message

    def _lost(self, error: Exception) -> TransportError:
        return TransportError(LinkReason.GONE, f"link: {self._name} is gone: {_reason(error)}")


def as_message(frame: CanFrame) -> can.Message:
    """Return `frame` for python-can; ValueError if it is not a classic one."""
    return can.Message(
        arbitration_id=frame.can_id & ~EXTENDED,
        data=frame.data,
        is_extended_id=is_extended(frame.can_id),
        check=True,
    )


def as_frame(message: can.Message, time_s: float) -> CanFrame | None:
    """Return what python-can received, stamped `time_s`; None for the kinds that are not ours."""
    if message.is_remote_frame or message.is_error_frame:
        return None
    if message.is_fd or len(message.data) > MAX_CLASSIC_LENGTH:
        return None
    flag = EXTENDED if message.is_extended_id else 0
    return CanFrame(message.arbitration_id | flag, bytes(message.data), time_s)


def _descriptor(bus: can.BusABC) -> int | None:
    try:
        descriptor = bus.fileno()
    except NotImplementedError:
        return None
    return descriptor if descriptor >= 0 else None


def _is_full(error: Exception) -> bool:
    """Whether the queue is full: a node that nobody acknowledges sends its first frame for ever."""
    # python-can 4.6 gives no number where its own wait ended, and none on a virtual bus.
    return (
        isinstance(error, can.CanTimeoutError)
        or _error_number(error) == errno.ENOBUFS
        or (isinstance(error, can.CanOperationError) and error.error_code is None)
    )


def _error_number(error: Exception) -> int | None:
    return error.error_code if isinstance(error, can.CanError) else getattr(error, "errno", None)


def _reason(error: Exception) -> str:
    number = _error_number(error)
    return os.strerror(number) if number else str(error)
