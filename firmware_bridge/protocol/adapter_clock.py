"""An adapter's time-stamps on this machine's clock. Pure; monotonic seconds."""

_PERIOD_S = 60.0  # Lawicel's stamps count milliseconds of one minute
# How far two quartz clocks may run apart: 200 ppm.
_DRIFT = 2e-4
# No line takes so long: the adapter's clock was set, or began anew.
_LONGEST_S = 5.0


class AdapterClock:
    """Removes the jitter of the way: USB hands lines over in bundles, up to 16 ms late.

    The fastest line so far shows how far both clocks lie apart; what another took longer, it is
    older.
    """

    def __init__(self) -> None:
        self._shift_s: float | None = None  # ours less the adapter's, of the fastest line
        self._latest_s = 0.0

    def sent_s(self, stamp_ms: float, arrived_s: float) -> float:
        """Return when the adapter saw what arrived here at `arrived_s`; never later than that."""
        shift_s = arrived_s - stamp_ms / 1000.0
        if self._shift_s is None:
            self._shift_s, self._latest_s = shift_s, arrived_s
        self._shift_s += _DRIFT * max(0.0, arrived_s - self._latest_s)
        self._latest_s = arrived_s
        age_s = (shift_s - self._shift_s + _PERIOD_S / 2) % _PERIOD_S - _PERIOD_S / 2
        if not 0.0 <= age_s <= _LONGEST_S:
            self._shift_s = shift_s
            return arrived_s
        return arrived_s - age_s
