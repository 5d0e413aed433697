"""The kinds of recordings, by the ending of their file's name."""

from enum import StrEnum
from pathlib import Path

from firmware_bridge.errors import LogError, LogReason


class RecordingKind(StrEnum):
    """How a file holds frames; the value is its ending."""

    JSONL = ".jsonl"
    CANDUMP = ".log"
    BLF = ".blf"
    ASC = ".asc"


def recording_kind(path: Path) -> RecordingKind:
    """Return the kind of a recording; BridgeError for an ending that says none."""
    try:
        return RecordingKind(path.suffix.lower())
    except ValueError:
        raise LogError(
            LogReason.UNKNOWN_KIND,
            f"recording: {path}: {path.suffix or 'no ending'!r} is no kind of recording; use"
            " .log (candump), .jsonl, .blf or .asc",
        ) from None
