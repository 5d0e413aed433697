"""SLCAN (Lawicel's ASCII protocol): frames to lines, and a parser that survives any byte.

A data frame with an 11-bit id is `t`, three hex digits of id, one of length, two for each byte of
data, and a carriage return: t3A08B4D003AF90140405. With a 29-bit id it is `T` and eight digits. An
adapter may append a time-stamp: four digits (milliseconds, modulo one minute) or, by some makers,
eight.

Every other line is one of three kinds, all counted: a legal sentence (commands, replies, remote
and FD frames) is ignored; text is foreign, as the messages of other makers' adapters and a
boot loader's log; what looks like a frame and is not one, or is not text at all, is rejected.
"""

import re
from dataclasses import dataclass

from firmware_bridge.protocol.adapter_clock import AdapterClock
from firmware_bridge.protocol.frame import (
    MAX_CLASSIC_LENGTH,
    MAX_STANDARD_ID,
    CanFrame,
    id_from_text,
    id_text,
    is_can_id,
    is_extended,
)

CR = 0x0D
LF = 0x0A  # by some adapters behind the carriage return, or in its place
_ENDS = (CR, LF)
BELL = 0x07  # an adapter's reply to a command that it refuses; has no carriage return
FRAME_START = ord("t")
_CLASSIC_FRAMES = frozenset(b"tTrR")
_FD_FRAMES = frozenset(b"dDbB")

# The longest classic line: an extended frame with eight bytes and a long time-stamp.
MAX_LINE_LENGTH = 1 + 8 + 1 + 2 * MAX_CLASSIC_LENGTH + 8
# Of a longer one nothing is kept. This one is an FD frame with 64 bytes and a long time-stamp; text
# may be as long.
MAX_LONG_LINE_LENGTH = 1 + 8 + 1 + 2 * 64 + 8
MIN_LINE_LENGTH = 1 + 3 + 1  # of a frame with an 11-bit id and no data
# What stands before the data: the kind, the id, the length.
_HEADERS = {b"t": MIN_LINE_LENGTH, b"T": 1 + 8 + 1}
_STAMP_DIGITS = (4, 8)

_HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")
_TEXT = frozenset(range(0x20, 0x7F)) | {0x09}
# Lawicel CANUSB manual, and the rest that its successors added.
_NOT_FOR_US = re.compile(
    rb"""
    | [zZCOLVvNFEQ]                              # replies and commands without a value
    | [VvNF][0-9A-Za-z]{1,8}                     # version, serial number, status: the replies
    | [SYZXAUQ][0-9]                             # rate, time-stamps, polling
    | s[0-9A-Fa-f]{4,6} | [MmW][0-9A-Fa-f]{1,8}  # bit timing, filters
    | r[0-7][0-9A-Fa-f]{2}[0-8](?:[0-9A-Fa-f]{4}){0,2}
    | R[01][0-9A-Fa-f]{7}[0-8](?:[0-9A-Fa-f]{4}){0,2}
    """,
    re.VERBOSE,
)
# Replies to a frame or command that was taken: Lawicel's are empty, `z` and `Z`.
_TAKEN = (b"", b"z", b"Z")
_STATUS = re.compile(rb"F([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class SlcanCounters:
    """What the parser made of the bytes so far; every complete line is one of the first four."""

    frames: int = 0
    ignored_lines: int = 0  # legal, but not a classic data frame
    foreign_lines: int = 0  # text
    rejected_lines: int = 0
    foreign_bytes: int = 0  # in foreign lines, their ends included
    rejected_bytes: int = 0  # in rejected lines, their ends included
    # Of the ignored lines: an adapter's replies.
    taken: int = 0
    refused: int = 0
    statuses: int = 0
    status: int = 0  # the latest flags


def encode_line(frame: CanFrame) -> bytes:
    """Return the line of `frame`; ValueError if it is not a classic frame."""
    if not is_can_id(frame.can_id):
        raise ValueError(f"id {frame.can_id:#x} is not in 0..{MAX_STANDARD_ID:#x}")
    if len(frame.data) > MAX_CLASSIC_LENGTH:
        raise ValueError(f"{len(frame.data)} bytes of data, at most {MAX_CLASSIC_LENGTH}")
    kind = "T" if is_extended(frame.can_id) else "t"
    return f"{kind}{id_text(frame.can_id)}{len(frame.data)}{frame.data.hex().upper()}\r".encode(
        "ascii"
    )


class SlcanParser:
    """Takes bytes as they come, in any pieces, and returns the frames that they complete.

    Never raises, whatever the bytes; holds at most MAX_LINE_LENGTH of them.
    """

    def __init__(self) -> None:
        self._clock = AdapterClock()
        # Of the line that has no end yet: what is kept, from the latest `t` on if it has one.
        self._kept = bytearray()
        self._overlong = False  # nothing is kept until the next `t` or the end of the line
        self._length = 0
        self._first = 0  # its first byte
        self._is_text = True
        self._is_hex = True  # all but the first byte
        self._frames = 0
        self._ignored_lines = 0
        self._foreign_lines = 0
        self._rejected_lines = 0
        self._foreign_bytes = 0
        self._rejected_bytes = 0
        self._taken = 0
        self._refused = 0
        self._statuses = 0
        self._status = 0

    @property
    def counters(self) -> SlcanCounters:
        """Return what became of the bytes so far."""
        return SlcanCounters(
            frames=self._frames,
            ignored_lines=self._ignored_lines,
            foreign_lines=self._foreign_lines,
            rejected_lines=self._rejected_lines,
            foreign_bytes=self._foreign_bytes,
            rejected_bytes=self._rejected_bytes,
            taken=self._taken,
            refused=self._refused,
            statuses=self._statuses,
            status=self._status,
        )

    @property
    def pending_bytes(self) -> int:
        """Return how many bytes wait for the end of their line."""
        return self._length

    @property
    def kept_bytes(self) -> int:
        """Return how many of them are held: MAX_LINE_LENGTH at most."""
        return len(self._kept)

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`, the time of their arrival.

        A frame with the adapter's time-stamp is dated back by as long as it was on its way for
        longer than the fastest one.
        """
        frames: list[CanFrame] = []
        for byte in data:
            if byte in _ENDS:
                frame = self._end_line(byte, time_s)
                if frame is not None:
                    frames.append(frame)
            elif byte == BELL and not self._length:
                self._ignored_lines += 1
                self._refused += 1
            else:
                self._add(byte)
        return frames

    def _add(self, byte: int) -> None:
        if self._length == 0:
            self._first = byte
        else:
            self._is_hex = self._is_hex and byte in _HEX_DIGITS
        self._is_text = self._is_text and byte in _TEXT
        self._length += 1
        # No frame has a `t` inside: that line lost its end, and the frame behind it may be whole.
        if byte == FRAME_START:
            self._kept.clear()
            self._overlong = False
        if len(self._kept) == MAX_LINE_LENGTH:
            self._kept.clear()
            self._overlong = True
        if not self._overlong:
            self._kept.append(byte)

    def _end_line(self, end: int, time_s: float) -> CanFrame | None:
        line = bytes(self._kept)
        lost = self._length - len(line)
        frame = None if self._overlong else parse_line(line, time_s)
        if frame is not None:
            self._frames += 1
            if lost:
                self._rejected_lines += 1
                self._rejected_bytes += lost
            stamp_ms = line_stamp_ms(line)
            if stamp_ms is not None:
                frame = CanFrame(frame.can_id, frame.data, self._clock.sent_s(stamp_ms, time_s))
        elif not lost and (not line or _NOT_FOR_US.fullmatch(line)):
            # The line feed behind a carriage return is no line.
            self._ignored_lines += bool(line) or end == CR
            self._take_reply(line, end)
        elif self._is_fd_frame():
            self._ignored_lines += 1
        elif self._is_foreign():
            self._foreign_lines += 1
            self._foreign_bytes += self._length + 1
        else:
            self._rejected_lines += 1
            self._rejected_bytes += self._length + 1
        self._kept.clear()
        self._overlong = False
        self._length = 0
        self._is_text = self._is_hex = True
        return frame

    def _take_reply(self, line: bytes, end: int) -> None:
        self._taken += end == CR and line in _TAKEN
        status = _STATUS.fullmatch(line)
        if status is not None:
            self._statuses += 1
            self._status = int(status[1], 16)

    def _is_fd_frame(self) -> bool:
        return (
            self._first in _FD_FRAMES
            and self._is_hex
            and MIN_LINE_LENGTH <= self._length <= MAX_LONG_LINE_LENGTH
        )

    def _is_foreign(self) -> bool:
        """Whether the line is text, and not what is left of a damaged frame."""
        if not self._is_text or self._length > MAX_LONG_LINE_LENGTH or self._first == FRAME_START:
            return False
        return not (self._is_hex and self._first in _HEX_DIGITS | _CLASSIC_FRAMES)


def parse_line(line: bytes, time_s: float) -> CanFrame | None:
    """Return the data frame in a line without its end, None unless it is exactly one.

    Strict: `t` or `T`, an id of at most 7FF or 1FFFFFFF, a length of at most 8, just as many pairs
    of hex digits, and no time-stamp or a whole one.
    """
    header = _HEADERS.get(line[:1])
    if header is None or len(line) < header or not _HEX_DIGITS.issuperset(line[1:]):
        return None
    length = int(line[header - 1 : header], 16)
    if length > MAX_CLASSIC_LENGTH:
        return None
    end = header + 2 * length
    if len(line) - end not in (0, *_STAMP_DIGITS):
        return None
    try:
        can_id = id_from_text(line[1 : header - 1].decode("ascii"))
    except ValueError:
        return None
    return CanFrame(can_id, bytes.fromhex(line[header:end].decode("ascii")), time_s)


def line_stamp_ms(line: bytes) -> float | None:
    """Return the adapter's time-stamp in a data frame's line; None without one.

    Four digits are milliseconds, eight are microseconds.
    """
    header = _HEADERS[line[:1]]
    digits = line[header + 2 * int(line[header - 1 : header], 16) :]
    if not digits:
        return None
    return int(digits, 16) / (1.0 if len(digits) == _STAMP_DIGITS[0] else 1000.0)
