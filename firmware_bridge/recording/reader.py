"""Reads a recording: the frames in its order, and what was wrong with it."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import can

from firmware_bridge.errors import LogError, LogReason
from firmware_bridge.protocol.frame import CanFrame, is_can_id
from firmware_bridge.recording.encoding import utf8_chunks
from firmware_bridge.recording.jsonl import recording_start
from firmware_bridge.recording.kinds import RecordingKind, recording_kind
from firmware_bridge.recording.lines import MAX_LINE_LENGTH, LineFormat, LineParser
from firmware_bridge.recording.tables import read_csv, read_trc
from firmware_bridge.recording.variant import describe_variant
from firmware_bridge.recording.verdict import LineVerdict
from firmware_bridge.transports import TransportCounters
from firmware_bridge.transports.can_bus import as_frame

_CHUNK_BYTES = 65_536
_LINE_FORMATS = {
    RecordingKind.JSONL: LineFormat.JSON,
    RecordingKind.CANDUMP: LineFormat.CANDUMP,
    RecordingKind.ASC: LineFormat.ASC,
}
_TABLES = {RecordingKind.TRC: read_trc, RecordingKind.CSV: read_csv}


class RecordingReader:
    """The frames of a file, to be iterated once. Their times are those of the file, in seconds.

    BridgeError where the file cannot be opened, or is no recording of the kind that its ending
    says. What cannot be read further on ends or thins the frames, and is told by `counters` and
    `trouble`: a recorder that was killed leaves half a line.
    """

    def __init__(self, path: Path, channel: str | None = None) -> None:
        self.path = path
        self._channel = channel  # None: the frames of all
        self.counters = TransportCounters()
        self.trouble: str | None = None
        self._damage: str | None = None
        self._kind = self._kind_of(path)
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise LogError(
                LogReason.UNREADABLE, f"recording: {path}: cannot be read ({error.strerror})"
            ) from error

    def __iter__(self) -> Iterator[CanFrame]:
        if self._kind in _TABLES:
            frames = self._table()
        else:
            line_format = _LINE_FORMATS.get(self._kind)
            frames = self._can_file() if line_format is None else self._lines(line_format)
        empty = True
        for frame in frames:
            if self._channel not in (None, frame.channel):
                continue
            empty = False
            yield frame
        if empty:
            raise LogError(LogReason.BAD_FORMAT, f"recording: {self.path}: {self._why_empty()}")

    @staticmethod
    def _kind_of(path: Path) -> RecordingKind:
        """Return the kind of a file; BridgeError for none, with what its beginning says it is."""
        try:
            return recording_kind(path)
        except LogError as error:
            variant = _variant(path)
            if variant is None:
                raise
            raise LogError(error.reason, f"recording: {path}: {variant}") from error

    def _lines(self, line_format: LineFormat) -> Iterator[CanFrame]:
        parser = LineParser(line_format)
        start_s: float | None = None if line_format is LineFormat.JSON else 0.0
        with self.path.open("rb") as file:
            for chunk in utf8_chunks(file, _CHUNK_BYTES):
                if start_s is None:
                    first = chunk.partition(b"\n")[0][:MAX_LINE_LENGTH]
                    start_s = recording_start(first.decode(errors="replace"))
                frames = parser.feed(chunk)
                self.counters = parser.counters
                yield from (_later(frame, start_s) for frame in frames)
        last = parser.end()
        self.counters = parser.counters
        yield from (_later(frame, start_s or 0.0) for frame in last)

    def _table(self) -> Iterator[CanFrame]:
        count = rejected = 0
        try:
            for frame in _TABLES[self._kind](self.path):
                sound = (
                    isinstance(frame, CanFrame)
                    and is_can_id(frame.can_id)
                    and math.isfinite(frame.time_s)
                )
                count += sound
                rejected += not sound and frame is not LineVerdict.OTHER
                self.counters = TransportCounters(frames_received=count, rejected_lines=rejected)
                if sound and isinstance(frame, CanFrame):
                    yield frame
        except GeneratorExit:
            raise
        except Exception as error:  # python-can's readers raise of all kinds at a damaged file
            self._note_damage(count, str(error) or type(error).__name__)

    def _can_file(self) -> Iterator[CanFrame]:
        count = rejected = 0
        try:
            with can.BLFReader(self.path) as messages:
                for message in messages:
                    frame = as_frame(message, message.timestamp)
                    if frame is None:
                        continue
                    sound = is_can_id(frame.can_id) and math.isfinite(frame.time_s)
                    count += sound
                    rejected += not sound
                    self.counters = TransportCounters(
                        frames_received=count, rejected_lines=rejected
                    )
                    if sound:
                        number = message.channel
                        named = f"can{number}" if isinstance(number, int) else ""
                        yield replace(frame, channel=named)
                self._note_cut(messages, count)
        except GeneratorExit:
            raise
        except Exception as error:  # python-can's readers raise of all kinds at a damaged file
            self._note_damage(count, str(error) or type(error).__name__)

    def _note_cut(self, blf: can.BLFReader, count: int) -> None:
        """Notice that a file is shorter than its head says: python-can ends there in silence."""
        actual = self.path.stat().st_size
        if blf.file_size > actual:
            self._note_damage(count, f"{actual} bytes are left of {blf.file_size}")

    def _note_damage(self, count: int, damage: str) -> None:
        self._damage = damage
        self.trouble = f"damaged behind frame {count}: {damage}"

    def _why_empty(self) -> str:
        variant = _variant(self.path)
        is_named_right = variant is not None and variant.endswith(f"name it {self._kind}")
        if variant is not None and self._channel is None and not is_named_right:
            return variant
        if self._damage is not None:
            return f"is no {self._kind} recording: {self._damage}"
        if self.counters.rejected_lines:
            return f"none of its {self.counters.rejected_lines} lines is one of a {self._kind}"
        return "holds no frame" if self._channel is None else f"holds no frame of {self._channel}"


def _variant(path: Path) -> str | None:
    """Return what kind of file it seems to be; None where that is not known."""
    try:
        with path.open("rb") as file:
            return describe_variant(next(utf8_chunks(file, _CHUNK_BYTES), b""))
    except OSError:
        return None


def _later(frame: CanFrame, start_s: float) -> CanFrame:
    return replace(frame, time_s=start_s + frame.time_s) if start_s else frame
