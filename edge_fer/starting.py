"""Says to the service manager, once a second, that a start goes on: a start that is stopped ends.

Loaded before all else, and needs the standard library alone: what a slow disk takes to load the
rest is not to look like a process that stands still. The whole process shows which it is: one
that is stopped says nothing more. One whose main thread hangs is given up after `LONGEST_START_S`.
"""

import contextlib
import os
import socket
import sys
import threading

PERIOD_S = 0.5
PATIENCE_S = 3.0  # as WatchdogSec of the unit, which counts from READY=1 on
LONGEST_START_S = 30.0

_done = threading.Event()


def feed_while_starting() -> None:
    """Begin, where this is the daemon and a service manager waits for it; returns at once."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address and "run" in sys.argv[1:]:
        threading.Thread(target=_feed, args=(address,), name="starting", daemon=True).start()


def started() -> None:
    """End it: from READY=1 on the watchdog counts, which this would make longer."""
    _done.set()


def _feed(address: str) -> None:
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    message = f"EXTEND_TIMEOUT_USEC={int(PATIENCE_S * 1e6)}".encode()
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        for _ in range(int(LONGEST_START_S / PERIOD_S)):
            with contextlib.suppress(OSError):
                manager.sendto(message, address)
            if _done.wait(PERIOD_S):
                return
