"""A serial port: a UART, a USB adapter or a pseudo-terminal; bytes both ways in bounded time.

pyserial opens and configures the port; bytes are read and written here, so that one place bounds
how long either takes.
"""

import contextlib
import os
import termios
import time

import serial

from firmware_bridge.errors import LinkReason, SendTimeoutError, TransportError
from firmware_bridge.transports.address import NumberOption
from firmware_bridge.transports.backlog import Backlog, unsent_bytes
from firmware_bridge.transports.base import WRITE_TIMEOUT_S
from firmware_bridge.transports.gate import Gate
from firmware_bridge.transports.serial_trouble import why_not_open

# 12 Mbaud is what the fastest USB adapters (FT232H) reach.
BAUDRATE = NumberOption("baudrate", 115_200, 300, 12_000_000)
_READ_BYTES = 4096
# What waited for longer is thrown away: a state of that age must not be taken for a fresh one.
LONGEST_BACKLOG_S = 0.4
_CONTROL_MODES = 2  # of the list that tcgetattr returns


class SerialPort:
    """The serial port `port`, opened for this program alone; threads as in `Transport`.

    TransportError, with what to do, where the port is missing, busy, not permitted or no port.
    `keep_running`: boards that are reset by DTR (Arduino's) are spared it, here and when the port
    is opened next, as far as the driver allows.
    """

    def __init__(
        self, port: str, baudrate: int = BAUDRATE.default, *, keep_running: bool = False
    ) -> None:
        self.name = port
        self._serial = _open(port, baudrate, keep_running=keep_running)
        self._descriptor: int = self._serial.fileno()
        self._gate = Gate(port, readable=self._descriptor, writable=self._descriptor)
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
                    LinkReason.GONE,
                    f"link: {self.name} is gone: it was unplugged or hung up",
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
            if self._backlog_s(now_s) > LONGEST_BACKLOG_S:
                self._discard_output()
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
                    self._discard_output()
                    raise SendTimeoutError(
                        f"link: {self.name} took nothing for {WRITE_TIMEOUT_S * 1000:.0f} ms:"
                        " is the other side reading?"
                    )

    def backlog_s(self) -> float:
        """Return how long the oldest byte that the driver has not sent has waited there."""
        with self._gate.sending:
            self._gate.check()
            return self._backlog_s(time.monotonic())

    def _backlog_s(self, now_s: float) -> float:
        return self._backlog.age_s(unsent_bytes(self._descriptor), now_s)

    def close(self, last: bytes = b"") -> None:
        """Close the port; `last` is written before if it is taken at once. Never raises."""
        if not self._gate.shut():
            return
        with self._gate.sending, self._gate.receiving:
            try:
                os.write(self._descriptor, last)
            except BlockingIOError:
                self._discard_output()
            except OSError:
                pass  # it is gone
            with contextlib.suppress(OSError, termios.error):
                self._serial.close()
            self._gate.release()

    def _discard_output(self) -> None:
        """Throw away what the kernel holds: it is older than what will be sent next.

        It also lets the port close at once instead of waiting for the rest to leave.
        """
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._descriptor, termios.TCOFLUSH)
        self._backlog.clear()

    def _lost(self, error: OSError) -> TransportError:
        return TransportError(
            LinkReason.GONE,
            f"link: {self.name} is gone: {error.strerror or error}",
        )


def _open(port: str, baudrate: int, *, keep_running: bool) -> serial.Serial:
    try:
        made = serial.Serial(None, baudrate, timeout=0, exclusive=True)
        made.port = port
        if keep_running:
            made.dtr = False  # set before `open`, it is never raised by pyserial
        made.open()
        if keep_running:
            _keep_lines(made.fileno())
        return made
    except (OSError, ValueError, termios.error) as error:  # pyserial's own errors are OSErrors
        raise why_not_open(port, baudrate, error) from error


def _keep_lines(descriptor: int) -> None:
    """Leave DTR as it is when the port is closed: its edge at the next opening resets the board."""
    modes = termios.tcgetattr(descriptor)
    modes[_CONTROL_MODES] &= ~termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)
