"""What the kernel says of a process: processor time, memory, descriptors, threads, children."""

import os
import resource
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the processes that `pid` started and that live; none where it is gone itself."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, user and system (proc(5), fields 14 and 15)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    # The name may hold spaces and brackets: count from behind it.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Return the resident memory; 0 where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(text.split()[1]) * resource.getpagesize() / 1e6


def descriptors(pid: int) -> int | None:
    """Return the number of open descriptors; None where only root may count them.

    That is so of each process that forbids dumps of itself.
    """
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return None


def threads(pid: int) -> int:
    """Return the number of threads; 0 where the process is gone."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return 0
