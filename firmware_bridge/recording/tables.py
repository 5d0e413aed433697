"""PEAK traces and CSV tables of python-can and SavvyCAN: read, never written."""

import csv
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import can

from firmware_bridge.protocol.frame import EXTENDED, MAX_CLASSIC_LENGTH, CanFrame, is_can_id
from firmware_bridge.recording.encoding import encoding_of
from firmware_bridge.recording.verdict import LineVerdict
from firmware_bridge.transports.can_bus import as_frame

_MAX_LINE_LENGTH = 4096  # characters; a frame's line has fewer than 200
_MARK_BYTES = 4  # the longest byte order mark
_TRC_VERSION = re.compile(r"\s*;\$FILEVERSION=(\S*)")
_TRC_VERSIONS = ("1.0", "1.1", "1.3", "2.0", "2.1")  # that python-can 4.6 reads
_PYTHON_CAN_HEAD = "timestamp,arbitration_id"
_SAVVYCAN_HEAD = "Time Stamp,ID,Extended"
_MICROSECONDS = 1e6


class _BoundedLines(io.TextIOWrapper):
    """A text file whose lines have a bounded length. ValueError at a longer one."""

    def __next__(self) -> str:  # type: ignore[override]  # typeshed has bytes for all files
        line = self.readline(_MAX_LINE_LENGTH)
        if not line:
            raise StopIteration
        if len(line) == _MAX_LINE_LENGTH:
            raise ValueError(f"a line has more than {_MAX_LINE_LENGTH - 1} characters")
        return line


def _open(path: Path) -> _BoundedLines:
    file = path.open("rb")
    encoding = encoding_of(file.peek(_MARK_BYTES)[:_MARK_BYTES])
    return _BoundedLines(file, encoding=encoding, errors="replace")


def read_trc(path: Path) -> Iterator[CanFrame | LineVerdict]:
    """Read a PEAK trace. ValueError where it goes no further, or for a version that is not read."""
    with _open(path) as file:
        version = _TRC_VERSION.match(file.readline(_MAX_LINE_LENGTH))
        if version is not None and version[1] not in _TRC_VERSIONS:
            raise ValueError(
                f"version {version[1]!r} of a PEAK trace is not read; save it as version 2.1"
            )
        file.seek(0)
        rejected = _SkippedLines()
        log = logging.getLogger("can.io.trc")
        log.addFilter(rejected)
        try:
            for message in can.TRCReader(file):
                yield from rejected.take()
                # PEAK counts channels from 1.
                channel = message.channel
                name = f"can{channel - 1}" if isinstance(channel, int) else ""
                yield _checked(message, name)
            yield from rejected.take()
        finally:
            log.removeFilter(rejected)


class _SkippedLines(logging.Filter):
    """Counts the lines that python-can skips: it only logs them, once a line."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        self._count += 1
        return False

    def take(self) -> Iterator[LineVerdict]:
        count, self._count = self._count, 0
        for _ in range(count):
            yield LineVerdict.REJECTED


def read_csv(path: Path) -> Iterator[CanFrame | LineVerdict]:
    """Read a table of python-can or SavvyCAN (GVRET), by its header. ValueError for others.

    SavvyCAN's times count in microseconds from the adapter's start.
    """
    with _open(path) as file:
        head = file.readline(_MAX_LINE_LENGTH)
        if head.startswith(_PYTHON_CAN_HEAD):
            file.seek(0)
            for message in can.CSVReader(file):
                yield _checked(message, "")
        elif head.startswith(_SAVVYCAN_HEAD):
            columns = [name.strip() for name in head.split(",")]
            for row in csv.DictReader(file, columns):
                yield _savvycan_frame(row)
        else:
            raise ValueError("its first line is neither python-can's nor SavvyCAN's")


def _checked(message: can.Message, channel: str) -> CanFrame | LineVerdict:
    frame = as_frame(message, message.timestamp)
    if frame is None:
        return LineVerdict.OTHER
    if message.dlc != len(frame.data):
        return LineVerdict.REJECTED
    return CanFrame(frame.can_id, frame.data, frame.time_s, channel=channel)


def _savvycan_frame(row: dict[str, str]) -> CanFrame | LineVerdict:
    try:
        length = int(row["LEN"])
        if length > MAX_CLASSIC_LENGTH:
            return LineVerdict.OTHER  # FD
        is_long = row["Extended"].strip().lower() in ("true", "1")
        can_id = int(row["ID"], 16) | (EXTENDED if is_long else 0)
        if length < 0 or not is_can_id(can_id):
            return LineVerdict.REJECTED
        data = bytes(int(row[f"D{index}"], 16) for index in range(1, length + 1))
        time_s = int(row["Time Stamp"]) / _MICROSECONDS
        return CanFrame(can_id, data, time_s, channel=f"can{int(row['Bus'])}")
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError):
        return LineVerdict.REJECTED  # None stands for each column that a short line lacks
