"""What must hold of the decisions whatever is observed."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from edge_fer.driver_state.asking import REQUESTS
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, RequestSeverity
from edge_fer.observation import (
    UNKNOWN_VEHICLE,
    Answer,
    CameraCondition,
    EyeReading,
    EyesReading,
    FaceBox,
    HeadPose,
    Observation,
    Vehicle,
)

START_S = 100.0
SETTINGS = PolicySettings(confidence_threshold=0.5)
FACE = FaceBox(10, 10, 80, 80, 0.9)
BLIND = {DriverState.NOT_READY, DriverState.NO_DRIVER, DriverState.CAMERA_DEGRADED}
DANGERS = {DriverState.MICROSLEEP, DriverState.ASLEEP, DriverState.UNRESPONSIVE}
# Uncertain as well: that attention is unknown for long is no emotion.
OF_ATTENTION = {DriverState.ATTENTIVE, DriverState.UNSEEN, DriverState.UNCERTAIN}
OF_EYES_AND_HEAD = {DriverState.DISTRACTED, DriverState.DROWSY} | DANGERS

any_probabilities = st.none() | numpy_st.arrays(
    np.float32,
    numpy_st.array_shapes(min_dims=0, max_dims=2, max_side=8),
    elements=st.floats(width=32),
)
one_emotion = st.integers(0, 6).map(lambda k: np.eye(7, dtype=np.float32)[k])
torn = st.integers(0, 5).map(lambda k: (np.eye(7)[k] / 2 + np.eye(7)[k + 1] / 2).astype("f4"))
conditions = st.sampled_from(CameraCondition)
mostly_good = st.just(CameraCondition.GOOD) | st.just(CameraCondition.GOOD) | conditions

any_head = st.none() | st.builds(HeadPose, st.floats(), st.floats(), st.floats())
any_vehicle = st.builds(
    Vehicle,
    speed_km_h=st.none() | st.floats(0, 400),
    ignition_on=st.none() | st.booleans(),
    answered_id=st.none() | st.integers(0, 5),
    answer=st.none() | st.sampled_from(Answer),
)
heads = st.sampled_from([None, HeadPose(0, 0, 0), HeadPose(45, 0, 0), HeadPose(0, -35, 0)])


def eyes_of(lid_opening: float, closed: float, gaze_x: float = 0.0) -> EyesReading:
    eye = EyeReading(lid_opening, closed, gaze_x, 0.12, 0.9, 40.0)
    return EyesReading(eye, eye)


OPEN, SHUT = eyes_of(0.36, 0.02), eyes_of(0.11, 0.98)
lids = st.sampled_from([None, OPEN, OPEN, SHUT, eyes_of(0.22, 0.5), eyes_of(0.36, 0.02, -0.4)])
any_eye = st.none() | st.builds(
    EyeReading,
    st.floats(),
    st.floats(),
    st.none() | st.floats(),
    st.none() | st.floats(),
    st.floats(),
    st.floats(),
)
faces = st.sampled_from([FACE, FACE, FACE, None, FaceBox(300, 10, 80, 80, 0.9)])

anything = st.builds(
    Observation,
    time_s=st.floats() | st.floats(START_S - 5, START_S + 30),
    camera=conditions,
    face=st.none()
    | st.just(FACE)
    | st.builds(FaceBox, st.floats(), st.floats(), st.floats(), st.floats(), st.floats()),
    probabilities=any_probabilities | one_emotion,
    eyes_closed=st.none() | st.floats(),
    head=any_head,
    eyes=st.none() | st.builds(EyesReading, any_eye, any_eye),
    mouth_opening=st.none() | st.floats(),
    profile=st.booleans(),
    seat_empty=st.none() | st.booleans(),
    vehicle=any_vehicle,
)


@st.composite
def drives(draw: st.DrawFn, *, longest: int) -> list[Observation]:
    """Observations in order, in stretches in which little changes, as on the road."""
    time_s = START_S
    drive = []
    for _ in range(draw(st.integers(1, 8))):
        step_s = draw(st.sampled_from([1 / 30, 0.1, 0.3, 0.7, 3.0]))
        camera, face = draw(mostly_good), draw(faces)
        probabilities = draw(one_emotion | torn | st.none())
        eyes, head = draw(lids), draw(heads)
        mouth, profile = draw(st.sampled_from([None, 0.1, 0.8])), draw(st.integers(0, 5)) == 0
        vehicle = draw(st.just(UNKNOWN_VEHICLE) | any_vehicle)
        for _ in range(draw(st.integers(1, longest))):
            time_s += step_s
            drive.append(
                Observation(
                    time_s,
                    camera,
                    face,
                    probabilities,
                    head=head,
                    eyes=eyes,
                    mouth_opening=mouth,
                    profile=profile,
                    vehicle=vehicle,
                )
            )
    return drive


def check(decision: Decision, previous: Decision) -> None:
    changed = decision.state is not previous.state
    assert decision.event_sequence == (previous.event_sequence + changed) % 255
    if not changed:
        assert decision.reason is previous.reason
    assert decision.since_s <= decision.time_s
    known = (decision.emotion, decision.confidence, decision.probabilities)
    assert all(item is None for item in known) or all(item is not None for item in known)
    if decision.confidence is not None:
        assert 0.0 <= decision.confidence <= 1.0 + 1e-5
        assert decision.state not in BLIND
    for share in (decision.drowsiness, decision.distraction):
        assert share is None or 0.0 <= share <= 1.0
    if decision.request is not None:
        assert decision.state in REQUESTS
        assert decision.request.request_id == decision.request_id
        assert 0 <= decision.time_s - decision.request.raised_s < decision.request.valid_for_s
        _, at_first = REQUESTS[decision.state]
        assert at_first <= decision.request.severity <= RequestSeverity.URGENT
    else:
        assert decision.request_id == previous.request_id


@settings(deadline=None, max_examples=40)
@given(observations=st.lists(anything, max_size=60), emotions=st.booleans())
def test_no_observations_make_it_raise_or_contradict_itself(
    observations: list[Observation], emotions: bool
) -> None:
    monitor = StateMonitor(replace(SETTINGS, emotion_states=emotions), START_S)
    previous = monitor.decision
    for observation in observations:
        decision = monitor.observe(observation)
        assert math.isfinite(decision.time_s)
        check(decision, previous)
        assert decision is monitor.decision
        previous = decision


def usable_eyes(observation: Observation) -> bool:
    return observation.usable_face and observation.eyes is not None


def no_state_of_the_driver_comes_from_outdated_evidence(drive: list[Observation]) -> None:
    monitor = StateMonitor(SETTINGS, START_S)
    previous = monitor.decision
    emotion_s = eyes_s = head_s = -math.inf
    for observation in drive:
        if observation.usable_probabilities() is not None:
            emotion_s = observation.time_s
        decision = monitor.observe(observation)
        check(decision, previous)
        assert decision.time_s == observation.time_s
        if usable_eyes(observation):
            eyes_s = observation.time_s
        judged = observation.profile or observation.usable_head() is not None
        if observation.usable_face and judged:
            head_s = observation.time_s
        ages_s = observation.time_s - eyes_s, observation.time_s - head_s
        if max(ages_s) > SETTINGS.sense_unseen_after_s + 1e-3:
            assert decision.state is not DriverState.ATTENTIVE
        if min(ages_s) > SETTINGS.unseen_after_s + 1e-3:
            assert decision.state is not DriverState.ATTENTIVE
        # Of a sleeper who sank out of the picture it is said for a while.
        if min(ages_s) > SETTINGS.danger_kept_s + 1e-3:
            assert decision.state not in DANGERS
        if observation.time_s - emotion_s > SETTINGS.dropout_s + 1e-3:
            assert decision.emotion is None
        previous = decision


def no_more_changes_than_the_hold_times_allow(drive: list[Observation]) -> None:
    # Between two entries of the same state lies at least one of its hold times.
    monitor = StateMonitor(SETTINGS, START_S)
    entered: dict[DriverState, float] = {}
    previous = monitor.decision
    for observation in drive:
        decision = monitor.observe(observation)
        if decision.state is not previous.state:
            if decision.state in (DriverState.NO_DRIVER, DriverState.CAMERA_DEGRADED):
                since_last_s = decision.time_s - entered.get(decision.state, -math.inf)
                assert since_last_s >= SETTINGS.camera_good_after_s - 1e-6
            entered[decision.state] = decision.time_s
        previous = decision


def with_the_switch_off_nothing_tells_of_an_emotion(drive: list[Observation]) -> None:
    monitor = StateMonitor(PolicySettings(emotion_states=False, confidence_threshold=0.9), START_S)
    for observation in drive:
        decision = monitor.observe(observation)
        assert decision.state in BLIND | OF_EYES_AND_HEAD | OF_ATTENTION
        assert decision.emotion is None
        assert decision.probabilities is None


def without_eyes_and_head_their_states_are_never_decided(drive: list[Observation]) -> None:
    monitor = StateMonitor(SETTINGS, START_S)
    for observation in drive:
        decision = monitor.observe(replace(observation, eyes=None, head=None, profile=False))
        assert decision.state not in OF_EYES_AND_HEAD | {DriverState.ATTENTIVE}
        assert decision.drowsiness is None
        assert decision.distraction is None


def eyes_that_are_never_seen_closed_are_never_called_closed(drive: list[Observation]) -> None:
    monitor = StateMonitor(SETTINGS, START_S)
    for observation in drive:
        eyes = OPEN if observation.eyes is SHUT else observation.eyes
        decision = monitor.observe(replace(observation, eyes=eyes, head=None, profile=False))
        assert decision.state not in OF_EYES_AND_HEAD
        assert decision.drowsiness in (None, 0.0)


def late_observations_change_nothing(drive: list[Observation]) -> None:
    late_s = (1 + len(drive) % 900) / 1000
    plain = StateMonitor(SETTINGS, START_S)
    disturbed = StateMonitor(SETTINGS, START_S)
    for observation in drive:
        decision = plain.observe(observation)
        assert disturbed.observe(observation) == decision
        late = Observation(
            observation.time_s - late_s, CameraCondition.LOST, None, np.eye(7, dtype=np.float32)[0]
        )
        assert disturbed.observe(late) == decision


PROPERTIES = (
    no_state_of_the_driver_comes_from_outdated_evidence,
    no_more_changes_than_the_hold_times_allow,
    with_the_switch_off_nothing_tells_of_an_emotion,
    without_eyes_and_head_their_states_are_never_decided,
    eyes_that_are_never_seen_closed_are_never_called_closed,
    late_observations_change_nothing,
)


@pytest.mark.parametrize("holds", PROPERTIES)
@settings(deadline=None, max_examples=10)
@given(drive=drives(longest=60))
def test_it_holds_of_a_few_drives(
    holds: Callable[[list[Observation]], None], drive: list[Observation]
) -> None:
    holds(drive)


@pytest.mark.slow
@pytest.mark.parametrize("holds", PROPERTIES)
@settings(deadline=None, max_examples=80)
@given(drive=drives(longest=150))
def test_it_holds_of_many_drives(
    holds: Callable[[list[Observation]], None], drive: list[Observation]
) -> None:
    holds(drive)
