"""A port for bytes, both ways in bounded time; a serial port or a TCP connection lies below it."""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.errors import LinkReason, SendTimeoutError, TransportError
from firmware_bridge.transports.backlog import Backlog
from firmware_bridge.transports.base import WRITE_TIMEOUT_S
from firmware_bridge.transports.gate import Gate

_READ_BYTES = 4096
# What waited for longer is thrown away: a state of that age must not be taken for a fresh one.
LONGEST_BACKLOG_S = 0.4


@dataclass(frozen=True, slots=True)
class Device:
    """An open descriptor that does not block, and what its driver can do with what was written.

    `unsent` counts the bytes that did not leave, `undelivered` those and what may have to leave
    once more. `discard` throws them away and returns whether that is possible. `close` gives the
    descriptor back, with `abort` at once and without what is undelivered; both may raise OSError.
    """

    name: str
    descriptor: int
    hung_up: str  # what it means that the other side has ended
    unsent: Callable[[int], int]
    undelivered: Callable[[int], int]
    discard: Callable[[], bool]
    close: Callable[[bool], None]


class BytePort:
    """Reads and writes `device`, which it closes; threads as in `Transport`."""

    def __init__(self, device: Device) -> None:
        self.name = device.name
        self._device = device
        self._descriptor = device.descriptor
        self._gate = Gate(self.name, readable=self._descriptor, writable=self._descriptor)
        self._backlog = Backlog()

    def fileno(self) -> int:
        """Return the port's descriptor."""
        return self._descriptor

    def read(self, timeout_s: float) -> bytes:
        """Return the bytes that arrived, waiting up to `timeout_s` for the first of them.

        TransportError where the port is gone.
        """
        with self._gate.receiving:
            self._gate.check()
            if not self._gate.wait_readable(timeout_s):
                return b""
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return b""
            except OSError as error:
                raise self._lost(error) from error
            if not data:
                raise TransportError(
                    LinkReason.GONE, f"link: {self.name} is gone: {self._device.hung_up}"
                )
            return data

    def write(self, data: bytes) -> None:
        """Write all of `data` within WRITE_TIMEOUT_S.

        SendTimeoutError where it was not taken, TransportError where the port is gone.
        """
        with self._gate.sending:
            self._gate.check()
            now_s = time.monotonic()
            deadline_s = now_s + WRITE_TIMEOUT_S
            self._drop_old(now_s)
            rest = memoryview(data)
            while True:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:
                    pass
                except OSError as error:
                    raise self._lost(error) from error
                if not rest:
                    self._backlog.wrote(len(data), now_s)
                    return
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or not self._gate.wait_writable(left_s):
                    self._backlog.wrote(len(data) - len(rest), now_s)
                    self._discard()
                    raise SendTimeoutError(
                        f"link: {self.name} took nothing for {WRITE_TIMEOUT_S * 1000:.0f} ms:"
                        " is the other side reading?"
                    )

    def backlog_s(self) -> float:
        """Return how long the oldest byte that the driver has not sent has waited there.

        What waited for longer than LONGEST_BACKLOG_S is thrown away. TransportError where that is
        only possible by giving the port up, or where it was closed.
        """
        with self._gate.sending:
            self._gate.check()
            now_s = time.monotonic()
            self._drop_old(now_s)
            return self._backlog.age_s(self._device.unsent(self._descriptor), now_s)

    def close(self, last: bytes = b"") -> None:
        """Close the port; `last` is written before if it is taken at once. Never raises."""
        if not self._gate.shut():
            return
        with self._gate.sending, self._gate.receiving:
            is_stuck = self._undelivered_s(time.monotonic()) > LONGEST_BACKLOG_S
            try:
                os.write(self._descriptor, last)
            except BlockingIOError:
                is_stuck = True
                self._discard()
            except OSError:
                pass  # it is gone
            with contextlib.suppress(OSError):
                self._device.close(is_stuck)
            self._gate.release()

    def _drop_old(self, now_s: float) -> None:
        """Throw away what waited for too long; TransportError where the driver cannot."""
        if self._undelivered_s(now_s) > LONGEST_BACKLOG_S and not self._discard():
            raise TransportError(
                LinkReason.NOT_TAKEN,
                f"link: {self.name} took nothing for {LONGEST_BACKLOG_S * 1000:.0f} ms;"
                " it is given up, so that nothing old arrives",
            )

    def _undelivered_s(self, now_s: float) -> float:
        undelivered = self._device.undelivered(self._descriptor)
        self._backlog.delivered_but(undelivered)
        return self._backlog.age_s(undelivered, now_s)

    def _discard(self) -> bool:
        """Throw away what the kernel holds: it is older than what will be sent next.

        It also lets the port close at once instead of waiting for the rest to leave.
        """
        is_empty = self._device.discard()
        if is_empty:
            self._backlog.clear()
        return is_empty

    def _lost(self, error: OSError) -> TransportError:
        return TransportError(
            LinkReason.GONE, f"link: {self.name} is gone: {error.strerror or error}"
        )
