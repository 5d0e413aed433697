"""The recent eyelid movements: closures, blinks, PERCLOS, and the sleep states from them."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from edge_fer.driver_state.changed import changed
from edge_fer.driver_state.eye_sample import EyeSample
from edge_fer.driver_state.head_evidence import HeadEvidence
from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.lid_baseline import LidBaseline
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.window import Window

# A camera of nominally 15 fps loses a frame now and then, and is still one.
RATE_TOLERANCE = 0.1
RATE_TIME_CONSTANT_S = 5.0  # a slow stretch shows soon, and a hiccup does not
SECONDS_A_MINUTE = 60.0
# Yawns, nods and half-closed lids alone never make drowsy: this share of its PERCLOS is needed.
LEAST_PERCLOS = 1 / 3
MOST_SIGNS = 3  # of yawns, and of nods, that count
NARROW_WEIGHT = 0.5  # of a second with lids that only just count as shut


class Lids(Enum):
    """The lids at one moment. HALF is anything between open and shut, and anything doubtful."""

    OPEN = "open"
    HALF = "half"
    SHUT = "shut"


@dataclass(frozen=True, slots=True)
class SightingRate:
    """The rate of frames that show the eyes; pauses do not count."""

    frames: float = 0.0
    seconds: float = 0.0

    def after(self, elapsed_s: float) -> Self:
        """Return the rate after a frame that follows the previous one by `elapsed_s`."""
        kept = math.exp(-elapsed_s / RATE_TIME_CONSTANT_S)
        return type(self)(self.frames * kept + 1, self.seconds * kept + elapsed_s)

    def reaches(self, fps: float) -> bool:
        """Whether the rate is about `fps` frames a second or more, as far as known."""
        return self.frames >= fps * (1.0 - RATE_TOLERANCE) * self.seconds


@dataclass(frozen=True)  # without slots: see `changed`
class EyelidEvidence:
    """Times are monotonic seconds, None: not yet.

    `judged_s` is when the lids were last judged, `seen_s` when they were last clearly open or shut,
    and `shut_seen_s` when they were last shut. `lids` is their position at that time, and `share`
    their opening as a share of the driver's own (None: not measured).

    `closure_s` is how long the lids have been closed, less the deduction for short openings (0:
    they are open), and less for lids that are only just shut; `shut_s` is the same without
    deductions. `opening_s` is how long they have
    been open, blinks included; `open_now_s` is the same without blinks. `low_s` is how long they
    have not been open while the head was not bowed. `half_s` is how long they were half closed
    before they shut. `excused` is whether the closure belongs to a yawn or a laugh.

    `perclos` (share of 1) and `blinks_per_minute` are None where they are not available. The flags
    are the states that follow from the eyes alone. `by_signs` is whether *drowsy* rests on more
    signs than PERCLOS.
    """

    judged_s: float | None = None
    seen_s: float | None = None
    shut_seen_s: float | None = None
    lids: Lids | None = None
    share: float | None = None
    baseline: LidBaseline = field(default_factory=LidBaseline)
    closure_s: float = 0.0
    shut_s: float = 0.0
    opening_s: float = 0.0
    open_now_s: float = 0.0
    low_s: float = 0.0
    half_s: float = 0.0
    excused: bool = False
    rate: SightingRate = field(default_factory=SightingRate)
    window: Window | None = None
    half_closed: Window | None = None
    perclos: float | None = None
    blinks_per_minute: float | None = None
    drowsy: bool = False
    by_signs: bool = False
    microsleep: bool = False
    asleep: bool = False
    unresponsive: bool = False

    @property
    def danger(self) -> bool:
        """Whether the eyes show a sleep of any length."""
        return self.microsleep or self.asleep or self.unresponsive

    def age_s(self, time_s: float) -> float:
        """Seconds since the eyes were last clearly open or shut."""
        return math.inf if self.seen_s is None else time_s - self.seen_s

    def blind_s(self, time_s: float) -> float:
        """Seconds since the eyes were last judged."""
        return math.inf if self.judged_s is None else time_s - self.judged_s


def update_eyelids(
    before: EyelidEvidence,
    sample: EyeSample,
    *,
    head: HeadEvidence,
    grimace: bool = False,
    yawns: int = 0,
    time_s: float,
    settings: PolicySettings,
) -> EyelidEvidence:
    """Return the evidence after a moment in which the eyes showed `sample`.

    Eyes that cannot be judged, and half-closed lids, count neither as open nor as closed: they add
    nothing, and end a state once its evidence is too old. `grimace` is whether the face yawns or
    laughs. `yawns` is the number of recent yawns.
    """
    if before.judged_s is None and not sample.is_judged:
        return before
    gap_s = before.age_s(time_s)
    if gap_s > settings.unseen_gap_s + ROUNDING_S:
        before = changed(
            before, closure_s=0.0, shut_s=0.0, open_now_s=0.0, low_s=0.0, half_s=0.0, excused=False
        )
    share = None if sample.opening is None else before.baseline.share(sample.opening, settings)
    lids = _lids(before, sample.closed, share, head, settings)
    was_low = before.low_s >= settings.closed_before_nod_s - ROUNDING_S
    if lids is Lids.SHUT and head.early_bow and not head.away and not was_low:
        lids = None  # a look down or a sleep, and nobody knows yet where this driver looks
    blind_s = before.blind_s(time_s)
    between_s = 0.0 if blind_s > settings.dropout_s + ROUNDING_S else blind_s
    if lids is not None:
        before = _judged(before, lids, share, sample, head, between_s, time_s, settings)
    if (
        lids is Lids.SHUT
        and head.lowers_lids
        and before.low_s < settings.closed_before_nod_s - ROUNDING_S
    ):
        # Lids follow the gaze: who looks into the lap has lowered lids and does not sleep. What was
        # shut before goes on if the head is level again at once: one pose may be wrong.
        lids = None
    if lids in (None, Lids.HALF):
        return _with_states(before, head, yawns, time_s, settings)
    elapsed_s = 0.0 if gap_s > settings.dropout_s + ROUNDING_S else gap_s
    rate = before.rate.after(elapsed_s) if elapsed_s > 0.0 else before.rate
    before = changed(before, seen_s=time_s, rate=rate)
    if lids is Lids.SHUT:
        seen_s = min(elapsed_s, settings.look_speaks_for_s)
        seen = _with_closed(before, seen_s, time_s, settings, grimace=grimace)
    else:
        # A clear sight of open eyes speaks for the time before it, also where sights are few.
        seen_s = 0.0 if math.isinf(gap_s) else min(gap_s, settings.look_speaks_for_s)
        seen = _with_open(before, seen_s, time_s, settings)
    return _with_states(seen, head, yawns, time_s, settings)


def _lids(
    before: EyelidEvidence,
    closed: float | None,
    share: float | None,
    head: HeadEvidence,
    settings: PolicySettings,
) -> Lids | None:
    """Return what the lids do; None where nothing follows from what was measured."""
    if closed is None:
        return None
    if share is None:
        if closed >= settings.eyes_closed_from:
            return Lids.SHUT
        return Lids.OPEN if closed < settings.eyes_open_below else None
    # A closure that began in a level head goes on in a bowed one.
    level = head.bowed and before.closure_s <= ROUNDING_S
    shut_below = settings.lids_shut_bowed_below if level else settings.lids_shut_below
    if closed >= settings.eyes_closed_from and share <= shut_below:
        return Lids.SHUT
    if closed < settings.eyes_open_below and share >= settings.lids_open_above:
        return Lids.OPEN
    return Lids.HALF


def _judged(
    before: EyelidEvidence,
    lids: Lids,
    share: float | None,
    sample: EyeSample,
    head: HeadEvidence,
    between_s: float,
    time_s: float,
    settings: PolicySettings,
) -> EyelidEvidence:
    """Add what the lids do, whether that is clear or not."""
    between_s = min(between_s, settings.look_speaks_for_s)
    baseline = before.baseline
    shut = sample.closed is None or sample.closed >= settings.eyes_closed_from
    if sample.opening is not None and not shut and not head.bowed:
        baseline = baseline.seen(sample.opening, between_s, settings)
    is_open = lids is Lids.OPEN
    low_s = before.low_s
    if is_open:
        # As of a closure: one frame may be misjudged.
        again = before.open_now_s + between_s >= settings.eyes_open_again_s - ROUNDING_S
        low_s = 0.0 if again else low_s
    elif not head.bowed and not head.down:
        low_s += between_s
    half = lids is Lids.HALF and not head.looks_down and not head.bowed
    lengths_s = settings.perclos_window_s, settings.perclos_max_age_s
    window = before.half_closed
    window = Window(*lengths_s) if window is None else window.lasting(*lengths_s)
    return changed(
        before,
        judged_s=time_s,
        lids=lids,
        share=share,
        baseline=baseline,
        low_s=low_s,
        half_s=before.half_s + between_s if lids is Lids.HALF else before.half_s,
        half_closed=window.add(time_s, seen_s=between_s, held_s=between_s if half else 0.0),
    )


def _with_closed(
    before: EyelidEvidence,
    elapsed_s: float,
    time_s: float,
    settings: PolicySettings,
    *,
    grimace: bool,
) -> EyelidEvidence:
    shut_s = before.shut_s + elapsed_s
    excused = before.excused or grimace
    if not excused:
        closure_s = before.closure_s + elapsed_s * _certainty(before.share, settings)
    elif shut_s > settings.grimace_closure_s + ROUNDING_S:
        closure_s = shut_s  # no yawn, and no laugh
    else:
        closure_s = min(before.closure_s, shut_s)
    slow = shut_s > settings.blink_max_s + ROUNDING_S
    was_slow = before.shut_s > settings.blink_max_s + ROUNDING_S
    # That a closure was no blink is known late: then all of it counts at once.
    held_s = 0.0 if not slow or excused else elapsed_s if was_slow else shut_s
    return changed(
        before,
        shut_seen_s=time_s,
        closure_s=closure_s,
        shut_s=shut_s,
        excused=excused,
        open_now_s=0.0,
        opening_s=0.0 if slow else before.opening_s,
        window=_window(before, settings).add(time_s, seen_s=elapsed_s, held_s=held_s),
    )


def _certainty(share: float | None, settings: PolicySettings) -> float:
    """Return what a second with lids that count as shut adds to a closure, 0.5 to 1.

    `share` is their opening as a share of the driver's own (None: not measured).
    """
    surely, shut = settings.lids_surely_shut_below, settings.lids_shut_below
    if share is None or share <= surely or shut <= surely:
        return 1.0
    return 1.0 - (1.0 - NARROW_WEIGHT) * min((share - surely) / (shut - surely), 1.0)


def _with_open(
    before: EyelidEvidence, elapsed_s: float, time_s: float, settings: PolicySettings
) -> EyelidEvidence:
    open_now_s = before.open_now_s + elapsed_s
    closure_s = max(before.closure_s - settings.eyes_open_weight * elapsed_s, 0.0)
    shut_s, excused, half_s = before.shut_s, before.excused, before.half_s
    blinks, held_s = 0, 0.0
    if open_now_s >= settings.eyes_open_again_s - ROUNDING_S or closure_s <= ROUNDING_S:
        if settings.blink_min_s <= shut_s <= settings.blink_max_s + ROUNDING_S:
            quick = half_s <= settings.blink_closing_s + ROUNDING_S
            blinks, held_s = (1, 0.0) if quick else (0, shut_s)
        closure_s = shut_s = half_s = 0.0
        excused = False
    return changed(
        before,
        closure_s=closure_s,
        shut_s=shut_s,
        half_s=half_s,
        excused=excused,
        open_now_s=open_now_s,
        opening_s=before.opening_s + elapsed_s,
        window=_window(before, settings).add(
            time_s, seen_s=elapsed_s, held_s=held_s, events=blinks
        ),
    )


def _window(before: EyelidEvidence, settings: PolicySettings) -> Window:
    # Settings may change while it runs: a window of another length begins anew.
    lengths_s = settings.perclos_window_s, settings.perclos_max_age_s
    return Window(*lengths_s) if before.window is None else before.window.lasting(*lengths_s)


def _with_states(
    seen: EyelidEvidence,
    head: HeadEvidence,
    yawns: int,
    time_s: float,
    settings: PolicySettings,
) -> EyelidEvidence:
    perclos, blinks = _figures(seen, time_s, settings)
    drowsy, by_signs = _drowsy(seen, perclos, yawns, head.nods, settings)
    # Counted from the last sight of shut lids: doubtful sights do not prolong a danger.
    shut_age_s = math.inf if seen.shut_seen_s is None else time_s - seen.shut_seen_s
    kept = shut_age_s <= settings.danger_kept_s + ROUNDING_S

    def sleeps(before: bool, after_s: float, over_s: float, *, back: bool = True) -> bool:
        if before:
            return kept and not (back and seen.opening_s >= over_s - ROUNDING_S)
        # Open eyes begin no sleep, though what they end may still be remembered.
        return seen.open_now_s <= 0.0 and seen.closure_s >= after_s - ROUNDING_S

    return changed(
        seen,
        perclos=perclos,
        blinks_per_minute=blinks,
        drowsy=drowsy,
        by_signs=by_signs,
        microsleep=sleeps(seen.microsleep, settings.microsleep_after_s, settings.microsleep_over_s),
        asleep=sleeps(seen.asleep, settings.asleep_after_s, settings.asleep_over_s),
        unresponsive=sleeps(
            seen.unresponsive,
            settings.unresponsive_after_s,
            settings.unresponsive_over_s,
            back=not head.away,
        ),
    )


def _drowsy(
    seen: EyelidEvidence, perclos: float | None, yawns: int, nods: int, settings: PolicySettings
) -> tuple[bool, bool]:
    """Return whether the driver is drowsy, and whether it takes more than PERCLOS to say so."""
    if perclos is None:
        return False, False
    level = settings.drowsy_leave if seen.drowsy else settings.drowsy_enter
    if perclos >= level - 1e-9:
        return True, seen.drowsy and seen.by_signs
    half = seen.half_closed
    half_share = 0.0 if half is None or half.seen_s <= 0.0 else min(half.held_s / half.seen_s, 1.0)
    signs = (
        settings.half_closed_weight * half_share
        + settings.yawn_weight * min(yawns, MOST_SIGNS)
        + settings.nod_weight * min(nods, MOST_SIGNS)
    )
    holds = perclos + signs >= level - 1e-9 and perclos >= LEAST_PERCLOS * level
    return holds, holds


def _figures(
    seen: EyelidEvidence, time_s: float, settings: PolicySettings
) -> tuple[float | None, float | None]:
    """Return PERCLOS and the blinks a minute; None below the frame rate and without a minute."""
    window = seen.window
    if window is None or not window.is_full or not seen.rate.reaches(settings.blink_min_fps):
        return None, None
    if seen.age_s(time_s) > settings.eyes_max_age_s + ROUNDING_S:
        return None, None
    if time_s - window.begin_s > settings.perclos_max_age_s + settings.eyes_max_age_s:
        return None, None
    seen_s = window.seen_s
    return min(window.held_s / seen_s, 1.0), SECONDS_A_MINUTE * window.events / seen_s
