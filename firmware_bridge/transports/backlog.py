"""How long what the driver has not sent yet has been waiting there.

The kernel says how many bytes are unsent: TIOCOUTQ of a serial port, SIOCOUTQ (the same number) of
a TCP socket, where it includes what the other side has not acknowledged. A pseudo-terminal says
zero: what is written there lies with the reader already, however long that takes to read. For such
queues, and those behind the other end, receivers have LinkTiming.
"""

import fcntl
import struct
import termios
from collections import deque

_INT = struct.Struct("i")


def unsent_bytes(descriptor: int) -> int:
    """Return how much was written and not sent; 0 where the driver does not say."""
    try:
        answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(_INT.size))
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

    def age_s(self, unsent: int, now_s: float) -> float:
        """Return how long the oldest of the `unsent` bytes has waited; 0 where none does."""
        sent = self._written - unsent
        while self._ends and self._ends[0][0] <= sent:
            self._ends.popleft()
        return now_s - self._ends[0][1] if self._ends else 0.0

    def clear(self) -> None:
        """Forget what was thrown away."""
        self._ends.clear()
