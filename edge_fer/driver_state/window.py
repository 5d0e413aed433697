"""The share of recent time in which a condition held, in memory of a fixed size."""

import math
from dataclasses import dataclass
from typing import Self

from edge_fer.driver_state.latch import ROUNDING_S

BUCKETS = 60  # a window forgets a sixtieth of itself at once


@dataclass(frozen=True, slots=True)
class Bucket:
    """An interval from `begin_s`: seconds seen, seconds of these in which it held, and events."""

    begin_s: float
    seen_s: float = 0.0
    held_s: float = 0.0
    events: int = 0

    def more(self, seen_s: float, held_s: float, events: int) -> Self:
        """Return the interval with these amounts added."""
        return type(self)(
            self.begin_s, self.seen_s + seen_s, self.held_s + held_s, self.events + events
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The newest `length_s` seconds that were seen, none of them older than `max_age_s`.

    `full` are the complete intervals, `sums` their sums, and `last` is the present interval.
    """

    length_s: float
    max_age_s: float
    full: tuple[Bucket, ...] = ()
    sums: Bucket = Bucket(0.0)
    last: Bucket | None = None

    def add(self, time_s: float, *, seen_s: float, held_s: float, events: int = 0) -> Self:
        """Return the window after `seen_s` seconds that end at `time_s`.

        `held_s` may exceed `seen_s`, because time whose condition is known only later is added
        later.
        """
        full, sums = self.full, self.sums
        last = Bucket(time_s - seen_s) if self.last is None else self.last
        if last.seen_s >= self.length_s / BUCKETS - ROUNDING_S:
            full = tuple(
                stretch
                for stretch in (*self.full, last)[-BUCKETS:]
                if time_s - stretch.begin_s <= self.max_age_s + ROUNDING_S
            )
            sums = Bucket(0.0)
            for stretch in full:
                sums = sums.more(stretch.seen_s, stretch.held_s, stretch.events)
            last = Bucket(time_s - seen_s)
        last = last.more(seen_s, held_s, events)
        return type(self)(self.length_s, self.max_age_s, full, sums, last)

    def lasting(self, length_s: float, max_age_s: float) -> Self:
        """Return the window of these lengths: this one, or an empty one."""
        if (self.length_s, self.max_age_s) == (length_s, max_age_s):
            return self
        return type(self)(length_s, max_age_s)

    @property
    def begin_s(self) -> float:
        """When the oldest interval began; minus infinity if there is none."""
        oldest = self.full[0] if self.full else self.last
        return -math.inf if oldest is None else oldest.begin_s

    @property
    def seen_s(self) -> float:
        """Seconds that were seen."""
        return self.sums.seen_s + (0.0 if self.last is None else self.last.seen_s)

    @property
    def held_s(self) -> float:
        """Seconds in which it held."""
        return self.sums.held_s + (0.0 if self.last is None else self.last.held_s)

    @property
    def events(self) -> int:
        """Number of events."""
        return self.sums.events + (0 if self.last is None else self.last.events)

    @property
    def is_full(self) -> bool:
        """Whether the seen time fills the window."""
        return self.seen_s >= self.length_s - ROUNDING_S
