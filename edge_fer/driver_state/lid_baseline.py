"""The learned opening of this driver's open eyes: robust, and reset with the driver."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Self

from edge_fer.driver_state.sense_settings import SenseSettings

BIN = 0.02  # of height over width
BINS = 30
# Of the openings seen, so many lie below the own opening: blinks and half-closed lids are below.
QUANTILE = 0.75
# The default counts as so many seconds of sight, so that the first frames do not decide alone.
PRIOR_S = 3.0
NARROWEST, WIDEST = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class LidBaseline:
    """`seconds` is the time in each bin of lid openings; older times decay."""

    seconds: tuple[float, ...] = (0.0,) * BINS

    def seen(self, opening: float, elapsed_s: float, settings: SenseSettings) -> Self:
        """Return the baseline after `elapsed_s` with lids that are `opening` wide, not shut."""
        kept = math.exp(-elapsed_s / settings.lids_learned_over_s)
        place = min(int(max(opening, 0.0) / BIN), BINS - 1)
        faded = list(map(kept.__mul__, self.seconds))
        faded[place] += elapsed_s
        return type(self)(tuple(faded))

    def open_at(self, settings: SenseSettings) -> float:
        """Return the opening (height over width) of the driver's open eyes."""
        prior = settings.lids_open_at
        seconds = list(self.seconds)
        usual = _bin_of(prior)
        if usual is not None:
            seconds[usual] += PRIOR_S
        wanted = QUANTILE * (sum(self.seconds) + PRIOR_S)
        # Without a loop in Python: each frame asks for it.
        upto = list(accumulate(seconds))
        place = bisect_left(upto, wanted)
        if place == BINS:
            return prior
        below = upto[place - 1] if place else 0.0
        found = place * BIN + BIN * (wanted - below) / seconds[place]
        return min(max(found, NARROWEST), WIDEST)

    def share(self, opening: float, settings: SenseSettings) -> float:
        """Return `opening` as a share of the driver's own: 0 shut, 1 as open as usual."""
        shut = settings.lids_shut_at
        return max((opening - shut) / max(self.open_at(settings) - shut, 0.05), 0.0)


@lru_cache(maxsize=8)
def _bin_of(opening: float) -> int | None:
    """Return the bin of an opening; None beyond the last one."""
    return next((n for n in range(BINS) if n * BIN <= opening < n * BIN + BIN), None)
