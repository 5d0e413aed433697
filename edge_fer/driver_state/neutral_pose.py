"""What is usual for this driver when looking at the road: learned, clamped, forgettable."""

import statistics
from dataclasses import dataclass
from typing import Self

from edge_fer.driver_state.latch import ROUNDING_S

Pair = tuple[float, float]

STRETCH_S = 1.0
GUESSED_S = 10.0  # after so much the first guess stays, until the values are learned


@dataclass(frozen=True, slots=True)
class Usual:
    """Where a pair of values has its middle: yaw and pitch of the head, or the gaze in the eye.

    `centre` is what counts before anything is learned; the learned values stay within `reach` of
    it, so that aside cannot become normal. After `guess_s` there is a first guess.
    """

    centre: Pair
    reach: Pair
    learn_s: float
    guess_s: float = GUESSED_S


@dataclass(frozen=True, slots=True)
class Neutral:
    """`learned` is the pair once known, None before; `guess` what the first seconds showed.

    `stretches` are the means of the seconds seen so far, and the sums are of the present one:
    values times seconds. `doubted`: the driver said that what the head showed was wrong, and
    nothing was learned since.
    """

    learned: Pair | None = None
    guess: Pair | None = None
    stretches: tuple[Pair, ...] = ()
    seen_s: float = 0.0
    sums: Pair = (0.0, 0.0)
    doubted: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anything is known of this driver yet."""
        return self.learned is not None or self.guess is not None

    @property
    def is_early(self) -> bool:
        """Whether nothing is known but what the first seconds showed."""
        return self.learned is None and len(self.stretches) * STRETCH_S < GUESSED_S - ROUNDING_S

    def values(self, usual: Usual) -> Pair:
        """Return the learned pair, the first guess, or the one that counts before."""
        return self.learned or self.guess or usual.centre

    def seen(self, pair: Pair, elapsed_s: float, usual: Usual) -> Self:
        """Return what is known after `elapsed_s` with the values `pair`; once learned it stays.

        The median, not the mean, so that looks into mirrors do not draw the road aside.
        """
        if self.learned is not None:
            return self
        sums = (self.sums[0] + pair[0] * elapsed_s, self.sums[1] + pair[1] * elapsed_s)
        seen_s = self.seen_s + elapsed_s
        make = type(self)
        if seen_s < STRETCH_S - ROUNDING_S:
            return make(
                guess=self.guess,
                stretches=self.stretches,
                seen_s=seen_s,
                sums=sums,
                doubted=self.doubted,
            )
        stretches = (*self.stretches, (sums[0] / seen_s, sums[1] / seen_s))
        enough = len(stretches) * STRETCH_S >= usual.learn_s - ROUNDING_S
        if enough:
            return make(learned=_median(stretches, usual))
        # Early, and once more after ten seconds; in between a look away would draw it aside.
        guess, known_s = self.guess, len(stretches) * STRETCH_S
        early = guess is None and known_s >= usual.guess_s - ROUNDING_S
        if not self.doubted and (early or abs(known_s - GUESSED_S) < STRETCH_S / 2):
            guess = _median(stretches, usual)
        return make(guess=guess, stretches=stretches, doubted=self.doubted)


def _median(stretches: tuple[Pair, ...], usual: Usual) -> Pair:
    first, second = (statistics.median(values) for values in zip(*stretches, strict=True))
    return (
        _near(first, usual.centre[0], usual.reach[0]),
        _near(second, usual.centre[1], usual.reach[1]),
    )


def _near(value: float, centre: float, distance: float) -> float:
    return min(max(value, centre - distance), centre + distance)
