"""The learned neutral values of a look at the road: clamped, and reset with the driver."""

import statistics
from dataclasses import dataclass
from typing import Self

from edge_fer.driver_state.latch import ROUNDING_S

Pair = tuple[float, float]

STRETCH_S = 1.0
GUESSED_S = 10.0  # from here on the guess stays until the values are learned


@dataclass(frozen=True, slots=True)
class Usual:
    """How the neutral value of a pair is learned: yaw and pitch of the head, or gaze in the eye.

    `centre` applies before anything is learned. Guessed and learned values stay within `reach` of
    it, so that a look aside cannot become neutral. After `guess_s` there is a first guess, after
    GUESSED_S a second one, and after `learn_s` the learned value.
    """

    centre: Pair
    reach: Pair
    learn_s: float
    guess_s: float = GUESSED_S


@dataclass(frozen=True, slots=True)
class Neutral:
    """`learned` is the learned pair, None before; `guess` is the guess from the first seconds.

    `stretches` are the means of the seconds seen so far; `sums` belongs to the present second:
    values times seconds. `doubted`: the driver contradicted what the head showed, and nothing was
    learned since.
    """

    learned: Pair | None = None
    guess: Pair | None = None
    stretches: tuple[Pair, ...] = ()
    seen_s: float = 0.0
    sums: Pair = (0.0, 0.0)
    doubted: bool = False

    @property
    def is_known(self) -> bool:
        """Whether there is a guess or a learned value."""
        return self.learned is not None or self.guess is not None

    @property
    def is_early(self) -> bool:
        """Whether less than GUESSED_S was seen, so that at most the first guess is known."""
        return self.learned is None and len(self.stretches) * STRETCH_S < GUESSED_S - ROUNDING_S

    def values(self, usual: Usual) -> Pair:
        """Return the learned pair, else the guess, else the usual centre."""
        return self.learned or self.guess or usual.centre

    def seen(self, pair: Pair, elapsed_s: float, usual: Usual) -> Self:
        """Return the result after `elapsed_s` with the values `pair`; a learned value stays.

        It uses the median, not the mean, so that looks into mirrors do not shift the neutral value.
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
        # Early, and again after ten seconds. In between, a look away would shift the guess.
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
