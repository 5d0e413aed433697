"""How long what the driver has not sent yet has been waiting there.

The kernel says how many bytes are unsent: TIOCOUTQ of a serial port, SIOCOUTQNSD of a TCP socket,
whose SIOCOUTQ (the same number as TIOCOUTQ) also counts what the other side has not acknowledged. A
pseudo-terminal says zero: what is written there lies with the reader already, however long that
takes to read. For such queues, and those behind the other end, receivers have LinkTiming.
"""

import fcntl
import struct
import termios
from collections import deque

_INT = struct.Struct("i")
_SIOCOUTQNSD = 0x894B  # linux/sockios.h


def undelivered_bytes(descriptor: int) -> int:
    """Return how much was written and not sent, or on TCP not acknowledged.

    0 where the driver does not say.
    """
    return _ask(descriptor, termios.TIOCOUTQ)


def tcp_unsent_bytes(descriptor: int) -> int:
    """Return how much was written to a TCP socket and not sent; 0 where the kernel does not say."""
    return _ask(descriptor, _SIOCOUTQNSD)


def _ask(descriptor: int, request: int) -> int:
    try:
        answer = fcntl.ioctl(descriptor, request, bytes(_INT.size))
    except OSError:
        return 0
    count: int = _INT.unpack(answer)[0]
    return max(0, count)


class Backlog:
    """Follows what was written, and when. Pure; monotonic seconds."""

    def __init__(self) -> None:
        self._written = 0  # bytes so far
        self._ends: deque[tuple[int, float]] = deque()  # of each write

    def wrote(self, count: int, now_s: float) -> None:
        """Note `count` bytes that were written at `now_s`."""
        self._written += count
        self._ends.append((self._written, now_s))

    def delivered_but(self, count: int) -> None:
        """Forget all but the latest `count` bytes: they never wait again."""
        delivered = self._written - count
        while self._ends and self._ends[0][0] <= delivered:
            self._ends.popleft()

    def age_s(self, waiting: int, now_s: float) -> float:
        """Return how long the oldest of the `waiting` latest bytes has waited; 0 where none is."""
        left = self._written - waiting
        return next((now_s - written_s for end, written_s in self._ends if end > left), 0.0)

    def clear(self) -> None:
        """Forget what was thrown away."""
        self._ends.clear()
