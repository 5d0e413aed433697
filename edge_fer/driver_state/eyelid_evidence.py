"""What the eyelids have done of late: closures, blinks, PERCLOS, and the sleep that they show."""

import math
from dataclasses import dataclass, field, replace
from typing import Self

from edge_fer.driver_state.head_evidence import HeadEvidence
from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.window import Window

# A camera of nominally 15 fps loses a frame now and then, and is still one.
RATE_TOLERANCE = 0.1
RATE_TIME_CONSTANT_S = 5.0  # a slow stretch shows soon, and a hiccup does not
SECONDS_A_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class SightingRate:
    """How many frames a second show the eyes, as they come; pauses do not count."""

    frames: float = 0.0
    seconds: float = 0.0

    def after(self, elapsed_s: float) -> Self:
        """Return the rate after a frame that came `elapsed_s` after the one before."""
        kept = math.exp(-elapsed_s / RATE_TIME_CONSTANT_S)
        return type(self)(self.frames * kept + 1, self.seconds * kept + elapsed_s)

    def reaches(self, fps: float) -> bool:
        """Whether there are about `fps` frames a second, as far as is known yet."""
        return self.frames >= fps * (1.0 - RATE_TOLERANCE) * self.seconds


@dataclass(frozen=True, slots=True)
class EyelidEvidence:
    """`seen_s` is when the eyes were last seen (None: not yet), in monotonic seconds.

    `closure_s` is for how long they have been closed, less what short openings took off (0: they
    are open), and `shut_s` without that. `opening_s` is for how long they have been open,
    blinks included, and `open_now_s` without them. `perclos` (share of 1) and
    `blinks_per_minute` are None where they are not available. The flags are the states that the
    eyes alone show.
    """

    seen_s: float | None = None
    closure_s: float = 0.0
    shut_s: float = 0.0
    opening_s: float = 0.0
    open_now_s: float = 0.0
    rate: SightingRate = field(default_factory=SightingRate)
    window: Window | None = None
    perclos: float | None = None
    blinks_per_minute: float | None = None
    drowsy: bool = False
    microsleep: bool = False
    asleep: bool = False
    unresponsive: bool = False

    @property
    def danger(self) -> bool:
        """Whether the eyes show a sleep of any length."""
        return self.microsleep or self.asleep or self.unresponsive

    def age_s(self, time_s: float) -> float:
        """For how long the eyes have not been seen."""
        return math.inf if self.seen_s is None else time_s - self.seen_s


def update_eyelids(
    before: EyelidEvidence,
    eyes_closed: float | None,
    *,
    head: HeadEvidence,
    time_s: float,
    settings: PolicySettings,
) -> EyelidEvidence:
    """Return the evidence after a moment with the probability `eyes_closed` (None: unseen).

    Eyes that cannot be seen, and probabilities of which nothing follows, are neither open nor
    closed: they end what stands once it is too old, and add nothing.
    """
    if before.seen_s is None and eyes_closed is None:
        return before
    gap_s = before.age_s(time_s)
    closed = None if eyes_closed is None else _closed(eyes_closed, settings)
    if closed and head.down and before.closure_s < settings.closed_before_nod_s - ROUNDING_S:
        # Lids follow the gaze: who looks into the lap has lowered lids and does not sleep.
        closed, before = None, replace(before, closure_s=0.0, shut_s=0.0)
    if gap_s > settings.unseen_gap_s + ROUNDING_S:
        before = replace(before, closure_s=0.0, shut_s=0.0, opening_s=0.0, open_now_s=0.0)
    elapsed_s = 0.0 if gap_s > settings.dropout_s + ROUNDING_S else gap_s
    if closed is None:
        return _with_states(before, head, time_s, settings)
    seen_s = min(elapsed_s, settings.look_speaks_for_s)
    rate = before.rate.after(elapsed_s) if elapsed_s > 0.0 else before.rate
    add = _with_closed if closed else _with_open
    return _with_states(add(before, seen_s, time_s, rate, settings), head, time_s, settings)


def _closed(probability: float, settings: PolicySettings) -> bool | None:
    if probability >= settings.eyes_closed_from:
        return True
    return False if probability < settings.eyes_open_below else None


def _with_closed(
    before: EyelidEvidence,
    elapsed_s: float,
    time_s: float,
    rate: SightingRate,
    settings: PolicySettings,
) -> EyelidEvidence:
    closure_s = before.closure_s + elapsed_s
    shut_s = before.shut_s + elapsed_s
    slow = shut_s > settings.blink_max_s + ROUNDING_S
    was_slow = before.shut_s > settings.blink_max_s + ROUNDING_S
    # That a closure was no blink is known late: then all of it counts at once.
    held_s = 0.0 if not slow else elapsed_s if was_slow else shut_s
    return replace(
        before,
        seen_s=time_s,
        rate=rate,
        closure_s=closure_s,
        shut_s=shut_s,
        open_now_s=0.0,
        opening_s=0.0 if slow else before.opening_s,
        window=_window(before, settings).add(time_s, seen_s=elapsed_s, held_s=held_s),
    )


def _with_open(
    before: EyelidEvidence,
    elapsed_s: float,
    time_s: float,
    rate: SightingRate,
    settings: PolicySettings,
) -> EyelidEvidence:
    open_now_s = before.open_now_s + elapsed_s
    closure_s = max(before.closure_s - settings.eyes_open_weight * elapsed_s, 0.0)
    shut_s = before.shut_s
    blinks = 0
    if open_now_s >= settings.eyes_open_again_s - ROUNDING_S or closure_s <= ROUNDING_S:
        blinks = int(settings.blink_min_s <= shut_s <= settings.blink_max_s + ROUNDING_S)
        closure_s = shut_s = 0.0
    return replace(
        before,
        seen_s=time_s,
        rate=rate,
        closure_s=closure_s,
        shut_s=shut_s,
        open_now_s=open_now_s,
        opening_s=before.opening_s + elapsed_s,
        window=_window(before, settings).add(time_s, seen_s=elapsed_s, held_s=0.0, events=blinks),
    )


def _window(before: EyelidEvidence, settings: PolicySettings) -> Window:
    # Settings may change while it runs: a window of another length begins anew.
    lengths_s = settings.perclos_window_s, settings.perclos_max_age_s
    return Window(*lengths_s) if before.window is None else before.window.lasting(*lengths_s)


def _with_states(
    seen: EyelidEvidence, head: HeadEvidence, time_s: float, settings: PolicySettings
) -> EyelidEvidence:
    perclos, blinks = _figures(seen, time_s, settings)
    level = settings.drowsy_leave if seen.drowsy else settings.drowsy_enter
    kept = seen.age_s(time_s) <= settings.danger_kept_s + ROUNDING_S

    def sleeps(before: bool, after_s: float, over_s: float, *, back: bool = True) -> bool:
        if before:
            return kept and not (back and seen.opening_s >= over_s - ROUNDING_S)
        return seen.closure_s >= after_s - ROUNDING_S

    return replace(
        seen,
        perclos=perclos,
        blinks_per_minute=blinks,
        drowsy=perclos is not None and perclos >= level - 1e-9,
        microsleep=sleeps(seen.microsleep, settings.microsleep_after_s, settings.microsleep_over_s),
        asleep=sleeps(seen.asleep, settings.asleep_after_s, settings.asleep_over_s),
        unresponsive=sleeps(
            seen.unresponsive,
            settings.unresponsive_after_s,
            settings.unresponsive_over_s,
            back=not head.away,
        ),
    )


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
