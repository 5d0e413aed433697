"""Reports to the service manager, four times a second, that a start is in progress.

A stalled start is then detected as soon as a stalled daemon: a stopped process sends no report. A
main thread that hangs is given up after `LONGEST_START_S`. This module is loaded before all others
and needs only the standard library, so that slow loading from a slow disk does not look like a
stall.

Until the start is done, Python does not collect cycles: what is loaded stays, and each look at it
costs the start up to 64 ms. Afterwards it leaves these objects out, and the vision loop is not held
up by a look at all of them.
"""

import contextlib
import gc
import os
import socket
import sys
import threading

PERIOD_S = 0.25
PATIENCE_S = 2.5  # as TimeoutStartSec of the unit, which is for the time before the first report
LONGEST_START_S = 30.0

_done = threading.Event()


def feed_while_starting() -> None:
    """Start the reports if this process is a daemon under a service manager. Return at once."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address and "run" in sys.argv[1:]:
        gc.disable()
        threading.Thread(target=_feed, args=(address,), name="starting", daemon=True).start()


def started() -> None:
    """Stop the reports: after READY=1 the watchdog applies, and they would extend its time."""
    _done.set()
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


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
