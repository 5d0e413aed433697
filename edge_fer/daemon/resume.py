"""Counters that a daemon stores for its successor in case it is killed; no evidence.

If the next daemon starts while the same driver must still be there, it does not need two seconds of
frames again, it continues the numbers of events and requests, and it does not repeat a question. It
judges the driver anew, because a stored state would be stale. The file is in the runtime directory,
in memory.
"""

import json
import math
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_fer.boot import boot_id

# Longer than a start that stalls and the one after it (5.2 s under full load); quicker than two
# people can change seats, for which one of them has to get out.
RESUMED_WITHIN_S = 6.0
# Nothing is resumed from before the boot, where the monotonic clock begins.
_NEVER_S = -2 * RESUMED_WITHIN_S
_BYTES = 192  # always the same, so that one write replaces all of the one before
_MOST_RESTARTS = 10**9
_LONGEST_QUIET_S = 14_400.0  # the maximum of driver_state.question_every_s
_IDS = 255  # of events and requests; 255 itself means not available


@dataclass(frozen=True, slots=True)
class Resume:
    """The counters of a daemon that had seen its driver for long enough."""

    event_sequence: int  # 0..254, of the latest change of state
    request_id: int  # of the latest request; 0: none yet
    # The driver was asked and is not called uncertain before this monotonic time; 0: never asked.
    quiet_until_s: float = 0.0


class ResumeFile:
    """Stores a Resume for the next process; no method raises.

    Without a path, or if the file cannot be written, nothing is resumed. `restarts` counts the
    daemons since boot that were replaced without a regular end.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._boot = boot_id()
        self._file = -1
        if path is not None:
            with suppress(OSError):
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._left: tuple[Resume, float] | None = None
        self.restarts = 0
        if self._file >= 0:
            self._take_over()

    def read(self, now_s: float) -> Resume | None:
        """Return the counters stored at most RESUMED_WITHIN_S before `now_s`, or None."""
        if self._left is None:
            return None
        resume, left_s = self._left
        known = 0 <= resume.event_sequence < _IDS and 0 <= resume.request_id < _IDS
        known = known and 0.0 <= resume.quiet_until_s <= left_s + _LONGEST_QUIET_S
        return resume if known and 0.0 <= now_s - left_s <= RESUMED_WITHIN_S else None

    def _take_over(self) -> None:
        """Read the counters of another process, and count this one."""
        try:
            left = json.loads(os.pread(self._file, _BYTES, 0))
            resume = Resume(
                int(left["event_sequence"]),
                int(left["request_id"]),
                float(left.get("quiet_until_s", 0.0)),  # an older version does not store it
            )
            left_s, restarts = float(left["time_s"]), int(left["restarts"])
            same_boot = left["boot"] == self._boot
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return  # of nobody, or damaged: 1e999 is good JSON, and no number of an event
        finite = math.isfinite(left_s) and math.isfinite(resume.quiet_until_s)
        if same_boot and 0 <= restarts <= _MOST_RESTARTS and finite:
            self.restarts = restarts + 1
            self._left = resume, left_s
            self.write(resume, left_s)

    def write(self, resume: Resume, now_s: float) -> None:
        """Store the counters at the monotonic time `now_s`."""
        left = {"boot": self._boot, "time_s": round(now_s, 3), "restarts": self.restarts}
        left |= asdict(resume) | {"quiet_until_s": round(resume.quiet_until_s, 3)}
        with suppress(OSError):
            os.pwrite(self._file, json.dumps(left).ljust(_BYTES).encode(), 0)

    def count(self) -> None:
        """Let the next process count this one, even if it is killed before it stores counters."""
        if self._left is None:
            self.write(Resume(event_sequence=0, request_id=0), _NEVER_S)

    def remove(self) -> None:
        """Remove the file: after a regular end, the next start resumes nothing."""
        if self._file < 0 or self._path is None:
            return
        os.close(self._file)
        self._file = -1
        with suppress(OSError):
            self._path.unlink()
