"""When to look at fewer frames: before a hot machine, or a poor supply, slows everything down.

Pure. A machine that throttles itself does so unevenly: single frames then come late. Fewer frames,
each in its time, are worth more; the states do not depend on their number.
"""

import math
from dataclasses import dataclass
from enum import IntEnum

from edge_fer.health.thermal import Temperature
from edge_fer.health.throttling import HEAT_THROTTLING, POOR_SUPPLY


class Band(IntEnum):
    """How much is left out; each band has its frame rate."""

    ALL = 0
    FEWER = 1
    FEW = 2


# Below the temperature at which the machine slows itself down.
FEWER_MARGIN_C = 5.0
FEW_MARGIN_C = 0.0
# So much cooler than it began a band ends: a case follows slowly, and bands must not alternate.
HYSTERESIS_C = 3.0
# A supply that breaks down recovers as soon as the load falls: it must not be loaded again at once.
SUPPLY_TRUSTED_AFTER_S = 10.0
# With 15 frames a second the figures of blinks are still told (driver_state.blink_min_fps, less a
# tenth); from 5 on all other states hold, and 8 leave room for late frames.
MOST_FPS = {Band.ALL: None, Band.FEWER: 15.0, Band.FEW: 8.0}

HEAT, SUPPLY = "heat", "supply"


@dataclass(frozen=True, slots=True)
class Shedding:
    """What is left out at the moment, and why: "", HEAT or SUPPLY."""

    band: Band = Band.ALL
    reason: str = ""
    supply_bad_s: float | None = None  # when the supply was seen to be poor last

    @property
    def most_fps(self) -> float | None:
        """Frames a second to look at, at the most; None: all."""
        return MOST_FPS[self.band]


NOTHING_SHED = Shedding()


def shed(
    before: Shedding,
    temperature: Temperature | None,
    throttled: tuple[str, ...] | None,
    now_s: float,
) -> Shedding:
    """Return what follows from how the machine is at the monotonic `now_s`; None: not known."""
    names = throttled or ()
    by_heat = _band_of_heat(before, temperature)
    if HEAT_THROTTLING in names:
        by_heat = max(by_heat, Band.FEWER)
    bad_s = before.supply_bad_s
    if not POOR_SUPPLY.isdisjoint(names):
        bad_s = now_s
    elif bad_s is not None and now_s - bad_s >= SUPPLY_TRUSTED_AFTER_S:
        bad_s = None
    by_supply = Band.ALL if bad_s is None else Band.FEWER
    band = max(by_heat, by_supply)
    reason = "" if band is Band.ALL else HEAT if by_heat >= by_supply else SUPPLY
    return Shedding(band, reason, bad_s)


def _band_of_heat(before: Shedding, temperature: Temperature | None) -> Band:
    if temperature is None:
        return Band.ALL
    was = before.band if before.reason == HEAT else Band.ALL
    for band, margin_c in ((Band.FEW, FEW_MARGIN_C), (Band.FEWER, FEWER_MARGIN_C)):
        if temperature.margin_c <= margin_c + (HYSTERESIS_C if was >= band else 0.0):
            return band
    return Band.ALL


class FramePacer:
    """Says how long to wait before the next frame is looked at; times are monotonic seconds."""

    def __init__(self) -> None:
        self._due_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Return the seconds until the next frame is due; 0 where it is."""
        return max(0.0, self._due_s - now_s)

    def taken(self, now_s: float, most_fps: float | None) -> None:
        """Take note that a frame is looked at."""
        if most_fps is None:
            self._due_s = now_s
            return
        period_s = 1.0 / most_fps
        # In step, as long as that is possible: else each late frame would lower the rate.
        self._due_s = max(self._due_s + period_s, now_s + 0.5 * period_s)


class FrameSkipper:
    """Says which frames of a camera need not be made; times are monotonic seconds.

    Asked before a frame is there, it takes the next one to come as soon as the last one came. What
    might be wanted is made: the `FramePacer` of who looks at the frames decides once more.
    """

    def __init__(self) -> None:
        self._pacer = FramePacer()
        self._came_s: float | None = None
        self._interval_s = math.inf

    def came(self, now_s: float) -> None:
        """Take note that the camera gave a frame, made or not."""
        if self._came_s is not None:
            self._interval_s = now_s - self._came_s
        self._came_s = now_s

    def taken(self, now_s: float, most_fps: float | None) -> None:
        """Take note that this frame is made, and how many are wanted a second; None: all."""
        self._pacer.taken(now_s, most_fps)

    def may_skip(self, now_s: float) -> bool:
        """Say whether the next frame comes too soon to be looked at, by more than half a frame."""
        return self._pacer.wait_s(now_s) > 1.5 * self._interval_s
