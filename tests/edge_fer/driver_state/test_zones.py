"""Zones lie around the neutral look that was learned, and a glance at some of them is free."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.driver_state.eye_sample import UNSEEN, EyeSample
from edge_fer.driver_state.gaze import Zone
from edge_fer.driver_state.head_evidence import HeadEvidence, update_head
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import HeadPose

SETTINGS = PolicySettings()
START_S, FPS = 500.0, 10
# The camera hangs beside the wheel, and above the eyes.
NEUTRAL = HeadPose(12.0, -6.0, 0.0)
LEFT = replace(SETTINGS, driver_side="left")
RIGHT = replace(SETTINGS, driver_side="right")


def looked(
    before: HeadEvidence,
    yaw_deg: float,
    pitch_deg: float,
    seconds: float,
    *,
    policy: PolicySettings = SETTINGS,
    profile: bool = False,
) -> HeadEvidence:
    """Turn the head so far from NEUTRAL for some seconds."""
    begin_s = START_S if before.updated_s is None else before.updated_s
    pose = HeadPose(NEUTRAL.yaw_deg + yaw_deg, NEUTRAL.pitch_deg + pitch_deg, 0.0)
    evidence = before
    for number in range(1, round(seconds * FPS) + 1):
        evidence = update_head(
            evidence,
            pose,
            profile=profile,
            time_s=begin_s + number / FPS,
            speed_km_h=120.0,
            eyes_shut=False,
            settings=policy,
        )
    return evidence


LEARNED = looked(HeadEvidence(), 0.0, 0.0, 62.0)

# Where the head points against the road, and what is there for a driver of unknown side.
PLACES = [
    (0.0, 0.0, Zone.ROAD),
    (26.0, 0.0, Zone.ROAD),
    (-26.0, 10.0, Zone.ROAD),
    (0.0, 23.0, Zone.ROAD),
    (38.0, 0.0, Zone.MIRROR),  # the left one
    (-38.0, 12.0, Zone.MIRROR),  # the one at the windscreen
    (-50.0, -10.0, Zone.MIRROR),  # the right one
    (0.0, 30.0, Zone.UP),
    (5.0, -25.0, Zone.CLUSTER),
    (-25.0, -25.0, Zone.CENTRE),
    (25.0, -25.0, Zone.CENTRE),
    (0.0, -38.0, Zone.LAP),
    (-25.0, -38.0, Zone.LAP),
]
AWAY = [place for place in PLACES if place[2] is not Zone.ROAD]


@pytest.mark.parametrize(("yaw_deg", "pitch_deg", "zone"), PLACES)
def test_each_zone_lies_around_the_neutral_look_that_was_learned(
    yaw_deg: float, pitch_deg: float, zone: Zone
) -> None:
    there = looked(LEARNED, yaw_deg, pitch_deg, 0.5)
    assert there.zone is zone
    assert there.away is (zone is not Zone.ROAD)
    assert LEARNED.neutral.learned == pytest.approx((12.0, -6.0))


def test_what_is_usual_for_the_driver_is_the_road_and_for_another_is_not() -> None:
    other = HeadEvidence()
    for _ in range(3):
        other = looked(other, -24.0, 6.0, 21.0)  # learns another neutral look
    assert looked(LEARNED, 25.0, 0.0, 1.0).zone is Zone.ROAD
    assert looked(other, 25.0, 0.0, 1.0).zone is Zone.MIRROR


@pytest.mark.parametrize(("yaw_deg", "pitch_deg", "zone"), AWAY)
def test_a_long_look_at_any_of_them_is_a_distraction(
    yaw_deg: float, pitch_deg: float, zone: Zone
) -> None:
    assert not looked(LEARNED, yaw_deg, pitch_deg, 3.3).distracted
    assert looked(LEARNED, yaw_deg, pitch_deg, 3.7).distracted


def test_a_look_at_the_road_is_none_however_long() -> None:
    assert not looked(LEARNED, 26.0, 10.0, 60.0).distracted


@pytest.mark.parametrize(("yaw_deg", "pitch_deg", "zone"), [*AWAY, (70.0, 0.0, Zone.SHOULDER)])
def test_glances_of_ordinary_length_are_free_at_mirrors_and_over_the_shoulder(
    yaw_deg: float, pitch_deg: float, zone: Zone
) -> None:
    """Half of the time, in glances of 1.5 s: at other places ten seconds are soon together."""
    evidence, distracted = LEARNED, False
    for _ in range(10):
        profile = zone is Zone.SHOULDER
        evidence = looked(evidence, yaw_deg, pitch_deg, 1.5, profile=profile)
        assert evidence.zone is zone
        distracted = distracted or evidence.distracted
        evidence = looked(evidence, 0.0, 0.0, 1.5)
    free = zone in (Zone.MIRROR, Zone.SHOULDER)
    assert distracted is not free
    assert evidence.updated_s is not None
    if free:
        assert evidence.away_share(evidence.updated_s, SETTINGS) == 0.0


@pytest.mark.parametrize(
    ("name", "value", "look", "before", "after"),
    [
        ("away_yaw_deg", 45.0, (38.0, 0.0), Zone.MIRROR, Zone.ROAD),
        ("away_up_deg", 40.0, (0.0, 30.0), Zone.UP, Zone.ROAD),
        ("away_down_deg", 30.0, (5.0, -25.0), Zone.CLUSTER, Zone.ROAD),
        ("cluster_yaw_deg", 30.0, (25.0, -25.0), Zone.CENTRE, Zone.CLUSTER),
        ("lap_below_deg", 45.0, (0.0, -38.0), Zone.LAP, Zone.CLUSTER),
        ("gaze_away_down_deg", 45.0, (38.0, -25.0), Zone.CENTRE, Zone.MIRROR),
    ],
)
def test_their_borders_are_settings(
    name: str, value: float, look: tuple[float, float], before: Zone, after: Zone
) -> None:
    assert looked(LEARNED, *look, 0.5).zone is before
    other: Any = {name: value}
    moved = replace(SETTINGS, **other)
    assert looked(LEARNED, *look, 0.5, policy=moved).zone is after


def test_the_length_of_a_free_glance_is_a_setting() -> None:
    strict = replace(SETTINGS, mirror_glance_s=1.0)
    glance = looked(LEARNED, 38.0, 0.0, 1.5, policy=strict)
    assert glance.updated_s is not None
    assert glance.away_share(glance.updated_s, strict) == pytest.approx(1.5 / 30, abs=0.005)


looks = st.lists(
    st.tuples(
        st.floats(-80.0, 80.0),
        st.floats(-45.0, 40.0),
        st.none() | st.tuples(st.floats(-0.5, 0.5), st.floats(-0.3, 0.4)),
        st.sampled_from([1, 5, 20, 45]),  # tenths of a second
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=10)
@given(course=looks)
@pytest.mark.parametrize(("one", "other"), [(LEFT, RIGHT), (SETTINGS, SETTINGS)])
def test_a_driver_on_the_other_side_is_judged_as_in_a_mirror(
    one: PolicySettings,
    other: PolicySettings,
    course: list[tuple[float, float, tuple[float, float] | None, int]],
) -> None:
    seen, mirrored = HeadEvidence(), HeadEvidence()
    time_s = START_S
    road = (0.0, 0.0, (0.0, SETTINGS.gaze_rest_y), 120)
    for yaw_deg, pitch_deg, gaze, ticks in [road, *course]:
        for _ in range(ticks):
            time_s += 1 / FPS

            def judged(
                before: HeadEvidence,
                side: int,
                policy: PolicySettings,
                now_s: float = time_s,
                pose: tuple[float, float] = (yaw_deg, pitch_deg),
                eyes: tuple[float, float] | None = gaze,
            ) -> HeadEvidence:
                sample = (
                    UNSEEN if eyes is None else EyeSample(0.36, 0.05, (side * eyes[0], eyes[1]))
                )
                return update_head(
                    before,
                    HeadPose(side * pose[0], pose[1], 0.0),
                    sample=sample,
                    time_s=now_s,
                    speed_km_h=120.0,
                    eyes_shut=False,
                    settings=policy,
                )

            seen, mirrored = judged(seen, 1, one), judged(mirrored, -1, other)
            assert (seen.zone, seen.away, seen.by_eyes) == (
                mirrored.zone,
                mirrored.away,
                mirrored.by_eyes,
            )
            assert (seen.distracted, seen.often, seen.unresponsive) == (
                mirrored.distracted,
                mirrored.often,
                mirrored.unresponsive,
            )
