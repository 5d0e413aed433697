"""Reports to the service manager, twice a second, that a start is in progress.

A stalled start is then detected as soon as a stalled daemon: a stopped process sends no report. A
main thread that hangs is given up after `LONGEST_START_S`. This module is loaded before all others
and needs only the standard library, so that slow loading from a slow disk does not look like a
stall.
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
    """Start the reports if this process is a daemon under a service manager. Return at once."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address and "run" in sys.argv[1:]:
        threading.Thread(target=_feed, args=(address,), name="starting", daemon=True).start()


def started() -> None:
    """Stop the reports: after READY=1 the watchdog applies, and they would extend its time."""
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
