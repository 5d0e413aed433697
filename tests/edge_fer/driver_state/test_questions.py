"""How often a driver who is well is asked, over hours, and what alone is never asked about."""

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_fer.driver_state.evidence import Evidence, no_evidence
from edge_fer.driver_state.latch import RELEASED, Latch
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision, decide, first_decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, Reason, Request, RequestKind
from edge_fer.emotions import Emotion
from edge_fer.observation import UNKNOWN_VEHICLE, Answer, CameraCondition, Observation, Vehicle
from edge_fer.stories.scene import (
    AHEAD,
    BLINKING,
    CALM,
    FACE,
    HAPPY,
    START_S,
    TORN,
    Eyes,
    Mood,
    Scene,
    Story,
    distribution,
    told,
)

SETTINGS = PolicySettings(confidence_threshold=0.5)
HALF_AN_HOUR_S = 1800.0
ROUNDING_S = 1e-6
MOTORWAY = Vehicle(speed_km_h=120.0, ignition_on=True)
UNSURE: Mood = {Emotion.NEUTRAL: 1 / 7}  # and of the others as much


def requests_of(decisions: Iterable[Decision]) -> list[Request]:
    """Return each request once, in the order in which they were raised."""
    raised: dict[int, Request] = {}
    for decision in decisions:
        if decision.request is not None:
            raised.setdefault(decision.request.request_id, decision.request)
    return list(raised.values())


def assert_seldom(requests: list[Request]) -> None:
    """One question in half an hour; one that nobody answered is repeated once, and no more."""
    questions = [each for each in requests if each.kind is RequestKind.ARE_YOU_ALL_RIGHT]
    begun = [each for each in questions if each.reason is not Reason.DID_NOT_ANSWER]
    times_s = [each.raised_s for each in begun]
    for before_s, after_s in pairwise([*times_s, math.inf]):
        assert after_s - before_s >= HALF_AN_HOUR_S - ROUNDING_S
        repeated = [each for each in questions if before_s < each.raised_s < after_s]
        assert len(repeated) <= 1


moments = st.lists(
    st.tuples(
        st.sampled_from([0.1, 1.0, 9.0, 60.0, 400.0, 1799.0]),
        st.sampled_from(["calm", "contradictory", "unseen", "unseen for long", "away", "blocked"]),
        st.sampled_from([None, None, Answer.NONE, Answer.ALL_RIGHT, Answer.DID_NOT_ANSWER]),
        st.sampled_from([None, 0.0, 120.0]),
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(drive=moments)
def test_whatever_comes_a_driver_who_is_well_gets_one_question_in_half_an_hour(
    drive: list[tuple[float, str, Answer | None, float | None]],
) -> None:
    """Evidence as a driver gives it who never sleeps, in steps of up to half an hour."""
    held = Latch(active=True)
    decision, time_s = first_decision(0.0), 10.0
    decisions: list[Decision] = []
    for step_s, what, answer, speed_km_h in drive:
        time_s += step_s
        vehicle = Vehicle(speed_km_h, answered_id=decision.request_id, answer=answer)
        evidence = Evidence(
            0.0, time_s, vehicle=vehicle, last_usable_s=time_s, ready=True, was_ready=True
        )
        evidence = replace(
            evidence,
            camera=replace(
                evidence.camera,
                condition=CameraCondition.BLOCKED,
                degraded=held if what == "blocked" else RELEASED,
            ),
            head=replace(evidence.head, seen_s=time_s, distracted=what == "away"),
            emotion=replace(
                evidence.emotion, contradictory=held if what == "contradictory" else RELEASED
            ),
            unseen=held if what.startswith("unseen") else RELEASED,
            unseen_s=1000.0 if what == "unseen for long" else 0.0,
        )
        decision = decide(decision, evidence, SETTINGS)
        decisions.append(decision)
    assert_seldom(requests_of(decisions))


def test_the_evidence_of_that_test_asks_at_all() -> None:
    evidence = replace(
        no_evidence(0.0),
        time_s=20.0,
        last_usable_s=20.0,
        ready=True,
        was_ready=True,
        vehicle=UNKNOWN_VEHICLE,
    )
    torn = replace(evidence.emotion, contradictory=Latch(active=True))
    asked = decide(first_decision(0.0), replace(evidence, emotion=torn), SETTINGS)
    assert asked.state is DriverState.UNCERTAIN
    assert asked.request is not None


def a_long_drive(seconds: float) -> Story:
    """A face that contradicts itself, cannot be read, or is behind sunglasses, again and again."""

    def scene(seconds: float, mood: Mood, eyes: Eyes | None = BLINKING) -> Scene:
        return Scene(seconds, mood, eyes=eyes, head=AHEAD, vehicle=MOTORWAY)

    part = (
        scene(30, CALM),
        scene(60, TORN),
        scene(30, HAPPY),
        scene(60, UNSURE),
        scene(90, CALM, None),
        scene(30, CALM),
    )
    return Story(part * round(seconds / 300), ())


def driven(seconds: float, fps: int, *, answers: bool) -> list[Decision]:
    monitor = StateMonitor(SETTINGS, START_S)
    decisions = []
    for observation in told(a_long_drive(seconds), fps):
        vehicle = MOTORWAY
        if answers:
            asked = monitor.decision.request_id
            vehicle = replace(MOTORWAY, answered_id=asked, answer=Answer.ALL_RIGHT)
        decisions.append(monitor.observe(replace(observation, vehicle=vehicle)))
    return decisions


@pytest.mark.slow
def test_a_long_drive_of_doubtful_faces_asks_once_in_half_an_hour() -> None:
    decisions, questions = driven(2 * 3600.0, 5, answers=False), 4
    requests = requests_of(decisions)
    assert_seldom(requests)
    # As often as it may: the doubt goes on, and each question is repeated once.
    reasons = [each.reason for each in requests]
    assert len(reasons) == 2 * questions
    assert reasons[1::2] == [Reason.DID_NOT_ANSWER] * questions
    assert any(decision.unsure for decision in decisions)


@pytest.mark.slow
def test_whoever_answers_is_not_asked_again_for_half_an_hour_after_the_answer() -> None:
    requests = requests_of(driven(2 * 3600.0, 2, answers=True))
    assert_seldom(requests)
    assert Reason.DID_NOT_ANSWER not in [each.reason for each in requests]
    assert 3 <= len(requests) <= 4


@settings(deadline=None, max_examples=6)
@given(
    moods=st.lists(
        st.lists(st.floats(0.05, 1.0), min_size=len(Emotion), max_size=len(Emotion)),
        min_size=1,
        max_size=6,
    )
)
def test_no_confidence_of_an_emotion_alone_asks(moods: list[list[float]]) -> None:
    """Any faces without joy: they do not contradict themselves, however little is known of them."""
    shown = [distribution(UNSURE)]
    for mood in moods:
        weights = np.array(mood)
        weights[Emotion.HAPPY] = 0.0
        shown.append((weights / weights.sum()).astype(np.float32))
    # A question about emotions could come at once, and about attention never does.
    eager = replace(SETTINGS, contradictory_after_s=1.0, confidence_threshold=0.95)
    monitor = StateMonitor(eager, START_S)
    unsure = 0
    for number in range(240):
        time_s = START_S + number / 4
        decision = monitor.observe(
            Observation(
                time_s,
                CameraCondition.GOOD,
                FACE,
                shown[number // 8 % len(shown)],
                eyes=BLINKING.reading(number / 4),
                head=AHEAD,
                vehicle=MOTORWAY,
            )
        )
        unsure += decision.unsure
        assert decision.state is not DriverState.UNCERTAIN
        assert decision.request is None
    assert unsure > 100
