"""How old frames are when they arrive: a reader that stops for a while comes back to a full queue.

The sender puts the time of sending, on its own clock, into LinkTiming; what follows was sent later.
How far both clocks lie apart is taken from the fastest message so far. Pure; whole milliseconds, as
in the C for a microcontroller.
"""

# The sender stands for a state that is younger than this (design: ten frames of a camera at 20 fps,
# and five cycles of LinkTiming).
MAX_AGE_MS = 500
_WRAP = 1 << 32
# Two quartz clocks run apart by up to 244 ppm: the fastest message is believed less and less.
_DRIFT_SHIFT = 12
# Where the messages suddenly become so much faster, the ones before came out of a queue, and the
# next may do so too; for so long after the latest such step none is taken for fresh.
_STEP_MS = 50
_SETTLE_MS = 300


class SendClock:
    """Follows LinkTiming."""

    def __init__(self) -> None:
        self._shift_ms: int | None = None  # our clock less the sender's, of the fastest message
        self._sent_ms = 0
        self._arrived_ms = 0
        self._drifted_ms = 0  # since the shift was last raised
        self._queued_ms: int | None = None  # when it was last seen that a queue is being emptied

    def take(self, sent_ms: int, arrived_ms: int) -> None:
        """Take the content of a good LinkTiming over."""
        shift_ms = arrived_ms - sent_ms
        if self._shift_ms is None or _signed(sent_ms - self._sent_ms) < 0:
            self._shift_ms = shift_ms  # a sender that began anew
        else:
            self._drifted_ms += arrived_ms - self._arrived_ms
            self._shift_ms += self._drifted_ms >> _DRIFT_SHIFT
            self._drifted_ms &= (1 << _DRIFT_SHIFT) - 1
            faster_ms = _signed(self._shift_ms - shift_ms)
            if faster_ms > 0:
                self._shift_ms = shift_ms
            if faster_ms > _STEP_MS:
                self._queued_ms = arrived_ms
        self._sent_ms, self._arrived_ms = sent_ms, arrived_ms
        if self._queued_ms is not None and arrived_ms - self._queued_ms >= _SETTLE_MS:
            self._queued_ms = None

    def age_ms(self, now_ms: int) -> int | None:
        """Return how old a frame that arrives now is at the most; None where nothing says it."""
        if self._shift_ms is None:
            return None
        return max(0, _signed(now_ms - self._sent_ms - self._shift_ms))

    def is_fresh(self, now_ms: int) -> bool:
        """Return whether a frame that arrives now is young enough, as far as anything says it."""
        age_ms = self.age_ms(now_ms)
        return age_ms is None or (age_ms <= MAX_AGE_MS and self._queued_ms is None)


def _signed(difference_ms: int) -> int:
    """Return a difference of two counters of 32 bits, either of which may have wrapped."""
    return (difference_ms + _WRAP // 2) % _WRAP - _WRAP // 2
