"""An SLCAN adapter as Lawicel's CANUSB manual describes it, without and with a pseudo-terminal.

It boots for a while and drops what comes meanwhile. Afterwards it answers every line: CR for one
that it takes, BEL for any other. `S` and `Z` are taken while the channel is closed, frames, `C` and
`F` while it is open; `Z` is kept in memory, over a loss of supply too.
"""

import os
import select
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import encode_line, parse_line
from firmware_bridge.terminal.pty import Terminal

OK, NO = b"\r", b"\x07"


@dataclass
class LawicelAdapter:
    """The adapter's firmware; bytes in, replies out. `bus_rate` None: any rate is right."""

    boot_s: float = 0.0
    stamps: bool = False
    has_flags: bool = True
    has_listen_only: bool = True
    has_z: bool = True
    flags: int = 0
    buffer_full: bool = False
    on_bus: list[CanFrame] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    is_open: bool = False
    is_listening: bool = False
    rate: bytes = b""
    resets: int = 0
    _line: bytes = b""
    _booted_s: float = -1e9

    def reset(self, now_s: float) -> None:
        """Lose the supply for a moment."""
        self.resets += 1
        self.is_open = self.is_listening = False
        self.rate = self._line = b""
        self._booted_s = now_s + self.boot_s

    def take(self, data: bytes, now_s: float) -> bytes:
        """Return the replies to what was received."""
        if now_s < self._booted_s:
            return b""
        replies = b""
        for byte in data:
            if byte != 0x0D:
                self._line += bytes((byte,))
                continue
            line, self._line = self._line, b""
            replies += self._answer(line)
        return replies

    def from_bus(self, frame: CanFrame, now_s: float) -> bytes:
        """Return the line of a frame that came over the bus."""
        if not self.is_open:
            return b""
        line = encode_line(frame)
        if not self.stamps:
            return line
        return line[:-1] + f"{int(now_s * 1000) % 60_000:04X}\r".encode()

    def _answer(self, line: bytes) -> bytes:
        if line[:1] in (b"t", b"T"):
            return OK if self._send(line) else NO
        if line:
            self.commands.append(line)
        return self._obey(line)

    def _send(self, line: bytes) -> bool:
        frame = parse_line(line, 0.0)
        if frame is None or not self.is_open or self.is_listening or self.buffer_full:
            return False
        self.on_bus.append(frame)
        return True

    def _obey(self, line: bytes) -> bytes:
        reply = NO
        match line[:1]:
            case b"":
                reply = OK
            case b"C":
                reply, self.is_open = OK if self.is_open else NO, False
            case b"S" if not self.is_open and line[1:] in [b"%d" % code for code in range(9)]:
                self.rate, reply = line, OK
            case b"Z" if self.has_z and not self.is_open and line[1:] in (b"0", b"1"):
                self.stamps, reply = line == b"Z1", OK
            case b"O" | b"L" if not self.is_open and self.rate:
                self.is_listening = line == b"L"
                self.is_open = self.has_listen_only or not self.is_listening
                reply = OK if self.is_open else NO
            case b"F" if self.has_flags and self.is_open:
                reply = b"F%02X\r" % self.flags
            case b"V":
                reply = b"V1013\r"
        return reply


class AdapterPort:
    """The adapter behind a pseudo-terminal; `uri` opens it. Use `with`."""

    def __init__(self, adapter: LawicelAdapter) -> None:
        self.adapter = adapter
        self._terminal = Terminal()
        self.uri = f"slcan:{self._terminal.path}"
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "AdapterPort":
        self.reset()
        self.adapter.resets = 0
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._terminal.close()

    def reset(self) -> None:
        """Take its supply away for a moment; the port stays, as with a separate USB chip."""
        with self._lock:
            self.adapter.reset(time.monotonic())

    def from_bus(self, frame: CanFrame) -> None:
        """Let a frame come over the bus."""
        with self._lock:
            os.write(self._terminal.device, self.adapter.from_bus(frame, time.monotonic()))

    def _run(self) -> None:
        while not self._stop.is_set():
            if not select.select([self._terminal.device], [], [], 0.02)[0]:
                continue
            data = os.read(self._terminal.device, 4096)
            with self._lock:
                replies = self.adapter.take(data, time.monotonic())
            os.write(self._terminal.device, replies)
