"""No core dumps: they would hold the frames that are in memory when a process dies."""

import contextlib
import ctypes
import resource

_PR_SET_DUMPABLE = 4  # prctl(2)


def forbid_dumps() -> None:
    """Let neither a crash nor a debugger of the same user get at this process's memory.

    The limit alone is not enough: a core_pattern that pipes to a program ignores it. The second is
    lost with exec, so that each program has to call this. Reading /proc/PID of this process then
    needs root, but for what everybody may read.
    """
    # The service's own limit is 0 already, and its sandbox lets nobody change limits.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
