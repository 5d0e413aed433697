"""Clips against annotations: what counts as a false alarm, and what as found."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_fer.benchmark.clips import (
    ClipMetrics,
    Truth,
    judge,
    play,
    rate_interval,
    read_annotations,
    share_interval,
)
from edge_fer.driver_state.policy import Decision, first_decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.errors import UserError
from edge_fer.observation import CameraCondition, FaceBox, Observation

SETTINGS = PolicySettings()
ATTENTIVE, UNSEEN = DriverState.ATTENTIVE, DriverState.UNSEEN
MICROSLEEP, DISTRACTED = DriverState.MICROSLEEP, DriverState.DISTRACTED


def course(*changes: tuple[DriverState, float], end_s: float = 30.0) -> list[Decision]:
    """Return decisions ten a second, each state from its second on."""
    made = []
    for tick in range(round(end_s * 10)):
        state = [state for state, begin_s in changes if begin_s <= tick / 10 + 1e-6][-1]
        reason = Reason.EYES_CLOSED if state is MICROSLEEP else Reason.LONG_LOOK_AWAY
        made.append(replace(first_decision(0.0), state=state, reason=reason, time_s=tick / 10))
    return made


def judged(truth: Truth, *changes: tuple[DriverState, float]) -> ClipMetrics:
    return judge("clip", course((ATTENTIVE, 0.0), *changes), truth, SETTINGS)


def test_sleep_is_right_in_a_closure_and_false_elsewhere() -> None:
    truth = Truth(closed_s=((10.0, 12.0),))
    right = judged(truth, (MICROSLEEP, 11.1), (ATTENTIVE, 12.2))
    assert right.false_alarms == ()
    assert [danger.delay_s for danger in right.dangers] == [pytest.approx(0.1)]
    wrong = judged(truth, (MICROSLEEP, 20.0), (ATTENTIVE, 21.0))
    assert [event.time_s for event in wrong.false_alarms] == [pytest.approx(20.0)]
    assert [danger.delay_s for danger in wrong.dangers] == [None]
    assert (
        judged(replace(truth, unclear_s=((19.0, 22.0),)), (MICROSLEEP, 20.0)).by_kind()["sleep"]
        == []
    )


def test_attentive_while_the_eyes_are_shut_is_counted_from_the_second_on() -> None:
    metrics = judged(Truth(closed_s=((10.0, 14.0),)))
    assert metrics.attentive_while_shut_s == pytest.approx(2.7, abs=0.11)


def test_a_short_closure_and_a_short_look_need_not_be_found() -> None:
    assert judged(Truth(closed_s=((10.0, 10.9),), away_s=((15.0, 18.4),))).dangers == ()


def test_looks_that_add_up_to_ten_seconds_are_no_false_distraction() -> None:
    away = Truth(away_s=tuple((float(s), s + 2.5) for s in range(5, 25, 5)))
    assert judged(away, (DISTRACTED, 26.0)).false_alarms == ()
    assert len(judged(Truth(), (DISTRACTED, 26.0)).false_alarms) == 1


def test_no_driver_is_false_while_a_head_is_in_the_picture() -> None:
    assert len(judged(Truth(), (DriverState.NO_DRIVER, 12.0)).false_alarms) == 1
    gone = Truth(gone_s=((10.0, 20.0),))
    assert judged(gone, (DriverState.NO_DRIVER, 12.0)).false_alarms == ()


def test_time_unseen_is_counted_and_is_no_alarm() -> None:
    metrics = judged(Truth(), (UNSEEN, 10.0), (ATTENTIVE, 13.0))
    assert metrics.unseen_s == pytest.approx(3.0, abs=0.11)
    assert metrics.false_alarms == ()
    assert metrics.to_json()["unseen_share"] == pytest.approx(0.1, abs=0.01)


def test_a_clip_is_played_forth_and_back_with_its_truth() -> None:
    truth = Truth(closed_s=((7.0, 9.0), (9.5, 10.0)))
    assert truth.played(10.0, 3).closed_s == (
        (7.0, 9.0),
        (9.5, 10.5),
        (11.0, 13.0),
        (27.0, 29.0),
        (29.5, 30.0),
    )
    face = FaceBox(0, 0, 100, 100, 1.0)
    seen = [Observation(k / 10, CameraCondition.GOOD, face, None) for k in range(100)]
    decisions, length_s = play(seen, SETTINGS, 3)
    assert length_s == pytest.approx(10.0)
    times_s = [decision.time_s for decision in decisions]
    assert times_s == sorted(times_s)
    assert times_s[-1] == pytest.approx(29.9)


def test_intervals_are_those_of_the_tables() -> None:
    # Garwood's exact ones: no event in an hour, 0 to 3.69; ten, 4.80 to 18.39.
    assert rate_interval(0, 1.0) == pytest.approx((0.0, 3.69), abs=0.06)
    assert rate_interval(10, 1.0) == pytest.approx((4.80, 18.39), abs=0.05)
    assert rate_interval(3, 0.0) is None
    assert share_interval(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert share_interval(0, 0) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[clip]\nclosed_s = [[2.0, 1.0]]", "clip.closed_s: [2.0, 1.0] does not go forward"),
        ("[clip]\naway_s = [3.0]", "clip.away_s: 3.0 is not [from, to]"),
        ("[clip]\nclosed_s = [[nan, 1.0]]", "does not go forward"),
        ("clip = 3", "clip: write a table"),
        ("[clip", "cannot be read as annotations"),
    ],
)
def test_annotations_that_say_nothing_are_refused_by_name(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "truth.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_annotations(path)
    assert problem in str(caught.value)


def test_the_shipped_annotations_can_be_read() -> None:
    truths = read_annotations(Path(__file__).parents[2] / "stories" / "clip_annotations.toml")
    assert {"alaa_test", "aryan_test", "incluit_yawning", "incluit_video2"} <= set(truths)
