"""Fewer frames for a hot machine or a weak supply, and all of them again in time."""

import numpy as np
import pytest

from edge_fer.health.shedding import (
    HEAT,
    NOTHING_SHED,
    SUPPLY,
    SUPPLY_TRUSTED_AFTER_S,
    Band,
    FramePacer,
    FrameSkipper,
    Shedding,
    shed,
)
from edge_fer.health.thermal import Temperature
from edge_fer.health.throttling import HEAT_THROTTLING, OVER_CURRENT, UNDERVOLTAGE


def bands(*temperatures_c: float, limit_c: float = 80.0) -> list[Band]:
    told, found = NOTHING_SHED, []
    for now_s, celsius in enumerate(temperatures_c):
        told = shed(told, Temperature(celsius, limit_c), None, float(now_s))
        found.append(told.band)
    return found


def test_a_machine_that_warms_up_and_cools_down() -> None:
    assert bands(60, 74.9, 75, 79, 80, 85, 78, 77.1, 76.9, 73, 72.1, 71.9) == [
        *([Band.ALL] * 2),
        *([Band.FEWER] * 2),
        *([Band.FEW] * 4),
        *([Band.FEWER] * 3),
        Band.ALL,
    ]


def test_a_temperature_that_wavers_does_not_make_it_waver() -> None:
    assert set(bands(*[75.0, 74.0] * 20)) == {Band.FEWER}
    assert set(bands(*[80.0, 79.0] * 20)) == {Band.FEW}


def test_the_limit_is_the_machine_s_own() -> None:
    assert bands(85, 93.9, 94, 99, limit_c=99.0) == [Band.ALL, Band.ALL, Band.FEWER, Band.FEW]


def test_what_is_not_known_is_no_reason() -> None:
    assert shed(NOTHING_SHED, None, None, 0.0) == NOTHING_SHED


def test_the_firmware_s_own_word_counts() -> None:
    told = shed(NOTHING_SHED, Temperature(62.0, 80.0), (HEAT_THROTTLING,), 0.0)
    assert (told.band, told.reason, told.most_fps) == (Band.FEWER, HEAT, 15.0)


@pytest.mark.parametrize("name", [UNDERVOLTAGE, OVER_CURRENT])
def test_a_weak_supply_is_not_loaded_again_at_once(name: str) -> None:
    cool = Temperature(50.0, 80.0)
    told = shed(NOTHING_SHED, cool, (name,), 100.0)
    assert (told.band, told.reason) == (Band.FEWER, SUPPLY)
    told = shed(told, cool, (), 99.9 + SUPPLY_TRUSTED_AFTER_S)
    assert told.band is Band.FEWER
    assert shed(told, cool, (), 100.0 + SUPPLY_TRUSTED_AFTER_S) == NOTHING_SHED


def test_heat_is_said_before_the_supply() -> None:
    told = shed(NOTHING_SHED, Temperature(90.0, 80.0), (UNDERVOLTAGE,), 0.0)
    assert (told.band, told.reason, told.most_fps) == (Band.FEW, HEAT, 8.0)
    # What heat left behind is no hysteresis of the supply, and the other way round.
    told = shed(Shedding(Band.FEWER, SUPPLY, 0.0), Temperature(73.0, 80.0), (), 100.0)
    assert told == NOTHING_SHED


def rate(most_fps: float | None, camera_fps: float, seconds: float = 10.0) -> float:
    """Take frames as the daemon does: none before it is due, then the next of the camera."""
    pacer, now_s, taken = FramePacer(), 100.0, 0
    while now_s < 100.0 + seconds:
        now_s += pacer.wait_s(now_s)
        now_s = (int(now_s * camera_fps) + 1) / camera_fps
        pacer.taken(now_s, most_fps)
        taken += 1
    return taken / seconds


@pytest.mark.parametrize(
    ("most_fps", "camera_fps", "expected"),
    [(None, 30.0, 30.0), (15.0, 30.0, 15.0), (8.0, 30.0, 8.0), (8.0, 25.0, 8.0), (15.0, 10.0, 10)],
)
def test_the_rate_that_comes_of_it(
    most_fps: float | None, camera_fps: float, expected: float
) -> None:
    assert rate(most_fps, camera_fps) == pytest.approx(expected, rel=0.08)


def test_after_a_pause_it_does_not_catch_up() -> None:
    pacer = FramePacer()
    pacer.taken(100.0, 10.0)
    pacer.taken(200.0, 10.0)
    assert pacer.wait_s(200.0) >= 0.05


@pytest.mark.parametrize("camera_fps", [9, 15, 18, 20, 25, 29.97, 30, 60])
@pytest.mark.parametrize("most_fps", [None, 15.0, 8.0])
def test_what_is_skipped_would_not_have_been_looked_at(
    camera_fps: float, most_fps: float | None
) -> None:
    random = np.random.default_rng(1)
    skipper, pacer = FrameSkipper(), FramePacer()
    made, looked_at, came_s = 0, 0, 0.0
    for number in range(int(60 * camera_fps)):
        skipped = number > 0 and skipper.may_skip(came_s)
        came_s = number / camera_fps + random.uniform(0.0, 0.004)
        skipper.came(came_s)
        if not skipped:
            skipper.taken(came_s, most_fps)
            made += 1
            seen_s = came_s + pacer.wait_s(came_s)
            pacer.taken(seen_s, most_fps)
            looked_at += seen_s < came_s + 1 / camera_fps  # else the next one is newer
    wanted_fps = min(camera_fps, most_fps or camera_fps)
    assert made / 60 == pytest.approx(wanted_fps, rel=0.02)
    assert looked_at / 60 == pytest.approx(wanted_fps, rel=0.02)
