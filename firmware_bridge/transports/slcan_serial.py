"""SLCAN over a serial port: a UART, a USB adapter or a pseudo-terminal.

pyserial opens and configures the port; bytes are read and written here, so that one place bounds
how long either takes.
"""

import contextlib
import errno
import grp
import os
import re
import select
import termios
import time
from pathlib import Path
from urllib.parse import parse_qsl

import serial
from serial.tools import list_ports

from firmware_bridge.errors import BridgeError, SendTimeoutError, TransportError
from firmware_bridge.frame import CanFrame
from firmware_bridge.slcan import CLOSE_COMMAND, OPEN_COMMANDS, SlcanParser, encode_line
from firmware_bridge.transports.base import WRITE_TIMEOUT_S, TransportCounters

DEFAULT_BAUDRATE = 115_200
BAUDRATES = (300, 12_000_000)  # 12 Mbaud is what the fastest USB adapters (FT232H) reach
_READ_BYTES = 4096


def open_slcan(address: str) -> "SlcanSerial":
    """Open `PORT` or `PORT?baudrate=N`; see `SlcanSerial`."""
    port, _, query = address.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    baudrate = options.pop("baudrate", str(DEFAULT_BAUDRATE))
    if options:
        raise BridgeError(f"link: slcan:{address}: unknown option {min(options)!r}; use baudrate")
    lowest, highest = BAUDRATES
    if not re.fullmatch("[0-9]{1,9}", baudrate) or not lowest <= int(baudrate) <= highest:
        raise BridgeError(
            f"link: slcan:{address}: baudrate {baudrate!r} is not in {lowest}..{highest}"
        )
    return SlcanSerial(port, int(baudrate))


class SlcanSerial:
    """A transport over the serial port `port`, which it opens for itself alone.

    TransportError, with what to do, where the port is missing, busy, not permitted or no port.
    """

    def __init__(self, port: str, baudrate: int = DEFAULT_BAUDRATE) -> None:
        self._port = port
        self._serial = _open_port(port, baudrate)
        self._descriptor: int = self._serial.fileno()
        self._readable = select.poll()
        self._readable.register(self._descriptor, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(self._descriptor, select.POLLOUT)
        self._parser = SlcanParser()
        self._frames_sent = 0
        try:
            self._write(OPEN_COMMANDS)
        except SendTimeoutError:
            # Nobody reads yet. An adapter needs these commands, a controller ignores them.
            pass
        except TransportError:
            self._serial.close()
            raise

    @property
    def counters(self) -> TransportCounters:
        """Return what passed so far."""
        parsed = self._parser.counters
        return TransportCounters(
            frames_sent=self._frames_sent,
            frames_received=parsed.frames,
            rejected_lines=parsed.rejected_lines,
            rejected_bytes=parsed.rejected_bytes,
        )

    def fileno(self) -> int | None:
        """Return the port's descriptor."""
        return self._descriptor

    def send(self, frame: CanFrame) -> None:
        """Write the line of `frame`; see `Transport.send`."""
        self._write(encode_line(frame))
        self._frames_sent += 1

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames that arrived; see `Transport.receive`."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, deadline_s - time.monotonic())
            if not self._readable.poll(left_s * 1000):
                return []
            # What arrives may be a reply of the adapter or half a line: then it goes on waiting.
            frames = self._parser.feed(self._read(), time.monotonic())
            if frames or left_s == 0.0:
                return frames

    def close(self) -> None:
        """Close the CAN channel and the port."""
        if not self._serial.is_open:
            return
        with contextlib.suppress(TransportError):
            self._write(CLOSE_COMMAND)
        self._serial.close()

    def _read(self) -> bytes:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost(error) from error
        if not data:
            raise TransportError(f"link: {self._port} is gone: it was unplugged or hung up")
        return data

    def _write(self, data: bytes) -> None:
        deadline_s = time.monotonic() + WRITE_TIMEOUT_S
        rest = memoryview(data)
        while True:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                pass
            except OSError as error:
                raise self._lost(error) from error
            if not rest:
                return
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not self._writable.poll(left_s * 1000):
                self._discard_output()
                raise SendTimeoutError(
                    f"link: {self._port} took nothing for {WRITE_TIMEOUT_S * 1000:.0f} ms:"
                    " is the other side reading?"
                )

    def _discard_output(self) -> None:
        """Throw away what the kernel holds: it is older than what will be sent next.

        It also lets the port close at once instead of waiting for the rest to leave.
        """
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._descriptor, termios.TCOFLUSH)

    def _lost(self, error: OSError) -> TransportError:
        return TransportError(f"link: {self._port} is gone: {error.strerror or error}")


def _open_port(port: str, baudrate: int) -> serial.Serial:
    try:
        return serial.Serial(port, baudrate, timeout=0, exclusive=True)
    except (OSError, ValueError, termios.error) as error:  # pyserial's own errors are OSErrors
        raise TransportError(_why_not_open(port, baudrate, error)) from error


def _why_not_open(port: str, baudrate: int, error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR):
        present = ", ".join(sorted(found.device for found in list_ports.comports()))
        hint = f"there is {present}" if present else "is it plugged in?"
        return f"link: {port}: no such port; {hint}"
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"link: {port} is busy: another program has it open; end that one first"
    if number in (errno.EACCES, errno.EPERM):
        return f"link: {port}: permission denied{_group_remedy(port)}"
    if isinstance(error, ValueError):
        return f"link: {port} cannot run at {baudrate} baud; try {DEFAULT_BAUDRATE}"
    if number is None or not _is_character_device(port):
        return f"link: {port} is not a serial port"
    return f"link: {port} does not open: {error}"


def _group_remedy(port: str) -> str:
    try:
        group = grp.getgrgid(Path(port).stat().st_gid).gr_name
    except (OSError, KeyError):
        return ""
    return f": it belongs to group {group}; sudo usermod -aG {group} $USER, then log in again"


def _is_character_device(port: str) -> bool:
    try:
        return Path(port).is_char_device()
    except OSError:
        return False
