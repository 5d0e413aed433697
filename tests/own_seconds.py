"""Seconds without those in which other programs had the processors: bounds for a busy machine.

The kernel counts for each thread how long it was ready to run and had to wait for a processor
(schedstat, proc_pid_schedstat in the kernel's documentation of its scheduler). Where it does not
count this, nothing is taken off, and a bound is as strict as it is on an idle machine.
"""

import time
from pathlib import Path


def held_up_s(pid: int | None = None) -> float:
    """Return how long the main thread of `pid` had to wait for a processor, since its start.

    Also after its end, until somebody waits for it. Without `pid`: all threads of this process.
    """
    if pid is not None:
        return _waited_s(Path(f"/proc/{pid}"))
    return sum(map(_waited_s, Path("/proc/self/task").iterdir()))


def _waited_s(task: Path) -> float:
    try:
        return int((task / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError):  # it has ended, or the kernel does not count
        return 0.0


class OwnSeconds:
    """A stopwatch of the seconds in which this process ran, or waited for something else."""

    def __init__(self) -> None:
        self._held_up_s = held_up_s()
        self._began_s = time.monotonic()

    @property
    def passed(self) -> float:
        """How many have passed since it was made."""
        passed_s = time.monotonic() - self._began_s
        return max(0.0, passed_s - max(0.0, held_up_s() - self._held_up_s))
