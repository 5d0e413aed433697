"""Frames out of lines of text, whatever the bytes: each line is a frame, of no concern or rejected.

Pure. Holds at most MAX_LINE_LENGTH bytes and never raises.
"""

from collections.abc import Callable
from enum import Enum

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.asc import AscLines
from firmware_bridge.recording.candump import parse_candump_line
from firmware_bridge.recording.jsonl import parse_json_line
from firmware_bridge.recording.verdict import LineVerdict
from firmware_bridge.transports import TransportCounters

# A line of JSON with all signals has about 400 bytes, of candump at most 60 with a long name.
MAX_LINE_LENGTH = 4096


class LineFormat(Enum):
    """How a line holds a frame."""

    CANDUMP = "candump"
    JSON = "json"
    ASC = "asc"


def _parser(line_format: LineFormat) -> Callable[[str], CanFrame | LineVerdict]:
    if line_format is LineFormat.ASC:
        return AscLines().parse
    return parse_candump_line if line_format is LineFormat.CANDUMP else parse_json_line


class LineParser:
    """Takes bytes as they come, in any pieces, and returns the frames of the lines that they end.

    The time of a frame is that of its line: seconds, of which only differences mean something.
    """

    def __init__(self, line_format: LineFormat) -> None:
        self._parse = _parser(line_format)
        self._pending = b""
        self._overlong = False  # the rest of this line is thrown away
        self._frames = 0
        self._rejected_lines = 0
        self._rejected_bytes = 0
        self._received_bytes = 0

    @property
    def counters(self) -> TransportCounters:
        """Return what became of the bytes; legal lines without a frame of ours are understood."""
        return TransportCounters(
            frames_received=self._frames,
            rejected_lines=self._rejected_lines,
            rejected_bytes=self._rejected_bytes,
            received_bytes=self._received_bytes,
            understood_bytes=self._received_bytes - self._rejected_bytes - len(self._pending),
        )

    def feed(self, data: bytes) -> list[CanFrame]:
        """Return the frames of the lines that `data` completes."""
        self._received_bytes += len(data)
        *whole, rest = (self._pending + data).split(b"\n")
        self._pending = b""
        frames = [frame for line in whole if (frame := self._take(line, 1)) is not None]
        if self._overlong or len(rest) > MAX_LINE_LENGTH:
            self._rejected_bytes += len(rest)
            self._overlong = True
        else:
            self._pending = rest
        return frames

    def end(self) -> list[CanFrame]:
        """Return the frame of the last line, if that one has no end: nothing more comes."""
        rest, self._pending = self._pending, b""
        frame = self._take(rest, 0) if rest or self._overlong else None
        return [] if frame is None else [frame]

    def _take(self, line: bytes, end_bytes: int) -> CanFrame | None:
        if self._overlong or len(line) > MAX_LINE_LENGTH:
            self._overlong = False
            self._reject(line, end_bytes)
            return None
        verdict = self._parse(line.decode("utf-8", errors="replace").strip())
        if isinstance(verdict, CanFrame):
            self._frames += 1
            return verdict
        if verdict is LineVerdict.REJECTED:
            self._reject(line, end_bytes)
        return None

    def _reject(self, line: bytes, end_bytes: int) -> None:
        self._rejected_lines += 1
        self._rejected_bytes += len(line) + end_bytes
