"""What a daemon leaves behind for the next one, in case it is killed: numbers, and no evidence.

One that comes back while the same driver must still sit there need not look for two seconds again,
its numbers of events and requests go on, and it does not ask a second time. What the driver does it
has to see for itself: a state from before would be a stale one. The file lies in the runtime
directory, which is memory.
"""

import json
import math
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_fer.boot import boot_id

# Quicker than two people can change seats (driver_state.driver_swap_s), start-up included.
RESUMED_WITHIN_S = 5.0
_BYTES = 192  # always the same, so that one write replaces all of the one before
_MOST_RESTARTS = 10**9
_LONGEST_QUIET_S = 14_400.0  # the maximum of driver_state.question_every_s
_IDS = 255  # of events and requests; 255 itself means not available


@dataclass(frozen=True, slots=True)
class Resume:
    """The numbers of a daemon that had seen its driver for long enough."""

    event_sequence: int  # 0..254, of the latest change of state
    request_id: int  # of the latest request; 0: none yet
    # Nobody is called uncertain before this monotonic moment, having been asked; 0: not asked yet.
    quiet_until_s: float = 0.0


class ResumeFile:
    """Keeps a Resume where the next process finds it; nothing here raises.

    Without a path, or where the file cannot be, there is nothing to resume. `restarts` is how often
    a daemon was followed by another without an end in order, since the machine started.
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
        """Return what was left at most RESUMED_WITHIN_S before the monotonic `now_s`, or None."""
        if self._left is None:
            return None
        resume, left_s = self._left
        known = 0 <= resume.event_sequence < _IDS and 0 <= resume.request_id < _IDS
        known = known and 0.0 <= resume.quiet_until_s <= left_s + _LONGEST_QUIET_S
        return resume if known and 0.0 <= now_s - left_s <= RESUMED_WITHIN_S else None

    def _take_over(self) -> None:
        """Read what another process left, and count this one."""
        try:
            left = json.loads(os.pread(self._file, _BYTES, 0))
            resume = Resume(
                int(left["event_sequence"]),
                int(left["request_id"]),
                float(left.get("quiet_until_s", 0.0)),  # another version did not say
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
        """Leave it as of `now_s`."""
        left = {"boot": self._boot, "time_s": round(now_s, 3), "restarts": self.restarts}
        left |= asdict(resume) | {"quiet_until_s": round(resume.quiet_until_s, 3)}
        with suppress(OSError):
            os.pwrite(self._file, json.dumps(left).ljust(_BYTES).encode(), 0)

    def remove(self) -> None:
        """Remove the file: after a regular end the next start begins from nothing."""
        if self._file < 0 or self._path is None:
            return
        os.close(self._file)
        self._file = -1
        with suppress(OSError):
            self._path.unlink()
