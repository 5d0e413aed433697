"""The two timers behind all hysteresis."""

import pytest

from edge_fer.driver_state.latch import NO_RUN, RELEASED, Latch


def held_for(latch: Latch, seconds: float, fps: int, *, enters: bool, leaves: bool) -> Latch:
    for _ in range(round(seconds * fps) + 1):  # the first frame counts nothing
        latch = latch.step(
            enters=enters, leaves=leaves, elapsed_s=1 / fps, enter_s=3.0, leave_s=2.0
        )
    return latch


@pytest.mark.parametrize("fps", [3, 7, 10, 15, 30, 60, 120])
def test_a_latch_closes_when_its_condition_has_held_long_enough_at_any_frame_rate(fps: int) -> None:
    frame_s = 1 / fps
    assert not held_for(RELEASED, 3.0 - frame_s, fps, enters=True, leaves=False).active
    closed = held_for(RELEASED, 3.0, fps, enters=True, leaves=False)
    assert closed.active
    assert held_for(closed, 2.0 - frame_s, fps, enters=False, leaves=True).active
    assert not held_for(closed, 2.0, fps, enters=False, leaves=True).active


def test_an_interruption_starts_the_time_again() -> None:
    almost = held_for(RELEASED, 2.9, 10, enters=True, leaves=False)
    interrupted = held_for(almost, 0.0, 10, enters=False, leaves=False)
    assert not held_for(interrupted, 2.9, 10, enters=True, leaves=False).active


def test_between_its_conditions_a_latch_stays_as_it_is() -> None:
    closed = held_for(RELEASED, 3.0, 10, enters=True, leaves=False)
    assert held_for(closed, 60.0, 10, enters=False, leaves=False).active
    assert not held_for(RELEASED, 60.0, 10, enters=False, leaves=False).active


def test_a_latch_without_a_waiting_time_closes_at_once() -> None:
    assert RELEASED.step(enters=True, leaves=False, elapsed_s=0.1, enter_s=0.0, leave_s=0.0).active


def test_a_run_bridges_short_gaps_and_ends_at_long_ones() -> None:
    run = NO_RUN
    for time_s in (10.0, 10.1, 10.6, 11.1):
        run = run.seen(time_s, gap_s=0.5)
    assert run.length_s == pytest.approx(1.1)
    assert run.reaches(1.1)
    assert not run.reaches(1.2)
    assert run.is_current(11.6, gap_s=0.5)
    assert not run.is_current(11.7, gap_s=0.5)
    assert run.seen(11.7, gap_s=0.5).length_s == 0.0


def test_an_empty_run_reaches_nothing() -> None:
    assert not NO_RUN.reaches(0.0)
    assert not NO_RUN.is_current(0.0, gap_s=1.0)
