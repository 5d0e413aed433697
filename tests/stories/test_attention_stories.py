"""The stories of looks, eyelids and answers take their course at every frame rate.

Below 15 fps a blink and a slow closure are not told apart: there drowsy never occurs, and nothing
else changes.
"""

from dataclasses import dataclass
from functools import cache

import pytest

from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.states import DriverState, Reason, Request
from edge_fer.stories.attention import STORIES
from edge_fer.stories.scene import START_S, Expected, Story, told

# At 60 frames a second the stories take as long as at all the others together.
FRAME_RATES = (10, 15, 30, pytest.param(60, marks=pytest.mark.slow))
LOWEST_FPS_FOR_BLINKS = 15
# A few frames at 10 a second: what is usual for a driver is learned from single frames.
TOLERANCE_S = 0.45


@dataclass(frozen=True, slots=True)
class Course:
    """The first decision of each state, and each request."""

    decisions: tuple[Decision, ...]
    requests: tuple[Request, ...]

    def __str__(self) -> str:
        said = [f"{d.state.label} {d.time_s - START_S:.2f}" for d in self.decisions]
        asked = [
            f"{r.kind.name} {r.severity.name} {r.raised_s - START_S:.2f}" for r in self.requests
        ]
        return ", ".join([*said, *asked])


@cache
def course(name: str, fps: int) -> Course:
    story = STORIES[name]
    monitor = StateMonitor(story.settings, START_S)
    entered = [monitor.decision]
    requests: dict[int, Request] = {}
    for observation in told(story, fps):
        decision = monitor.observe(observation)
        if decision.state is not entered[-1].state:
            entered.append(decision)
        if decision.request is not None:
            requests.setdefault(decision.request.request_id, decision.request)
    return Course(tuple(entered), tuple(requests.values()))


def without_drowsy(expected: Expected) -> Expected:
    kept: list[tuple[DriverState, float]] = []
    for state, time_s in expected:
        shown = DriverState.ATTENTIVE if state is DriverState.DROWSY else state
        if not kept or kept[-1][0] is not shown:
            kept.append((shown, time_s))
    return tuple(kept)


def expected_at(story: Story, fps: int) -> Expected:
    return story.expected if fps >= LOWEST_FPS_FOR_BLINKS else without_drowsy(story.expected)


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("name", STORIES)
def test_the_story_takes_its_course(name: str, fps: int) -> None:
    story, told_course = STORIES[name], course(name, fps)
    expected = expected_at(story, fps)
    assert [d.state for d in told_course.decisions] == [s for s, _ in expected], told_course
    for decision, (_, expected_s) in zip(told_course.decisions, expected, strict=True):
        assert abs(decision.time_s - START_S - expected_s) <= TOLERANCE_S, told_course


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("name", STORIES)
def test_the_driver_is_asked_what_the_story_says(name: str, fps: int) -> None:
    story, told_course = STORIES[name], course(name, fps)
    if expected_at(story, fps) != story.expected:
        return  # without drowsy there is less to ask
    asked = [(r.kind, r.severity) for r in told_course.requests]
    assert asked == [(kind, severity) for kind, severity, _ in story.requests], told_course
    for request, (_, _, expected_s) in zip(told_course.requests, story.requests, strict=True):
        assert abs(request.raised_s - START_S - expected_s) <= TOLERANCE_S, told_course


@pytest.mark.parametrize(
    "rates", [(10, 15, 30), pytest.param((10, 15, 30, 60), marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", STORIES)
def test_the_frame_rate_does_not_matter(name: str, rates: tuple[int, ...]) -> None:
    story = STORIES[name]
    alike = [fps for fps in rates if expected_at(story, fps) == story.expected]
    at_each_rate = [[d.time_s for d in course(name, fps).decisions] for fps in alike]
    for times_s in zip(*at_each_rate, strict=True):
        assert max(times_s) - min(times_s) <= TOLERANCE_S


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("text in the lap, line by line", [Reason.MANY_LOOKS_AWAY, Reason.LOOKS_AT_THE_ROAD]),
        (
            "text in the lap and no look back",
            [Reason.LONG_LOOK_DOWN, Reason.NO_LOOK_BACK, Reason.LOOKS_AT_THE_ROAD],
        ),
        (
            "stops while looking aside",
            [Reason.LONG_LOOK_AWAY, Reason.EYES_UNSEEN, Reason.JUDGED_AGAIN],
        ),
        (
            "falls asleep and wakes",
            [Reason.EYES_CLOSED, Reason.EYES_STAYED_CLOSED, Reason.EYES_OPEN_AGAIN],
        ),
        (
            "a sleeper sinks out of the picture",
            [
                Reason.EYES_CLOSED,
                Reason.EYES_STAYED_CLOSED,
                Reason.SEAT_LOOKS_EMPTY,
                Reason.FACE_RETURNED,
            ],
        ),
        ("drowsiness fades", [Reason.EYES_OFTEN_CLOSED, Reason.EYES_SELDOM_CLOSED]),
        ("drowsy, and then sunglasses", [Reason.EYES_OFTEN_CLOSED, Reason.EYES_UNSEEN]),
        ("face half covered", [Reason.EMOTIONS_CONTRADICT, Reason.ANSWERED_ALL_RIGHT]),
    ],
)
def test_each_transition_says_why(name: str, reasons: list[Reason]) -> None:
    begin = [Reason.STARTED, Reason.ENOUGH_EVIDENCE]
    assert [d.reason for d in course(name, 30).decisions] == [*begin, *reasons]


def test_there_are_enough_stories_of_a_length_that_says_something() -> None:
    assert len(STORIES) >= 30
    for story in STORIES.values():
        assert 30 <= story.seconds <= 180


def test_each_state_that_needs_eyes_or_head_is_told_of() -> None:
    said = {state for story in STORIES.values() for state, _ in story.expected}
    assert said >= {DriverState(code) for code in range(1, 7)}
