"""How a verb ends: the exit codes of every verb, and what a shell pipeline needs at the end."""

import os
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USER_ERROR = 2
EXIT_INVALID = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

MEANINGS: Mapping[int, str] = {
    EXIT_OK: "The verb did its work, or the reader of its output (head) closed the pipe.",
    EXIT_FAILED: "The verb did its work, and the result is bad: a check failed, the daemon is"
    " stalled, no valid frame arrived, a metric got worse.",
    EXIT_USER_ERROR: "An option, a file, a device or a port is wrong. One line says which and why.",
    EXIT_INVALID: "The benchmark ran, and its metrics are not valid: the device throttled.",
    EXIT_INTERRUPTED: "Ctrl-C ended the verb. What was measured or written by then is kept.",
}


def occupy_closed_streams() -> None:
    """Open /dev/null for each standard stream that the caller closed (`>&-`).

    Otherwise the next file or camera that is opened gets its descriptor, and is printed into.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free descriptor is this one: the lower ones are open by now.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            stream = Path(os.devnull).open(mode)  # noqa: SIM115 - open as long as the process
            setattr(sys, name, stream)


def reader_is_gone() -> bool:
    """Return whether standard output is a pipe whose reader closed it."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):
        return False


def leads_nowhere() -> bool:
    """Return whether standard output is /dev/null: rich puts it there when the reader is gone."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), Path(os.devnull).stat())
    except (OSError, ValueError, AttributeError):
        return False


def discard_output() -> None:
    """Send what is still buffered for standard output nowhere, so that no error follows."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
