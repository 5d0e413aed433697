"""SLCAN (Lawicel's ASCII protocol): frames to lines, and a parser that survives any byte.

A data frame with an 11-bit id is `t`, three hex digits of id, one of length, two for each byte of
data, and a carriage return: t3A08B4D003AF90140405. Everything else on the line is either a legal
sentence that is none of our business (commands, replies, remote and extended frames), which is
ignored, or it is rejected; both are counted.
"""

import re
from dataclasses import dataclass

from firmware_bridge.protocol.frame import MAX_CLASSIC_LENGTH, MAX_STANDARD_ID, CanFrame

CR = 0x0D
BELL = 0x07  # an adapter's reply to a command that it refuses; has no carriage return
FRAME_START = ord("t")

# Close (in case it was left open), 500 kbit/s, open: what slcand and python-can send too.
OPEN_COMMANDS = b"C\rS6\rO\r"
CLOSE_COMMAND = b"C\r"

# The longest legal line: an extended frame with eight bytes and a time-stamp.
MAX_LINE_LENGTH = 1 + 8 + 1 + 2 * MAX_CLASSIC_LENGTH + 4

_HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")
# Lawicel CANUSB manual, and the CAN FD rates and the rest that its successors added.
_NOT_FOR_US = re.compile(
    rb"""
    | [zZCOLVvNFEQ]                              # replies and commands without a value
    | [VvNF][0-9A-Za-z]{1,8}                     # version, serial number, status: the replies
    | [SYZXAUQ][0-9]                             # rate, time-stamps, polling
    | s[0-9A-Fa-f]{4,6} | [MmW][0-9A-Fa-f]{1,8}  # bit timing, filters
    | T[01][0-9A-Fa-f]{7}[0-8](?:[0-9A-Fa-f]{2}){0,8}(?:[0-9A-Fa-f]{4})?
    | r[0-7][0-9A-Fa-f]{2}[0-8] | R[01][0-9A-Fa-f]{7}[0-8]
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class SlcanCounters:
    """What the parser made of the bytes so far; every complete line is one of the four."""

    frames: int = 0
    ignored_lines: int = 0  # legal, but not a data frame with an 11-bit id
    rejected_lines: int = 0
    rejected_bytes: int = 0  # in rejected lines, their carriage returns included


def encode_line(frame: CanFrame) -> bytes:
    """Return the line of `frame`; ValueError if it is not a classic frame with an 11-bit id."""
    if not 0 <= frame.can_id <= MAX_STANDARD_ID:
        raise ValueError(f"id {frame.can_id:#x} is not in 0..{MAX_STANDARD_ID:#x}")
    if len(frame.data) > MAX_CLASSIC_LENGTH:
        raise ValueError(f"{len(frame.data)} bytes of data, at most {MAX_CLASSIC_LENGTH}")
    return f"t{frame.can_id:03X}{len(frame.data)}{frame.data.hex().upper()}\r".encode("ascii")


class SlcanParser:
    """Takes bytes as they come, in any pieces, and returns the frames that they complete.

    Never raises, whatever the bytes; holds at most MAX_LINE_LENGTH of them.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._overlong = False  # the rest of this line is thrown away
        self._frames = 0
        self._ignored_lines = 0
        self._rejected_lines = 0
        self._rejected_bytes = 0

    @property
    def counters(self) -> SlcanCounters:
        """Return what became of the bytes so far."""
        return SlcanCounters(
            self._frames, self._ignored_lines, self._rejected_lines, self._rejected_bytes
        )

    @property
    def pending_bytes(self) -> int:
        """Return how many bytes wait for the end of their line."""
        return len(self._line)

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`."""
        frames: list[CanFrame] = []
        for byte in data:
            if byte == CR:
                frame = self._end_line(time_s)
                if frame is not None:
                    frames.append(frame)
            elif byte == BELL and not self._line and not self._overlong:
                self._ignored_lines += 1
            elif self._overlong and byte != FRAME_START:
                self._rejected_bytes += 1
            else:
                self._add(byte)
        return frames

    def _add(self, byte: int) -> None:
        # No line has a `t` inside: this one lost its end, and the frame behind it may be whole.
        if byte == FRAME_START and (self._line or self._overlong):
            self._reject_line()
        self._line.append(byte)
        if len(self._line) > MAX_LINE_LENGTH:
            self._rejected_bytes += len(self._line)
            self._line.clear()
            self._overlong = True

    def _end_line(self, time_s: float) -> CanFrame | None:
        line = bytes(self._line)
        if not self._overlong:
            frame = parse_line(line, time_s)
            if frame is not None:
                self._frames += 1
                self._line.clear()
                return frame
            if _NOT_FOR_US.fullmatch(line):
                self._ignored_lines += 1
                self._line.clear()
                return None
        self._rejected_bytes += 1  # the carriage return
        self._reject_line()
        return None

    def _reject_line(self) -> None:
        self._rejected_lines += 1
        self._rejected_bytes += len(self._line)
        self._line.clear()
        self._overlong = False


def parse_line(line: bytes, time_s: float) -> CanFrame | None:
    """Return the data frame in a line without its carriage return, None unless it is exactly one.

    Strict: `t`, an id of at most 7FF, a length of at most 8, and just as many pairs of hex digits.
    """
    if len(line) < 5 or line[0] != FRAME_START or not _HEX_DIGITS.issuperset(line[1:]):
        return None
    can_id = int(line[1:4], 16)
    length = int(line[4:5], 16)
    if can_id > MAX_STANDARD_ID or length > MAX_CLASSIC_LENGTH or len(line) != 5 + 2 * length:
        return None
    return CanFrame(can_id, bytes.fromhex(line[5:].decode("ascii")), time_s)
