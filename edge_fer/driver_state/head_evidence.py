"""The direction of head and eyes relative to the neutral look, and the time away from the road."""

import math
from dataclasses import dataclass, field

from edge_fer.driver_state.changed import changed
from edge_fer.driver_state.eye_sample import UNSEEN, EyeSample
from edge_fer.driver_state.gaze import (
    MOST_YAW_DEG,
    Look,
    Zone,
    aside_limit_deg,
    eye_turn,
    zone_of,
)
from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.neutral_pose import STRETCH_S, Neutral, Usual
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.window import Window
from edge_fer.observation import HeadPose

# Farther than this the eyes do not rest: what is learned of the gaze stays within.
GAZE_REACH = (0.2, 0.2)
PROFILE_DEG = 90.0  # stands for a yaw that is beyond what is measured
STAYS_WITHIN_DEG = 25.0  # a look that moves farther is not one of somebody who does not respond
NOD_TIME_CONSTANT_S = 2.0  # of the level that a nod falls below
NODS_WINDOW_S = 120.0
FREE_ZONES = frozenset({Zone.MIRROR, Zone.SHOULDER})


@dataclass(frozen=True)  # without slots: see `changed`
class HeadEvidence:
    """`seen_s` is when the head was last judged (None: not yet), in monotonic seconds.

    `pose` is its pose at that time (None: in profile): the median of `poses`, the newest three.
    `look` is the direction of head and eyes together relative to the neutral look, and `zone` the
    part of the cabin there. `away` is whether this is away from the road, `down` whether the head
    points into the lap, and `bowed` whether it is bowed at all. `early_bow` is whether in the first
    seconds the head is bowed relative to the camera, before the direction of the road is known.
    `looks_down` is whether the look goes down, and `by_eyes` whether only the eyes look away.
    `gone` is whether the head turned or sank out of sight and still counts as away.

    `away_s` is the length of the present look away, `back_s` that of the present look at the road.
    Both count only at speeds at which a driver can be distracted. `looks` is the recent time away;
    the `pending_s` of the present look do not count in it while it may be a mirror glance.
    `since_warning_s` is how long the look has stayed away since *distracted* began (None: it came
    back), and `warned_look` where it has stayed. `was_back` is whether this driver was ever seen to
    look at the road for a while: until then, a head that stays away does not cause *unresponsive*.
    `often` is whether *distracted* began because of many looks rather than a long one.
    """

    seen_s: float | None = None
    updated_s: float | None = None
    neutral: Neutral = field(default_factory=Neutral)
    rest: Neutral = field(default_factory=Neutral)
    pose: HeadPose | None = None
    poses: tuple[HeadPose, ...] = ()
    eyes: Look | None = None
    eyes_s: float | None = None
    look: Look | None = None
    zone: Zone = Zone.ROAD
    away: bool = False
    down: bool = False
    bowed: bool = False
    early_bow: bool = False
    looks_down: bool = False
    by_eyes: bool = False
    gone: bool = False
    away_s: float = 0.0
    back_s: float = 0.0
    pending_s: float = 0.0
    looks: Window | None = None
    since_warning_s: float | None = None
    warned_look: Look | None = None
    distracted: bool = False
    often: bool = False
    unresponsive: bool = False
    was_back: bool = False
    too_slow: bool = False
    level_deg: float | None = None
    nodding: bool = False
    nods_s: tuple[float, ...] = ()

    @property
    def lowers_lids(self) -> bool:
        """Whether the look may lower the lids: into the lap, or aside with a bowed head.

        Also while the head is bowed relative to the camera and the direction of the road is
        unknown.
        """
        return self.down or self.early_bow or (self.bowed and self.away)

    @property
    def nods(self) -> int:
        """Number of nods with lids that were not open, within the last two minutes."""
        return len(self.nods_s)

    def age_s(self, time_s: float) -> float:
        """Seconds since the head was last judged."""
        return math.inf if self.seen_s is None else time_s - self.seen_s

    def away_share(self, time_s: float, settings: PolicySettings) -> float | None:
        """Return the share of looks away in the window; None while the head is unseen."""
        if self.looks is None or self.age_s(time_s) > settings.dropout_s + ROUNDING_S:
            return None
        return min(self.looks.held_s / settings.looks_window_s, 1.0)


def head_usual(settings: PolicySettings) -> Usual:
    """Return the neutral head pose before it is learned."""
    return Usual(
        (settings.neutral_yaw_deg, settings.neutral_pitch_deg),
        (settings.neutral_max_yaw_deg, settings.neutral_max_pitch_deg),
        settings.neutral_learn_s,
        # Who comes into sight most likely drives, and the camera is seldom mounted straight ahead.
        guess_s=STRETCH_S,
    )


def gaze_usual(settings: PolicySettings) -> Usual:
    """Return the neutral position of the iris in the eye before it is learned."""
    return Usual((0.0, settings.gaze_rest_y), GAZE_REACH, settings.neutral_learn_s)


def update_head(
    before: HeadEvidence,
    pose: HeadPose | None,
    *,
    sample: EyeSample = UNSEEN,
    profile: bool = False,
    lost: bool = False,
    lids_open: bool = True,
    lids_shut: bool = False,
    time_s: float,
    speed_km_h: float | None,
    eyes_shut: bool,
    settings: PolicySettings,
) -> HeadEvidence:
    """Return the evidence after a moment with the head in `pose` (None: unseen).

    With `profile` the head is turned beyond the measured range, and `pose` gives at most the side.
    With `lost` a usable picture shows no face of the driver. With an unknown speed the stricter
    limit applies. With `eyes_shut`, a driver whose head is back but whose eyes are closed stays
    unresponsive. With `lids_shut` (just seen), a head that faces the road does not count as a look
    at it.
    """
    judged = profile or pose is not None
    if before.seen_s is None and not judged:
        return before
    # Counted from the last sight: a look that is taken to go on unseen does not prolong a danger.
    if before.unresponsive and before.age_s(time_s) > settings.danger_kept_s + ROUNDING_S:
        before = changed(before, unresponsive=False, since_warning_s=None)
    since_s = math.inf if before.updated_s is None else time_s - before.updated_s
    # Where a look was taken to go on, it is no gap.
    gap_s = since_s if before.gone else before.age_s(time_s)
    gone = lost and not judged and _goes_on(before, before.age_s(time_s), settings)
    if not gone and gap_s > settings.unseen_gap_s + ROUNDING_S:
        before = _unseen(before, gap_s, settings)
    before = _at_speed(before, speed_km_h, settings)
    before = changed(before, updated_s=time_s, gone=gone)
    if gone:
        if before.too_slow:
            return before
        elapsed_s = min(since_s, settings.look_speaks_for_s)
        zone = Zone.SHOULDER if before.zone is Zone.ROAD else before.zone
        away = changed(before, away=True, zone=zone)
        seen = _with_look(away, elapsed_s, time_s, settings, lids_shut=lids_shut)
        decided = _judged(seen, elapsed_s, speed_km_h, eyes_shut, settings)
        # That nobody looked back was not seen: it is no proof of absence. A drop-out adds nothing.
        short = decided.age_s(time_s) <= settings.unseen_gap_s + ROUNDING_S
        return changed(decided, since_warning_s=before.since_warning_s if short else None)
    if not judged:
        return before
    elapsed_s = min(gap_s, settings.look_speaks_for_s)
    if gap_s > settings.dropout_s + ROUNDING_S:
        elapsed_s = 0.0
    learns = speed_km_h is None or speed_km_h >= settings.neutral_min_speed_km_h
    if profile:
        seen = _in_profile(before, pose, time_s, settings)
    else:
        assert pose is not None
        before, pose = _without_outlier(before, pose, time_s, settings)
        if learns:
            neutral = before.neutral.seen(
                (pose.yaw_deg, pose.pitch_deg), elapsed_s, head_usual(settings)
            )
            before = changed(before, neutral=neutral)
        before = _with_eyes(before, pose, sample, elapsed_s, time_s, settings, learns=learns)
        before = _with_nod(before, pose, elapsed_s, time_s, settings, lids_open=lids_open)
        seen = _looking(before, pose, time_s, settings)
    if seen.too_slow:
        return seen
    return _judged(
        _with_look(seen, elapsed_s, time_s, settings, lids_shut=lids_shut),
        elapsed_s,
        speed_km_h,
        eyes_shut,
        settings,
    )


def _without_outlier(
    before: HeadEvidence, pose: HeadPose, time_s: float, settings: PolicySettings
) -> tuple[HeadEvidence, HeadPose]:
    """Return the median of the newest three poses: of one frame the landmarks may lie elsewhere."""
    fresh = before.pose is not None and before.age_s(time_s) <= settings.dropout_s + ROUNDING_S
    poses = (*(before.poses if fresh else ()), pose)[-3:]
    before = changed(before, poses=poses)
    if len(poses) < 3:
        return before, pose
    return before, HeadPose(
        *(
            sorted(values)[1]
            for values in zip(
                *((each.yaw_deg, each.pitch_deg, each.roll_deg) for each in poses), strict=True
            )
        )
    )


def _goes_on(before: HeadEvidence, gap_s: float, settings: PolicySettings) -> bool:
    """Whether a head that is out of sight was on its way there when it was last seen."""
    if before.gone:
        return gap_s <= settings.empty_seat_after_s + ROUNDING_S
    if gap_s > settings.lost_look_s + ROUNDING_S:
        return False
    if before.pose is None or before.away:
        return True
    yaw_deg, pitch_deg = before.neutral.values(head_usual(settings))
    turned = abs(before.pose.yaw_deg - yaw_deg) >= settings.lost_turn_deg
    return turned or before.pose.pitch_deg - pitch_deg <= -settings.lost_turn_deg


def _unseen(before: HeadEvidence, gap_s: float, settings: PolicySettings) -> HeadEvidence:
    """Forget, after a longer gap, what an unseen head cannot show."""
    return changed(
        before,
        away=False,
        down=False,
        bowed=False,
        early_bow=False,
        looks_down=False,
        by_eyes=False,
        look=None,
        eyes=None,
        eyes_s=None,
        zone=Zone.ROAD,
        away_s=0.0,
        back_s=0.0,
        pending_s=0.0,
        since_warning_s=None,
        distracted=before.distracted and gap_s <= settings.evidence_max_age_s + ROUNDING_S,
        unresponsive=before.unresponsive and gap_s <= settings.danger_kept_s + ROUNDING_S,
        level_deg=None,
        nodding=False,
    )


def _at_speed(
    before: HeadEvidence, speed_km_h: float | None, settings: PolicySettings
) -> HeadEvidence:
    """Forget the looks of a driver whose vehicle (nearly) stands."""
    limit_km_h = settings.distraction_min_speed_km_h
    if before.distracted:
        limit_km_h -= settings.speed_hysteresis_km_h
    if speed_km_h is None or speed_km_h >= limit_km_h:
        return changed(before, too_slow=False) if before.too_slow else before
    return changed(
        before,
        away_s=0.0,
        back_s=0.0,
        pending_s=0.0,
        looks=None,
        since_warning_s=None,
        distracted=False,
        often=False,
        unresponsive=False,
        too_slow=True,
    )


def _in_profile(
    before: HeadEvidence, pose: HeadPose | None, time_s: float, settings: PolicySettings
) -> HeadEvidence:
    """Return the evidence of a head beyond the measured range: away, whatever is neutral."""
    known = pose or before.pose
    side = 0.0 if known is None else known.yaw_deg
    if side == 0.0 and before.look is not None:
        side = before.look.yaw_deg
    return changed(
        before,
        seen_s=time_s,
        pose=None,
        look=Look(math.copysign(PROFILE_DEG, side), 0.0),
        eyes=None,
        eyes_s=None,
        zone=Zone.SHOULDER,
        away=True,
        # Whether it is bowed as well is not measured: it stays as it was.
        looks_down=False,
        by_eyes=False,
        level_deg=None,
        nodding=False,
    )


def _with_eyes(
    before: HeadEvidence,
    pose: HeadPose,
    sample: EyeSample,
    elapsed_s: float,
    time_s: float,
    settings: PolicySettings,
    *,
    learns: bool,
) -> HeadEvidence:
    """Add how far the eyes are turned in the head, filtered; unknown a moment after it was seen."""
    shut = sample.closed is None or sample.closed >= settings.eyes_closed_from
    if sample.gaze is None or shut or abs(pose.yaw_deg) > MOST_YAW_DEG:
        # A blink does not turn the eyes.
        old = before.eyes_s is None or time_s - before.eyes_s > settings.dropout_s + ROUNDING_S
        return changed(before, eyes=None, eyes_s=None) if old else before
    rest = before.rest
    if learns and not before.away:
        rest = rest.seen(sample.gaze, elapsed_s, gaze_usual(settings))
    turn = eye_turn(sample.gaze, rest.values(gaze_usual(settings)), pose.yaw_deg, settings)
    if before.eyes is not None and settings.gaze_time_constant_s > 0.0:
        weight = -math.expm1(-elapsed_s / settings.gaze_time_constant_s)
        turn = Look(
            before.eyes.yaw_deg + weight * (turn.yaw_deg - before.eyes.yaw_deg),
            before.eyes.pitch_deg + weight * (turn.pitch_deg - before.eyes.pitch_deg),
        )
    return changed(before, rest=rest, eyes=turn, eyes_s=time_s)


def _with_nod(
    before: HeadEvidence,
    pose: HeadPose,
    elapsed_s: float,
    time_s: float,
    settings: PolicySettings,
    *,
    lids_open: bool,
) -> HeadEvidence:
    """Count a fall of the head below its level of the seconds before, with lids not open."""
    level_deg = pose.pitch_deg if before.level_deg is None else before.level_deg
    fallen = level_deg - pose.pitch_deg >= settings.nod_deg
    nodding = fallen and (before.nodding or not lids_open)
    nods_s = tuple(nod_s for nod_s in before.nods_s if time_s - nod_s <= NODS_WINDOW_S)
    if nodding and not before.nodding:
        nods_s = (*nods_s, time_s)
    level_deg += -math.expm1(-elapsed_s / NOD_TIME_CONSTANT_S) * (pose.pitch_deg - level_deg)
    return changed(before, level_deg=level_deg, nodding=nodding, nods_s=nods_s[-10:])


def _looking(
    before: HeadEvidence, pose: HeadPose, time_s: float, settings: PolicySettings
) -> HeadEvidence:
    """Return the evidence of a head in `pose`, with the eyes where they are known."""
    neutral_yaw_deg, neutral_pitch_deg = before.neutral.values(head_usual(settings))
    yaw_deg = pose.yaw_deg - neutral_yaw_deg
    pitch_deg = pose.pitch_deg - neutral_pitch_deg
    margin_deg = settings.away_hysteresis_deg if before.away else 0.0
    head = Look(yaw_deg, pitch_deg)
    look, limits = head, (settings.away_yaw_deg, settings.away_down_deg, settings.away_up_deg)
    # The first seconds may have been in the lap already: then lids stay doubtful.
    lap = before.neutral.is_early and pose.pitch_deg - settings.neutral_pitch_deg < (
        -settings.bowed_deg
    )
    by_head = _beyond(head, limits, margin_deg, settings)
    away = by_head
    # How an iris lies in an eye at rest differs between people, and between networks, by more than
    # a look aside: until it is known the head stands for the gaze.
    if before.eyes is not None and before.rest.is_known:
        look = Look(yaw_deg + before.eyes.yaw_deg, pitch_deg + before.eyes.pitch_deg)
        limits = (
            settings.gaze_away_yaw_deg,
            settings.gaze_away_down_deg,
            settings.gaze_away_up_deg,
        )
        away = _beyond(look, limits, margin_deg, settings)
    return changed(
        before,
        seen_s=time_s,
        pose=pose,
        look=look,
        zone=zone_of(look, settings, profile=False) if away else Zone.ROAD,
        away=away,
        down=pitch_deg < margin_deg - settings.away_down_deg,
        bowed=pitch_deg < -settings.bowed_deg or lap,
        early_bow=lap,
        looks_down=look.pitch_deg < margin_deg - limits[1],
        by_eyes=away and not by_head,
    )


def _beyond(
    look: Look,
    limits: tuple[float, float, float],
    margin_deg: float,
    settings: PolicySettings,
) -> bool:
    aside_deg, down_deg, up_deg = limits
    aside_deg = aside_limit_deg(aside_deg, look.yaw_deg, settings)
    return (
        abs(look.yaw_deg) > aside_deg - margin_deg
        or look.pitch_deg < margin_deg - down_deg
        or look.pitch_deg > up_deg - margin_deg
    )


def _with_look(
    seen: HeadEvidence,
    elapsed_s: float,
    time_s: float,
    settings: PolicySettings,
    *,
    lids_shut: bool,
) -> HeadEvidence:
    """Add the time of this look to its run and to the window."""
    empty = Window(settings.looks_window_s, settings.looks_window_s)
    looks = empty if seen.looks is None else seen.looks.lasting(empty.length_s, empty.max_age_s)
    if seen.away:
        away_s = seen.away_s + elapsed_s
        pending_s = seen.pending_s + elapsed_s
        # Mirrors and shoulders are looked at in the course of driving.
        glance = seen.zone in FREE_ZONES and away_s <= settings.mirror_glance_s + ROUNDING_S
        held_s, pending_s = (0.0, pending_s) if glance else (pending_s, 0.0)
        looks = looks.add(time_s, seen_s=elapsed_s, held_s=held_s)
        return changed(seen, looks=looks, away_s=away_s, pending_s=pending_s, back_s=0.0)
    looks = looks.add(time_s, seen_s=elapsed_s, held_s=0.0)
    # A head that passes the road on its way with lowered lids has not looked at it.
    back_s = seen.back_s + (0.0 if lids_shut else elapsed_s)
    if back_s < settings.look_back_s - ROUNDING_S:
        return changed(seen, looks=looks, back_s=back_s)
    return changed(
        seen,
        looks=looks,
        back_s=back_s,
        away_s=0.0,
        pending_s=0.0,
        since_warning_s=None,
        was_back=seen.was_back or back_s >= settings.attentive_after_s - ROUNDING_S,
    )


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
        seen = changed(seen, unresponsive=seen.back_s < settings.unresponsive_over_s - ROUNDING_S)
    if not seen.away:
        if seen.distracted and seen.back_s >= settings.attentive_after_s - ROUNDING_S:
            # The looks before count no longer, or the driver would be distracted again at once.
            looks = Window(settings.looks_window_s, settings.looks_window_s)
            return changed(seen, distracted=False, looks=looks, since_warning_s=None)
        return seen
    if not seen.distracted and (long or often):
        return changed(
            seen, distracted=True, often=not long, since_warning_s=0.0, warned_look=seen.look
        )
    # That only the eyes do not look back is too little to call somebody unresponsive.
    if not seen.distracted or not seen.was_back or seen.neutral.doubted or seen.by_eyes:
        return seen
    return _since_warning(seen, elapsed_s, settings, long=long)


def _since_warning(
    seen: HeadEvidence, elapsed_s: float, settings: PolicySettings, *, long: bool
) -> HeadEvidence:
    """Decide whether a distracted driver who looks away does not respond to the warning."""
    if seen.since_warning_s is None:
        # The look came back and left again: a look long enough is as good as a second warning.
        return changed(seen, since_warning_s=0.0, warned_look=seen.look) if long else seen
    if seen.look is not None and _moved(seen.warned_look, seen.look):
        # Whoever looks about may not look at the road, but responds to something.
        return changed(seen, since_warning_s=0.0, warned_look=seen.look)
    since_warning_s = seen.since_warning_s + elapsed_s
    in_vain = since_warning_s >= settings.unresponsive_after_warning_s - ROUNDING_S
    return changed(
        seen,
        since_warning_s=since_warning_s,
        unresponsive=seen.unresponsive or in_vain,
    )


def _moved(before: Look | None, look: Look) -> bool:
    """Whether a look went from where it was to another place."""
    if before is None:
        return True
    distance = math.hypot(look.yaw_deg - before.yaw_deg, look.pitch_deg - before.pitch_deg)
    return distance > STAYS_WITHIN_DEG
