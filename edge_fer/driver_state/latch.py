"""How long a condition has held: the two timers that implement every hysteresis."""

from dataclasses import dataclass
from typing import Self

# Sums of frame intervals miss a round number by rounding; without this 3 s at 10 fps are 3.1 s.
ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Run:
    """Sightings without a long gap; `length_s` is the time from the first to the last."""

    length_s: float = 0.0
    last_s: float | None = None

    def seen(self, time_s: float, *, gap_s: float) -> Self:
        """Return the run with a sighting at `time_s`; after a gap above `gap_s`, a new run."""
        if self.last_s is None or time_s - self.last_s > gap_s + ROUNDING_S:
            return type(self)(0.0, time_s)
        return type(self)(self.length_s + time_s - self.last_s, time_s)

    def is_current(self, time_s: float, *, gap_s: float) -> bool:
        """Whether the next sighting at `time_s` would still belong to this run."""
        return self.last_s is not None and time_s - self.last_s <= gap_s + ROUNDING_S

    def reaches(self, length_s: float) -> bool:
        """Whether the run lasted at least `length_s`."""
        return self.last_s is not None and self.length_s >= length_s - ROUNDING_S


@dataclass(frozen=True, slots=True)
class Latch:
    """A boolean that changes only after its opposite has held for a while.

    `held_s` is how long the condition for the change has held; None if it does not hold.
    """

    active: bool = False
    held_s: float | None = None

    @property
    def changing(self) -> bool:
        """Whether the condition for the change holds, but not yet for long enough."""
        return self.held_s is not None

    def step(
        self, *, enters: bool, leaves: bool, elapsed_s: float, enter_s: float, leave_s: float
    ) -> Self:
        """Return the latch after an observation that counts for `elapsed_s`.

        The observation at which a condition begins counts 0 s: the condition may have just begun.
        """
        if not (leaves if self.active else enters):
            return self if self.held_s is None else type(self)(self.active, None)
        held_s = 0.0 if self.held_s is None else self.held_s + elapsed_s
        needed_s = leave_s if self.active else enter_s
        if held_s >= needed_s - ROUNDING_S:
            return type(self)(not self.active, None)
        return type(self)(self.active, held_s)


NO_RUN = Run()
RELEASED = Latch()
