"""Where the head points against its neutral pose, and for how long not at the road."""

import math
from dataclasses import dataclass, field, replace

from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.neutral_pose import NeutralPose, learn_neutral
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.window import Window
from edge_fer.observation import HeadPose


@dataclass(frozen=True, slots=True)
class HeadEvidence:
    """`seen_s` is when the head was last seen (None: not yet), in monotonic seconds.

    `away` is whether it then looked away from the road, `down` whether into the lap. `away_s` is
    the length of the present look away, `back_s` of the present look at the road; both count only
    at the speeds at which somebody can be distracted. `looks` is the time away of late.
    `since_warning_s` is for how long the look has stayed away since distracted was said (None: it
    came back). `often` is whether distracted began by many looks rather than by a long one.
    """

    seen_s: float | None = None
    neutral: NeutralPose = field(default_factory=NeutralPose)
    away: bool = False
    down: bool = False
    away_s: float = 0.0
    back_s: float = 0.0
    looks: Window | None = None
    since_warning_s: float | None = None
    distracted: bool = False
    often: bool = False
    unresponsive: bool = False
    too_slow: bool = False

    def age_s(self, time_s: float) -> float:
        """For how long the head has not been seen."""
        return math.inf if self.seen_s is None else time_s - self.seen_s

    def away_share(self, time_s: float, settings: PolicySettings) -> float | None:
        """Return the share of the window of looks that went away; None while the head is unseen."""
        if self.looks is None or self.age_s(time_s) > settings.dropout_s + ROUNDING_S:
            return None
        return min(self.looks.held_s / settings.looks_window_s, 1.0)


def update_head(
    before: HeadEvidence,
    pose: HeadPose | None,
    *,
    time_s: float,
    speed_km_h: float | None,
    eyes_shut: bool,
    settings: PolicySettings,
) -> HeadEvidence:
    """Return the evidence after a moment with the head in `pose` (None: unseen).

    With an unknown speed the stricter limit counts. `eyes_shut` keeps a driver unresponsive whose
    head is back but whose eyes are closed.
    """
    if before.seen_s is None and pose is None:
        return before
    gap_s = before.age_s(time_s)
    if gap_s > settings.unseen_gap_s + ROUNDING_S:
        before = _unseen(before, gap_s, settings)
    before = _at_speed(before, speed_km_h, settings)
    if pose is None:
        return before
    elapsed_s = min(gap_s, settings.look_speaks_for_s)
    if gap_s > settings.dropout_s + ROUNDING_S:
        elapsed_s = 0.0
    neutral = before.neutral
    if speed_km_h is None or speed_km_h >= settings.neutral_min_speed_km_h:
        neutral = learn_neutral(neutral, pose, elapsed_s, settings)
    away, down = _away(before, pose, settings)
    seen = replace(before, seen_s=time_s, neutral=neutral, away=away, down=down)
    if seen.too_slow:
        return seen
    return _judged(
        _with_look(seen, elapsed_s, time_s, settings), elapsed_s, speed_km_h, eyes_shut, settings
    )


def _unseen(before: HeadEvidence, gap_s: float, settings: PolicySettings) -> HeadEvidence:
    """Forget, after a longer gap, what an unseen head cannot show."""
    return replace(
        before,
        away=False,
        down=False,
        away_s=0.0,
        back_s=0.0,
        since_warning_s=None,
        distracted=before.distracted and gap_s <= settings.evidence_max_age_s + ROUNDING_S,
        unresponsive=before.unresponsive and gap_s <= settings.danger_kept_s + ROUNDING_S,
    )


def _at_speed(
    before: HeadEvidence, speed_km_h: float | None, settings: PolicySettings
) -> HeadEvidence:
    """Forget the looks of a driver whose vehicle (nearly) stands."""
    limit_km_h = settings.distraction_min_speed_km_h
    if before.distracted:
        limit_km_h -= settings.speed_hysteresis_km_h
    if speed_km_h is None or speed_km_h >= limit_km_h:
        return replace(before, too_slow=False) if before.too_slow else before
    return HeadEvidence(
        seen_s=before.seen_s,
        neutral=before.neutral,
        away=before.away,
        down=before.down,
        too_slow=True,
    )


def _away(before: HeadEvidence, pose: HeadPose, settings: PolicySettings) -> tuple[bool, bool]:
    """Return whether the pose, against the neutral one, is away from the road, and down."""
    yaw_deg = pose.yaw_deg - before.neutral.yaw_deg(settings)
    pitch_deg = pose.pitch_deg - before.neutral.pitch_deg(settings)
    margin_deg = settings.away_hysteresis_deg if before.away else 0.0
    down = pitch_deg < margin_deg - settings.away_down_deg
    up = pitch_deg > settings.away_up_deg - margin_deg
    aside = abs(yaw_deg) > settings.away_yaw_deg - margin_deg
    return down or up or aside, down


def _with_look(
    seen: HeadEvidence, elapsed_s: float, time_s: float, settings: PolicySettings
) -> HeadEvidence:
    """Add the time of this look to its run and to the window."""
    empty = Window(settings.looks_window_s, settings.looks_window_s)
    looks = empty if seen.looks is None else seen.looks.lasting(empty.length_s, empty.max_age_s)
    looks = looks.add(time_s, seen_s=elapsed_s, held_s=elapsed_s if seen.away else 0.0)
    if seen.away:
        return replace(seen, looks=looks, away_s=seen.away_s + elapsed_s, back_s=0.0)
    back_s = seen.back_s + elapsed_s
    if back_s < settings.look_back_s - ROUNDING_S:
        return replace(seen, looks=looks, back_s=back_s)
    return replace(seen, looks=looks, back_s=back_s, away_s=0.0, since_warning_s=None)


def _judged(
    seen: HeadEvidence,
    elapsed_s: float,
    speed_km_h: float | None,
    eyes_shut: bool,
    settings: PolicySettings,
) -> HeadEvidence:
    """Decide whether the driver is distracted, and whether the warning was in vain."""
    fast = speed_km_h is None or speed_km_h >= settings.high_speed_km_h
    limit_s = settings.long_look_s if fast else settings.long_look_slow_s
    long = seen.away_s >= limit_s - ROUNDING_S
    held_s = 0.0 if seen.looks is None else seen.looks.held_s
    often = held_s >= settings.looks_away_s - ROUNDING_S
    if seen.unresponsive and not eyes_shut and not seen.away:
        seen = replace(seen, unresponsive=seen.back_s < settings.unresponsive_over_s - ROUNDING_S)
    if not seen.away:
        if seen.distracted and seen.back_s >= settings.attentive_after_s - ROUNDING_S:
            # The looks before count no longer, or the driver would be distracted again at once.
            looks = Window(settings.looks_window_s, settings.looks_window_s)
            return replace(seen, distracted=False, looks=looks, since_warning_s=None)
        return seen
    if not seen.distracted and (long or often):
        return replace(seen, distracted=True, often=not long, since_warning_s=0.0)
    if not seen.distracted or seen.neutral.doubted:
        return seen
    if seen.since_warning_s is None:
        # The look came back and left again: a look long enough is as good as a second warning.
        return replace(seen, since_warning_s=0.0) if long else seen
    since_warning_s = seen.since_warning_s + elapsed_s
    in_vain = since_warning_s >= settings.unresponsive_after_warning_s - ROUNDING_S
    return replace(
        seen,
        since_warning_s=since_warning_s,
        unresponsive=seen.unresponsive or in_vain,
    )
