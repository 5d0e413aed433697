"""How wide this driver's eyes are when they are open: learned, robust, forgettable."""

import math
from dataclasses import dataclass
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
    """`seconds` is for how long the lids were seen in each bin of openings, older sight fading."""

    seconds: tuple[float, ...] = (0.0,) * BINS

    def seen(self, opening: float, elapsed_s: float, settings: SenseSettings) -> Self:
        """Return the baseline after `elapsed_s` with lids that are `opening` wide, not shut."""
        kept = math.exp(-elapsed_s / settings.lids_learned_over_s)
        place = min(int(max(opening, 0.0) / BIN), BINS - 1)
        faded = [kept * value for value in self.seconds]
        faded[place] += elapsed_s
        return type(self)(tuple(faded))

    def open_at(self, settings: SenseSettings) -> float:
        """Return the opening (height over width) of the driver's open eyes."""
        total = sum(self.seconds) + PRIOR_S
        wanted, below = QUANTILE * total, 0.0
        prior = settings.lids_open_at
        for place, seen_s in enumerate(self.seconds):
            low = place * BIN
            value = seen_s + PRIOR_S if low <= prior < low + BIN else seen_s
            if below + value >= wanted and value > 0.0:
                found = low + BIN * (wanted - below) / value
                return min(max(found, NARROWEST), WIDEST)
            below += value
        return prior

    def share(self, opening: float, settings: SenseSettings) -> float:
        """Return `opening` as a share of the own one: 0 shut, 1 as open as usual."""
        shut = settings.lids_shut_at
        return max((opening - shut) / max(self.open_at(settings) - shut, 0.05), 0.0)
