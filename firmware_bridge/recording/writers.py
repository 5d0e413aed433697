"""Writes frames into a file, one small class a way of writing. OSError where the disk is full."""

import json
from pathlib import Path
from typing import Any, Protocol, TextIO

import can

from firmware_bridge.reception.supervision import JudgedFrame
from firmware_bridge.reception.watching import frame_as_json
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.recording.kinds import RecordingKind
from firmware_bridge.transports.can_bus import as_message


class FrameWriter(Protocol):
    """A recording that is being written."""

    def write(self, judged: JudgedFrame, wall_s: float) -> None:
        """Add a frame that came at `wall_s` (Unix time)."""
        ...

    def flush(self) -> None:
        """Hand what was added to the kernel: it survives the end of this process."""
        ...

    def close(self) -> None:
        """Complete the file."""
        ...


class CandumpWriter:
    """A log file as `candump -l` writes it, for canplayer, SavvyCAN and python-can."""

    def __init__(self, path: Path, interface: str) -> None:
        self._file = _create(path)
        self._interface = interface

    def write(self, judged: JudgedFrame, wall_s: float) -> None:
        """Add a line."""
        self._file.write(
            candump_line(judged.frame, wall_s, judged.frame.channel or self._interface) + "\n"
        )

    def flush(self) -> None:
        """Hand over to the kernel."""
        self._file.flush()

    def close(self) -> None:
        """Close."""
        self._file.close()


class JsonWriter:
    """JSON lines: what came, the verdict on it and the decoded signals."""

    def __init__(self, path: Path, header: dict[str, Any], start_s: float) -> None:
        self._file = _create(path)
        self._start_s = start_s
        self._file.write(json.dumps(header) + "\n")

    def write(self, judged: JudgedFrame, wall_s: float) -> None:
        """Add a line; its time counts from the start."""
        self._file.write(json.dumps(frame_as_json(judged, self._start_s)) + "\n")

    def flush(self) -> None:
        """Hand over to the kernel."""
        self._file.flush()

    def close(self) -> None:
        """Close."""
        self._file.close()


class CanFileWriter:
    """Vector's BLF and ASC through python-can. A BLF has its head only when it was closed."""

    def __init__(self, path: Path, kind: RecordingKind) -> None:
        _create(path).close()  # python-can would write over what is there
        self._writer = can.BLFWriter(path) if kind is RecordingKind.BLF else can.ASCWriter(path)

    def write(self, judged: JudgedFrame, wall_s: float) -> None:
        """Add a message."""
        message = as_message(judged.frame)
        message.timestamp = wall_s
        self._writer.on_message_received(message)

    def flush(self) -> None:
        """Hand over to the kernel."""
        if isinstance(self._writer, can.BLFWriter):
            # python-can 4.6 keeps 128 KiB to itself, minutes of our messages; no public way.
            self._writer._flush()
        self._writer.file.flush()

    def close(self) -> None:
        """Write what is due at the end."""
        self._writer.stop()


def _create(path: Path) -> TextIO:
    """Open a new file: a drive that was recorded once is not written over by accident."""
    return path.open("x", encoding="ascii")
