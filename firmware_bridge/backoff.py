"""Exponential back-off: each wait is twice as long as the one before, up to a limit."""


class Backoff:
    """Waits of `first_s`, twice that, and so on, at most `longest_s`; all in seconds."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._wait_s = first_s

    @property
    def wait_s(self) -> float:
        """The wait that `next_s` would return."""
        return self._wait_s

    def next_s(self, longest_s: float | None = None) -> float:
        """Return the wait before the next try, and double it, here up to `longest_s` if given."""
        wait_s = self._wait_s
        limit_s = self._longest_s if longest_s is None else longest_s
        self._wait_s = min(2 * wait_s, limit_s)
        return wait_s

    def reset(self) -> None:
        """Begin anew: what was tried has worked."""
        self._wait_s = self._first_s
