"""Stores the latest frames for the monitor's list, and their changed bytes. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from firmware_bridge.reception.frame_filter import FrameFilter
from firmware_bridge.reception.supervision import JudgedFrame

KEPT_FRAMES = 5000  # four minutes of all our messages, for a filter that is set later
SHOWN_FRAMES = 1000  # and so many that pass it, however rare they are

# New in nearly every frame although nothing happened; CRC and counter are not even signals.
_ALWAYS_NEW = frozenset({"SourceAge", "SendTime"})


@dataclass(frozen=True, slots=True)
class LoggedFrame:
    """A frame in the list."""

    judged: JudgedFrame
    changed: frozenset[int]  # the bytes that differ from the frame before with this id
    is_change: bool  # its content differs, or the verdict; the first one does


class ChangeFinder:
    """Compares each frame with the previous one of the same id."""

    def __init__(self) -> None:
        self._before: dict[int, JudgedFrame] = {}

    def take(self, judged: JudgedFrame) -> LoggedFrame:
        """Return the frame with its changed bytes."""
        frame = judged.frame
        before = self._before.get(frame.can_id)
        self._before[frame.can_id] = judged
        if before is None:
            return LoggedFrame(judged, frozenset(), is_change=True)
        old, new = before.frame.data, frame.data
        changed = frozenset(
            index
            for index in range(max(len(old), len(new)))
            if old[index : index + 1] != new[index : index + 1]
        )
        is_change = _content(before) != _content(judged) or before.status is not judged.status
        return LoggedFrame(judged, changed, is_change)


class FrameLog:
    """The latest frames, and a filter that selects the shown ones."""

    def __init__(self, wanted: FrameFilter, *, changed_only: bool) -> None:
        self._kept: deque[LoggedFrame] = deque(maxlen=KEPT_FRAMES)
        self._shown: deque[LoggedFrame] = deque(maxlen=SHOWN_FRAMES)
        self._changes = ChangeFinder()
        self._filter = wanted
        self._changed_only = changed_only

    def take(self, judged: JudgedFrame) -> None:
        """Add a frame."""
        logged = self._changes.take(judged)
        self._kept.append(logged)
        if self._passes(logged):
            self._shown.append(logged)

    def choose(self, wanted: FrameFilter, *, changed_only: bool) -> None:
        """Apply a filter to stored and future frames."""
        if (wanted, changed_only) == (self._filter, self._changed_only):
            return
        self._filter, self._changed_only = wanted, changed_only
        self._shown = deque(filter(self._passes, self._kept), maxlen=SHOWN_FRAMES)

    def shown(self) -> tuple[LoggedFrame, ...]:
        """Return the shown frames, the oldest first."""
        return tuple(self._shown)

    def _passes(self, logged: LoggedFrame) -> bool:
        return is_shown(logged, self._filter, changed_only=self._changed_only)


def is_shown(logged: LoggedFrame, wanted: FrameFilter, *, changed_only: bool) -> bool:
    """Return whether a frame is shown."""
    if changed_only and not logged.is_change:
        return False
    # Decoding for the filter costs more than all else here.
    return wanted.is_empty or wanted.passes(logged.judged)


def last_rows(
    shown: Iterable[LoggedFrame], rows: int, scrolled_rows: int
) -> tuple[LoggedFrame, ...]:
    """Return `rows` of the frames, `scrolled_rows` back from the newest, the oldest first."""
    every = tuple(shown)
    end = max(min(rows, len(every)), len(every) - scrolled_rows)
    return every[max(0, end - rows) : end]


def _content(judged: JudgedFrame) -> object:
    """Return what a frame says: its signals, or the bytes where they cannot be trusted."""
    if judged.message is None:
        return judged.frame.data
    signals = judged.message.signal_values()
    return {name: value for name, value in signals.items() if name not in _ALWAYS_NEW}
