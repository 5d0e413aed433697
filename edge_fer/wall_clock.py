"""Whether the wall clock can be believed. Nothing but log lines and the age of clips uses it."""

import ctypes
from pathlib import Path

STA_UNSYNC = 0x0040  # adjtimex(2)
# systemd-timesyncd makes this file. The service may not ask the kernel: its sandbox closes all
# calls that could set the clock (ProtectClock=).
TIMESYNC_FILE = Path("/run/systemd/timesync/synchronized")


def clock_status() -> int | None:
    """Return the kernel's clock status bits (adjtimex(2)); None where it gives none."""

    class Timex(ctypes.Structure):
        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_char * 256),
        )

    timex = Timex()
    try:
        known = ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) >= 0
    except (OSError, AttributeError):
        return None
    return int(timex.status) if known else None


def is_synchronised() -> bool:
    """Return whether the wall clock is known to be right."""
    bits = clock_status()
    if bits is not None and not bits & STA_UNSYNC:
        return True
    return TIMESYNC_FILE.exists()
