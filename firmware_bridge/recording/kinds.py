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
    TRC = ".trc"
    CSV = ".csv"


# The others are read only.
WRITTEN_KINDS = (
    RecordingKind.JSONL,
    RecordingKind.CANDUMP,
    RecordingKind.BLF,
    RecordingKind.ASC,
)


def recording_kind(path: Path) -> RecordingKind:
    """Return the kind of a recording; BridgeError for an ending that says none."""
    try:
        return RecordingKind(path.suffix.lower())
    except ValueError:
        raise LogError(
            LogReason.UNKNOWN_KIND,
            f"recording: {path}: {path.suffix or 'no ending'!r} is not a kind of recording; use"
            " .log (candump), .jsonl, .blf or .asc (.trc and .csv are read only)",
        ) from None


def written_kind(path: Path) -> RecordingKind:
    """Return the kind of a recording to be written; BridgeError for one that is read only."""
    kind = recording_kind(path)
    if kind not in WRITTEN_KINDS:
        raise LogError(
            LogReason.UNKNOWN_KIND,
            f"recording: {path}: a {kind} recording is read, not written; use"
            " .log (candump), .jsonl, .blf or .asc",
        )
    return kind
