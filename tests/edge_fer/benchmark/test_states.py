"""The policy's figures of merit: what counts as a false alarm, and what as seen."""

import io
import json

import pytest

from edge_fer.benchmark.states import (
    CALM_STATES,
    GOALS,
    StateFigures,
    delay_s,
    is_attentive,
    measure_states,
    timeline,
)
from edge_fer.benchmark.states_verb import render_states, run_states_benchmark
from edge_fer.cli.app import main
from edge_fer.driver_state.states import DriverState
from edge_fer.stories.attention import STORIES
from edge_fer.stories.noise import Noise, noisy
from edge_fer.stories.scene import told
from firmware_bridge.benchmark.output import Interrupted, Output

ASLEEP = DriverState.ASLEEP
ATTENTIVE = DriverState.ATTENTIVE
DROWSY = DriverState.DROWSY


FEW = (
    "looks aside and back",
    "mirrors every few seconds",
    "a road sign is not away",
    "text in the lap and no look back",
    "microsleep on a motorway",
    "falls asleep and wakes",
    "drowsiness fades",
)


@pytest.fixture(scope="module")
def figures() -> StateFigures:
    return measure_states(hours=0.05, seed=3, stories={name: STORIES[name] for name in FEW})


def test_without_noise_a_story_takes_its_course() -> None:
    story = STORIES["falls asleep and wakes"]
    names = ("eyes_misjudged", "eyes_unseen", "lids_sd", "gaze_sd", "face_missed", "head_sd_deg")
    others = ("head_outliers", "frames_lost", "stall_s", "emotion_spread")
    silence = Noise(**dict.fromkeys(names + others, 0.0))
    states = timeline(story, 1, silence)
    assert [state for state, _ in states] == [state for state, _ in story.expected]


def test_the_seed_decides_the_noise() -> None:
    story = STORIES["looks aside for too long"]

    def shown(seed: int) -> list[tuple[float, float | None]]:
        seen = noisy(told(story, 30), seed)
        return [(o.time_s, None if o.head is None else o.head.yaw_deg) for o in seen]

    assert shown(5) == shown(5)
    assert shown(5) != shown(6)


def test_noise_is_as_strong_as_it_says() -> None:
    story = STORIES["dry air makes blink"]
    frames = list(told(story, 30))
    noise = Noise(eyes_misjudged=0.0, emotion_spread=0.0, stall_s=0.0, head_outliers=0.0)
    heard = [o for seed in range(8) for o in noisy(frames, seed, noise)]
    assert len(heard) / (8 * len(frames)) == pytest.approx(1 - noise.frames_lost, abs=0.01)
    without_face = sum(o.face is None for o in heard) / len(heard)
    assert without_face == pytest.approx(noise.face_missed, abs=0.02)
    with_face = [o for o in heard if o.face is not None]
    unseen = sum(o.eyes is None for o in with_face) / len(with_face)
    assert unseen == pytest.approx(noise.eyes_unseen, abs=0.03)
    yaw = [o.head.yaw_deg for o in with_face if o.head is not None]
    spread = (sum(angle * angle for angle in yaw) / len(yaw)) ** 0.5
    assert spread == pytest.approx(noise.head_sd_deg, rel=0.2)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (((ATTENTIVE, 0.0), (ASLEEP, 30.4), (ATTENTIVE, 35.0)), 0.4),
        (((ATTENTIVE, 0.0), (ASLEEP, 29.9), (ATTENTIVE, 35.0)), -0.1),
        (((ATTENTIVE, 0.0), (ASLEEP, 36.0)), None),
        (((ATTENTIVE, 0.0), (ASLEEP, 10.0), (ATTENTIVE, 20.0)), None),
        (((ATTENTIVE, 0.0), (ASLEEP, 10.0), (ATTENTIVE, 40.0)), -5.0),
        (((ATTENTIVE, 0.0),), None),
    ],
)
def test_a_danger_is_seen_if_it_is_said_about_when_it_is_due(
    states: tuple[tuple[DriverState, float], ...], expected: float | None
) -> None:
    late_s = delay_s(states, ASLEEP, 30.0)
    assert late_s == (None if expected is None else pytest.approx(expected))


def test_drowsiness_has_longer_because_it_is_a_figure_of_a_minute() -> None:
    assert delay_s(((ATTENTIVE, 0.0), (DROWSY, 45.0)), DROWSY, 30.0) == 15.0


def test_both_kinds_of_stories_are_there_for_each_danger() -> None:
    attentive = [story for story in STORIES.values() if is_attentive(story)]
    assert len(attentive) >= 15
    due = {state for story in STORIES.values() for state, _ in story.expected} - CALM_STATES
    assert due >= {DriverState(code) for code in range(2, 7)}


@pytest.mark.slow
def test_the_figures_are_of_the_hours_and_name_each_state_once(figures: StateFigures) -> None:
    assert figures.attentive_hours == pytest.approx(0.05, rel=0.3)
    alarms = figures.to_json()["false_alarms"]
    assert {state.label for state in GOALS} <= set(alarms)
    for alarm in alarms.values():
        assert alarm["per_hour"] == pytest.approx(alarm["count"] / figures.attentive_hours)
        assert alarm["count"] == sum(alarm["stories"].values())
    for found in figures.detections:
        assert 0 <= found.seen <= found.due
        assert (found.delay_p50_s is None) == (found.seen == 0)


@pytest.mark.slow
def test_most_dangers_are_seen_through_the_noise(figures: StateFigures) -> None:
    rates = {found.state: found.seen / found.due for found in figures.detections}
    for code in range(2, 7):
        assert rates[DriverState(code)] >= 0.6


@pytest.mark.slow
def test_people_and_scripts_are_shown_the_same(
    figures: StateFigures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_fer.benchmark.states_verb.measure_states", lambda **_: figures)
    text, values = io.StringIO(), io.StringIO()
    run_states_benchmark(hours=1, seed=3, output=Output(stream=text))
    run_states_benchmark(hours=1, seed=3, output=Output(True, stream=values))
    assert "false alarms" in text.getvalue()
    assert json.loads(values.getvalue()) == figures.to_json()
    for found in figures.detections:
        assert found.state.label in text.getvalue()
    assert render_states(figures) is not None


@pytest.mark.slow
def test_the_verb_chooses_the_stories(
    figures: StateFigures, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge_fer.benchmark.states_verb.measure_states", lambda **_: figures)
    with pytest.raises(SystemExit) as caught:
        main(["benchmark", "states", "--json", "--hours", "0.1"])
    assert caught.value.code == 0
    assert json.loads(capsys.readouterr().out)["seed"] == 3


def test_ctrl_c_keeps_what_was_played() -> None:
    name = "looks aside and back"

    def interrupt(step: str) -> None:
        if step.startswith("attentive drivers, round 2"):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as end:
        measure_states(hours=1, seed=1, stories={name: STORIES[name]}, say=interrupt)

    assert end.value.partial.attentive_hours == STORIES[name].seconds / 3600


@pytest.mark.slow
def test_an_attentive_driver_is_alarmed_seldom_enough() -> None:
    calm = {name: story for name, story in STORIES.items() if is_attentive(story)}
    figures = measure_states(hours=5.0, seed=11, stories=calm)
    missed = [alarm for alarm in figures.false_alarms if alarm.met is False]
    assert not missed
