"""What the benchmark found. Pure: numbers in, JSON out; `table` shows them to people."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

# The project's bounds: a change of state is on the port in time to be acted on, and a replugged
# adapter works again before a driver would look for the reason.
EVENT_BOUND_MS = 10.0
RECONNECT_BOUND_MS = 500.0
JITTER_BOUND_MS = 5.0  # of the time between two cyclic frames

PEER = "python-can slcan"


@dataclass(frozen=True, slots=True)
class Rates:
    """Frames a second of one transport, one thread; None where there is no such step."""

    transport: str
    encode_per_s: float | None
    send_per_s: float | None
    receive_per_s: float | None


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, over `count` times."""

    what: str
    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    bound_ms: float | None = None  # of the 99th percentile

    @classmethod
    def of(cls, what: str, seconds: Sequence[float], bound_ms: float | None = None) -> Self:
        """Sum up measured times; ValueError where there are none."""
        milliseconds = [1000.0 * value for value in seconds]
        make = cls
        return make(
            what,
            len(milliseconds),
            percentile(milliseconds, 50),
            percentile(milliseconds, 99),
            max(milliseconds),
            bound_ms,
        )

    @property
    def holds(self) -> bool | None:
        """Return whether the bound was kept; None where there is none."""
        return None if self.bound_ms is None else self.p99_ms <= self.bound_ms


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """Everything that one run measured; `ratios` are ours over python-can's: above 1 is better."""

    machine: dict[str, str]
    rates: list[Rates]
    send_to_byte: list[Times]
    event_to_byte: list[Times]
    jitter: list[Times]
    reconnect: list[Times]
    skipped: dict[str, str]  # transport: why

    @property
    def ratios(self) -> dict[str, float]:
        """Return how many times better our SLCAN did than python-can's."""
        ours, theirs = (
            next((rates for rates in self.rates if rates.transport == name), None)
            for name in ("slcan", PEER)
        )
        found: dict[str, float] = {}
        if ours is not None and theirs is not None:
            if ours.send_per_s and theirs.send_per_s:
                found["send"] = ours.send_per_s / theirs.send_per_s
            if ours.receive_per_s and theirs.receive_per_s:
                found["receive"] = ours.receive_per_s / theirs.receive_per_s
        timed = {"send to first byte": self.send_to_byte, "reconnect": self.reconnect}
        for name, times in timed.items():
            by_what = {entry.what: entry for entry in times}
            if "slcan" in by_what and PEER in by_what:
                found[name] = by_what[PEER].p50_ms / by_what["slcan"].p50_ms
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"ratios": self.ratios}


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of `values` that `percent` of them do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values to take a percentile of")
    ordered = sorted(values)
    rank = math.ceil(percent / 100.0 * len(ordered))
    return ordered[max(rank, 1) - 1]
