"""Turns the times of a recording into ones that never run backwards."""

# Frames of several buses are logged in an order that is not quite that of their times; a step back
# by more is one of the clock.
OUT_OF_ORDER_S = 1.0


class SteadyTime:
    """Times on the scale of a watch for times of a file or stream, whose scale is another. Pure.

    The first one becomes `start_s`. A frame that is a little out of order comes at the time of the
    latest. Where the times step back (a clock that was set, two logs in one file) they go on from
    the latest.
    """

    def __init__(self, start_s: float) -> None:
        self._latest_s = start_s
        self._shift_s: float | None = None  # from the times given to the times returned

    def take(self, time_s: float) -> float:
        """Return the time of the next frame."""
        if self._shift_s is None or time_s + self._shift_s < self._latest_s - OUT_OF_ORDER_S:
            self._shift_s = self._latest_s - time_s
        self._latest_s = max(self._latest_s, time_s + self._shift_s)
        return self._latest_s

    def original(self, steady_s: float) -> float | None:
        """Return what the file or stream called this time; None before its first frame."""
        return None if self._shift_s is None else steady_s - self._shift_s
