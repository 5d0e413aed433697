"""Looks away from the road, and what is neutral for this driver."""

import math

import pytest

from edge_fer.driver_state.eye_sample import UNSEEN, EyeSample
from edge_fer.driver_state.gaze import Look, Zone, zone_of
from edge_fer.driver_state.head_evidence import HeadEvidence, update_head
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import HeadPose

SETTINGS = PolicySettings()
START_S = 500.0
AHEAD = HeadPose(0, 0, 0)
ASIDE = HeadPose(45, 0, 0)


def seen(
    pose: HeadPose | None,
    seconds: float,
    *,
    after: HeadEvidence | None = None,
    begin_s: float = 0.0,
    speed_km_h: float | None = 120.0,
    eyes_shut: bool = False,
    fps: int = 30,
    settings: PolicySettings = SETTINGS,
    gaze: tuple[float, float] | None = None,
    profile: bool = False,
    lost: bool = False,
    lids_open: bool = True,
) -> HeadEvidence:
    evidence = after or HeadEvidence()
    for k in range(round(seconds * fps)):
        evidence = update_head(
            evidence,
            pose,
            time_s=START_S + begin_s + k / fps,
            speed_km_h=speed_km_h,
            eyes_shut=eyes_shut,
            settings=settings,
            sample=EyeSample(0.36, 0.05, gaze) if gaze else UNSEEN,
            profile=profile,
            lost=lost,
            lids_open=lids_open,
        )
    return evidence


# Three seconds of the road before a look: who the driver is, and where the road lies.
DRIVING = seen(AHEAD, 3, begin_s=-3)


@pytest.mark.parametrize(
    ("speed_km_h", "limit_s"), [(None, 3.5), (120.0, 3.5), (50.0, 3.5), (49.9, 6.0), (20.0, 6.0)]
)
def test_the_limit_depends_on_the_speed(speed_km_h: float | None, limit_s: float) -> None:
    road = seen(AHEAD, 5, speed_km_h=speed_km_h)
    early = seen(ASIDE, limit_s - 0.1, after=road, begin_s=5, speed_km_h=speed_km_h)
    late = seen(ASIDE, limit_s + 0.1, after=road, begin_s=5, speed_km_h=speed_km_h)
    assert (early.distracted, late.distracted) == (False, True)


def test_below_20_kmh_nobody_is_distracted() -> None:
    assert not seen(ASIDE, 60, speed_km_h=19.9).distracted


def test_a_distraction_ends_with_some_margin_in_speed() -> None:
    distracted = seen(ASIDE, 5)
    assert seen(ASIDE, 1, after=distracted, begin_s=5, speed_km_h=16.0).distracted
    slow = seen(ASIDE, 1, after=distracted, begin_s=5, speed_km_h=14.0)
    assert not slow.distracted
    # And 16 km/h is not fast enough to begin one.
    assert not seen(ASIDE, 20, after=slow, begin_s=6, speed_km_h=16.0).distracted


@pytest.mark.parametrize(
    ("pose", "away"),
    [
        (HeadPose(27, 0, 0), False),
        (HeadPose(29, 0, 0), True),
        (HeadPose(-29, 0, 0), True),
        (HeadPose(0, -19, 0), False),
        (HeadPose(0, -21, 0), True),
        (HeadPose(0, 24, 0), False),
        (HeadPose(0, 26, 0), True),
        (HeadPose(0, 0, 60), False),
    ],
)
def test_away_is_by_yaw_and_pitch_and_not_by_roll(pose: HeadPose, away: bool) -> None:
    assert seen(pose, 1).away is away


def test_back_on_the_road_takes_some_degrees_less_than_away() -> None:
    aside = seen(ASIDE, 1, after=DRIVING)
    assert seen(HeadPose(25, 0, 0), 0.1, after=aside, begin_s=1).away
    assert not seen(HeadPose(22, 0, 0), 0.1, after=aside, begin_s=1).away


def test_a_moment_on_the_road_does_not_end_a_look_away() -> None:
    look = seen(ASIDE, 2, after=DRIVING)
    look = seen(AHEAD, 0.2, after=look, begin_s=2)
    assert seen(ASIDE, 2, after=look, begin_s=2.2).distracted
    look = seen(AHEAD, 0.5, after=seen(ASIDE, 2, after=DRIVING), begin_s=2)
    assert not seen(ASIDE, 2, after=look, begin_s=2.5).distracted


def test_an_unseen_head_looks_nowhere() -> None:
    look = seen(None, 1, after=seen(ASIDE, 3, after=DRIVING), begin_s=3)
    assert not seen(ASIDE, 3, after=look, begin_s=4).distracted


def test_a_distraction_is_over_when_the_head_is_unseen_for_long() -> None:
    distracted = seen(ASIDE, 4, after=DRIVING)
    assert seen(None, 2.4, after=distracted, begin_s=4).distracted
    assert not seen(None, 2.7, after=distracted, begin_s=4).distracted


def test_who_does_not_look_back_after_the_warning_is_unresponsive() -> None:
    assert not seen(ASIDE, 6.4, after=DRIVING).unresponsive
    gone = seen(ASIDE, 6.7, after=DRIVING)
    assert gone.unresponsive
    assert seen(AHEAD, 2.9, after=gone, begin_s=6.7).unresponsive
    assert not seen(AHEAD, 3.2, after=gone, begin_s=6.7).unresponsive
    assert seen(AHEAD, 5, after=gone, begin_s=6.7, eyes_shut=True).unresponsive


def test_the_share_of_looks_is_of_the_last_half_minute() -> None:
    evidence = seen(AHEAD, 40)
    evidence = seen(ASIDE, 3, after=evidence, begin_s=40)
    assert evidence.away_share(START_S + 43, SETTINGS) == pytest.approx(0.1, abs=0.003)
    evidence = seen(AHEAD, 31, after=evidence, begin_s=43)
    assert evidence.away_share(START_S + 74, SETTINGS) == pytest.approx(0.0, abs=0.003)
    assert evidence.away_share(START_S + 75, SETTINGS) is None


def learned(evidence: HeadEvidence) -> tuple[float, float] | None:
    return evidence.neutral.learned


def test_the_neutral_pose_is_the_median_of_a_minute() -> None:
    evidence = HeadEvidence()
    for second in range(70):
        pose = HeadPose(50, 0, 0) if second % 5 == 0 else HeadPose(12, -4, 0)
        evidence = seen(pose, 1, after=evidence, begin_s=second)
    assert learned(evidence) == pytest.approx((12, -4), abs=0.01)
    # 12 + 28 degrees and not 28 are away now.
    assert not seen(HeadPose(38, -4, 0), 1, after=evidence, begin_s=70).away
    assert seen(HeadPose(-18, -4, 0), 1, after=evidence, begin_s=70).away


def test_it_is_not_learned_from_less_nor_from_walking_speed() -> None:
    assert learned(seen(HeadPose(12, 0, 0), 59)) is None
    assert learned(seen(HeadPose(12, 0, 0), 90, speed_km_h=9.0)) is None
    assert learned(seen(HeadPose(12, 0, 0), 62, speed_km_h=None)) is not None


def test_it_is_clamped_so_that_aside_does_not_become_normal() -> None:
    assert learned(seen(HeadPose(50, -40, 0), 62)) == (20.0, -12.0)
    settings = PolicySettings(neutral_yaw_deg=25.0, neutral_pitch_deg=-5.0)
    assert learned(seen(HeadPose(50, 0, 0), 62, settings=settings)) == (45.0, 0.0)


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_it_is_learned_after_a_minute_at_any_frame_rate(fps: int) -> None:
    assert learned(seen(HeadPose(12, 0, 0), 59.5, fps=fps)) is None
    assert learned(seen(HeadPose(12, 0, 0), 62, fps=fps)) is not None


def test_before_anything_is_seen_nothing_is_known() -> None:
    evidence = seen(None, 5)
    assert evidence.age_s(START_S) == math.inf
    assert evidence.away_share(START_S, SETTINGS) is None


STRAIGHT = (0.0, SETTINGS.gaze_rest_y)


def test_eyes_alone_look_away_like_a_lizard() -> None:
    road = seen(AHEAD, 12, gaze=STRAIGHT)
    aside = seen(AHEAD, 4, after=road, begin_s=12, gaze=(-0.36, 0.1))
    assert aside.distracted
    assert aside.by_eyes
    # The eyes alone are too little to say that nobody responds.
    assert not seen(AHEAD, 20, after=road, begin_s=12, gaze=(-0.36, 0.1)).unresponsive
    assert not seen(AHEAD, 10, gaze=STRAIGHT).distracted


def test_a_turned_head_with_eyes_on_the_road_looks_at_it_like_an_owl() -> None:
    owl, road = HeadPose(32, 0, 0), seen(AHEAD, 12, gaze=STRAIGHT)
    eyes_ahead = (-0.25, SETTINGS.gaze_rest_y)
    assert not seen(owl, 10, after=road, begin_s=12, gaze=eyes_ahead).distracted
    assert seen(owl, 1).away
    assert seen(owl, 1, after=road, begin_s=12, gaze=(0.2, SETTINGS.gaze_rest_y)).away


def test_lowered_eyes_in_a_level_head_look_down() -> None:
    road = seen(AHEAD, 12, gaze=STRAIGHT)
    down = seen(AHEAD, 4, after=road, begin_s=12, gaze=(0.0, -0.15))
    assert down.distracted
    assert down.looks_down
    assert down.zone in (Zone.CLUSTER, Zone.LAP)


def test_a_profile_is_away_whatever_is_neutral_and_is_never_learned() -> None:
    profile = seen(HeadPose(25, 0, 0), 70, profile=True)
    assert profile.distracted
    assert profile.zone is Zone.SHOULDER
    assert learned(profile) is None


def test_glances_at_mirrors_do_not_add_up_and_longer_looks_do() -> None:
    def looks(length_s: float, pose: HeadPose) -> HeadEvidence:
        evidence = HeadEvidence()
        for k in range(10):
            evidence = seen(pose, length_s, after=evidence, begin_s=5 * k)
            evidence = seen(AHEAD, 5 - length_s, after=evidence, begin_s=5 * k + length_s)
        return evidence

    assert not looks(1.9, ASIDE).often
    assert looks(2.2, ASIDE).often
    # Nobody looks down at a mirror.
    assert looks(1.9, HeadPose(0, -30, 0)).often


def test_a_head_that_turns_out_of_sight_still_looks_away() -> None:
    turning = seen(HeadPose(20, 0, 0), 0.5, after=seen(AHEAD, 5), begin_s=5)
    gone = seen(None, 4, after=turning, begin_s=5.5, lost=True)
    assert (gone.gone, gone.distracted) == (True, True)
    # That it does not look back was not seen.
    assert not seen(None, 9, after=turning, begin_s=5.5, lost=True).unresponsive
    straight = seen(None, 4, after=seen(AHEAD, 5), begin_s=5, lost=True)
    assert (straight.gone, straight.distracted) == (False, False)


def test_a_head_that_looks_about_is_distracted_and_responds() -> None:
    evidence = HeadEvidence()
    for k in range(10):
        evidence = seen(HeadPose((-1) ** k * 45, 0, 0), 1.5, after=evidence, begin_s=1.5 * k)
    assert (evidence.distracted, evidence.unresponsive) == (True, False)


def test_a_fall_of_the_head_is_a_nod_only_with_lids_that_are_not_open() -> None:
    road = seen(AHEAD, 5)
    assert seen(HeadPose(0, -18, 0), 0.5, after=road, begin_s=5, lids_open=False).nods == 1
    assert seen(HeadPose(0, -18, 0), 0.5, after=road, begin_s=5).nods == 0


def test_before_the_eyes_at_rest_are_known_the_head_stands_for_the_gaze() -> None:
    assert not seen(AHEAD, 9, gaze=(-0.36, 0.1)).away
    # And what is usual for these eyes is no look aside.
    assert not seen(AHEAD, 60, gaze=(-0.18, 0.2)).distracted


@pytest.mark.parametrize(
    ("side", "right_down", "left_down"),
    [
        ("unknown", Zone.CENTRE, Zone.CENTRE),
        ("middle", Zone.CENTRE, Zone.CENTRE),
        ("left", Zone.CONSOLE, Zone.DOOR),
        ("right", Zone.DOOR, Zone.CONSOLE),
    ],
)
def test_the_console_lies_towards_the_vehicles_middle(
    side: str, right_down: Zone, left_down: Zone
) -> None:
    settings = PolicySettings(driver_side=side)
    assert zone_of(Look(-30.0, -20.0), settings, profile=False) is right_down
    assert zone_of(Look(30.0, -20.0), settings, profile=False) is left_down
    assert zone_of(Look(0.0, -20.0), settings, profile=False) is Zone.CLUSTER
    assert zone_of(Look(0.0, -40.0), settings, profile=False) is Zone.LAP
    assert zone_of(Look(35.0, 0.0), settings, profile=False) is Zone.MIRROR


@pytest.mark.parametrize(
    ("side", "away"), [("unknown", (True, True)), ("left", (False, True)), ("right", (True, False))]
)
def test_the_road_reaches_farther_towards_the_vehicles_middle(
    side: str, away: tuple[bool, bool]
) -> None:
    settings = PolicySettings(driver_side=side)
    aside = SETTINGS.away_yaw_deg + 4.0
    to_the_right = seen(HeadPose(-aside, 0, 0), 5.0, after=DRIVING, settings=settings)
    to_the_left = seen(HeadPose(aside, 0, 0), 5.0, after=DRIVING, settings=settings)
    assert (to_the_right.distracted, to_the_left.distracted) == away


def test_one_wrong_pose_moves_nothing() -> None:
    ahead = seen(AHEAD, 3)
    wrong = seen(HeadPose(60, -50, 0), 1 / 30, after=ahead, begin_s=3)
    assert not wrong.away
    assert not wrong.bowed
    assert wrong.back_s == pytest.approx(ahead.back_s + 1 / 30)
    # Two in a row are none.
    assert seen(HeadPose(60, -50, 0), 2 / 30, after=wrong, begin_s=3 + 1 / 30).away


def test_a_drop_out_does_not_begin_the_wait_after_a_warning_anew() -> None:
    warned = seen(ASIDE, 5, after=DRIVING)
    assert warned.distracted
    waited_s = warned.since_warning_s
    assert waited_s is not None
    gone = seen(None, 0.3, after=warned, begin_s=5, lost=True)
    # What was not seen does not count, and what was seen before it does.
    assert gone.since_warning_s == waited_s
    assert seen(ASIDE, 2.0, after=gone, begin_s=5.3).unresponsive
    # Longer than a gap, and somebody may have looked back.
    assert seen(None, 1.5, after=warned, begin_s=5, lost=True).since_warning_s is None


def test_a_head_that_is_tilted_from_the_start_looks_at_the_road() -> None:
    # The camera is not where the road is: nobody is distracted before anything is known.
    assert not seen(HeadPose(32, 26, 0), 20).distracted
    assert seen(HeadPose(70, 0, 0), 20).distracted


def test_who_was_never_seen_to_look_at_the_road_is_not_unresponsive() -> None:
    far = seen(HeadPose(70, 0, 0), 60)
    assert far.distracted
    assert not far.unresponsive


def test_in_the_first_seconds_a_bowed_head_may_be_in_the_lap() -> None:
    bowed = seen(HeadPose(0, -20, 0), 5)
    assert not bowed.away
    assert bowed.bowed
    assert bowed.lowers_lids
    # After ten it is how this head is held.
    assert not seen(HeadPose(0, -20, 0), 12).lowers_lids
