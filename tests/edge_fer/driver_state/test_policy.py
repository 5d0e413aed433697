"""The policy by itself: priorities, reasons, requests and counters from plain evidence."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from edge_fer.driver_state.evidence import Evidence, no_evidence
from edge_fer.driver_state.latch import Latch
from edge_fer.driver_state.policy import CAMERA_REASONS, Decision, decide, first_decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import (
    DriverState,
    Reason,
    Request,
    RequestKind,
    RequestSeverity,
)
from edge_fer.emotions import Emotion
from edge_fer.observation import CameraCondition

SETTINGS = PolicySettings()
CLOSED = Latch(active=True)
PROBABILITIES = (0.1, 0.0, 0.0, 0.2, 0.0, 0.0, 0.7)

Change = Callable[[Evidence], Evidence]


def evidence_at(time_s: float) -> Evidence:
    """An attentive driver, seen just now."""
    evidence = replace(
        no_evidence(0.0), time_s=time_s, last_usable_s=time_s, ready=True, was_ready=True
    )
    return replace(
        evidence, emotion=replace(evidence.emotion, probabilities=PROBABILITIES, seen_s=time_s)
    )


def emotion(latch: str) -> Change:
    def change(evidence: Evidence) -> Evidence:
        emotion = evidence.emotion
        return replace(
            evidence,
            emotion=replace(
                emotion,
                agitated=CLOSED if latch == "agitated" else emotion.agitated,
                anxious=CLOSED if latch == "anxious" else emotion.anxious,
                low=CLOSED if latch == "low" else emotion.low,
                contradictory=CLOSED if latch == "contradictory" else emotion.contradictory,
            ),
        )

    return change


def camera_bad(condition: CameraCondition) -> Change:
    def change(evidence: Evidence) -> Evidence:
        camera = replace(evidence.camera, condition=condition, fault=condition, degraded=CLOSED)
        return replace(evidence, camera=camera)

    return change


def seat_empty(evidence: Evidence) -> Evidence:
    return replace(evidence, presence=replace(evidence.presence, absent=True))


def not_ready(evidence: Evidence) -> Evidence:
    return replace(evidence, ready=False)


def eyes(flag: str) -> Change:
    def change(evidence: Evidence) -> Evidence:
        eyelids = evidence.eyelids
        return replace(
            evidence,
            eyelids=replace(
                eyelids,
                perclos=0.2 if flag == "drowsy" else eyelids.perclos,
                drowsy=eyelids.drowsy or flag == "drowsy",
                microsleep=eyelids.microsleep or flag == "microsleep",
                asleep=eyelids.asleep or flag == "asleep",
                unresponsive=eyelids.unresponsive or flag == "unresponsive",
            ),
        )

    return change


def looks_away(evidence: Evidence) -> Evidence:
    return replace(evidence, head=replace(evidence.head, seen_s=evidence.time_s, distracted=True))


def stays_away(evidence: Evidence) -> Evidence:
    return replace(evidence, head=replace(evidence.head, seen_s=evidence.time_s, unresponsive=True))


def unseen(evidence: Evidence) -> Evidence:
    head = replace(evidence.head, seen_s=evidence.time_s)
    return replace(evidence, unseen=CLOSED, head=head)


# In the order of priority.
CHANGES: dict[DriverState, tuple[Change, Reason]] = {
    DriverState.CAMERA_DEGRADED: (camera_bad(CameraCondition.DARK), Reason.CAMERA_DARK),
    DriverState.UNRESPONSIVE: (eyes("unresponsive"), Reason.EYES_CLOSED_FOR_LONG),
    DriverState.ASLEEP: (eyes("asleep"), Reason.EYES_STAYED_CLOSED),
    DriverState.MICROSLEEP: (eyes("microsleep"), Reason.EYES_CLOSED),
    DriverState.NO_DRIVER: (seat_empty, Reason.NO_FACE),
    DriverState.NOT_READY: (not_ready, Reason.NO_USABLE_FACE),
    DriverState.DISTRACTED: (looks_away, Reason.LONG_LOOK_AWAY),
    DriverState.DROWSY: (eyes("drowsy"), Reason.EYES_OFTEN_CLOSED),
    DriverState.UNSEEN: (unseen, Reason.EYES_UNSEEN),
    DriverState.AGITATED: (emotion("agitated"), Reason.ANGER_OR_DISGUST),
    DriverState.ANXIOUS: (emotion("anxious"), Reason.FEAR),
    DriverState.LOW: (emotion("low"), Reason.SADNESS),
    DriverState.UNCERTAIN: (emotion("contradictory"), Reason.EMOTIONS_CONTRADICT),
}


def attentive() -> Decision:
    return decide(first_decision(0.0), evidence_at(10.0), SETTINGS)


def in_state(state: DriverState, time_s: float = 20.0) -> Decision:
    change, _ = CHANGES[state]
    return decide(attentive(), change(evidence_at(time_s)), SETTINGS)


def test_before_anything_is_seen_the_state_is_not_ready() -> None:
    decision = first_decision(3.0)
    assert (decision.state, decision.reason) == (DriverState.NOT_READY, Reason.STARTED)
    assert (decision.event_sequence, decision.request) == (0, None)


@pytest.mark.parametrize("state", CHANGES)
def test_each_state_is_entered_for_its_reason(state: DriverState) -> None:
    decision = in_state(state)
    assert (decision.state, decision.reason) == (state, CHANGES[state][1])
    assert decision.since_s == 20.0


@pytest.mark.parametrize(
    ("stronger", "weaker"), list(itertools.combinations(CHANGES, 2)), ids=lambda s: s.label
)
def test_of_two_states_that_hold_the_one_of_higher_priority_is_said(
    stronger: DriverState, weaker: DriverState
) -> None:
    both = CHANGES[stronger][0](CHANGES[weaker][0](evidence_at(20.0)))
    decision = decide(attentive(), both, SETTINGS)
    assert (decision.state, decision.reason) == (stronger, CHANGES[stronger][1])
    later = decide(decision, CHANGES[weaker][0](evidence_at(21.0)), SETTINGS)
    assert (later.state, later.reason) == (weaker, CHANGES[weaker][1])


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (DriverState.CAMERA_DEGRADED, Reason.CAMERA_RECOVERED),
        (DriverState.NO_DRIVER, Reason.FACE_RETURNED),
        (DriverState.NOT_READY, Reason.ENOUGH_EVIDENCE),
        (DriverState.AGITATED, Reason.ANGER_OR_DISGUST_OVER),
        (DriverState.ANXIOUS, Reason.FEAR_OVER),
        (DriverState.LOW, Reason.SADNESS_OVER),
        (DriverState.UNCERTAIN, Reason.EMOTIONS_AGREE),
    ],
)
def test_the_driver_is_attentive_again_because_the_state_before_is_over(
    state: DriverState, reason: Reason
) -> None:
    decision = decide(in_state(state), evidence_at(30.0), SETTINGS)
    assert (decision.state, decision.reason) == (DriverState.ATTENTIVE, reason)


def test_a_look_that_stays_away_is_unresponsive_for_its_own_reason() -> None:
    decision = decide(attentive(), stays_away(evidence_at(20.0)), SETTINGS)
    assert (decision.state, decision.reason) == (DriverState.UNRESPONSIVE, Reason.NO_LOOK_BACK)


def with_head(evidence: Evidence, *, seen_s: float, too_slow: bool = False) -> Evidence:
    head = replace(evidence.head, seen_s=seen_s, too_slow=too_slow)
    return replace(evidence, head=head)


def eyes_opened(evidence: Evidence) -> Evidence:
    eyelids = replace(evidence.eyelids, seen_s=evidence.time_s, opening_s=2.0)
    return replace(evidence, eyelids=eyelids)


def with_eyes(evidence: Evidence, *, seen_s: float, perclos: float | None) -> Evidence:
    return replace(evidence, eyelids=replace(evidence.eyelids, seen_s=seen_s, perclos=perclos))


@pytest.mark.parametrize(
    ("state", "evidence", "reason"),
    [
        (
            DriverState.DISTRACTED,
            with_head(evidence_at(30.0), seen_s=30.0),
            Reason.LOOKS_AT_THE_ROAD,
        ),
        (
            DriverState.DISTRACTED,
            with_head(evidence_at(30.0), seen_s=30.0, too_slow=True),
            Reason.VEHICLE_IS_SLOW,
        ),
        (
            DriverState.DISTRACTED,
            with_head(evidence_at(30.0), seen_s=25.0),
            Reason.HEAD_NO_LONGER_SEEN,
        ),
        (
            DriverState.DROWSY,
            with_eyes(evidence_at(30.0), seen_s=30.0, perclos=0.05),
            Reason.EYES_SELDOM_CLOSED,
        ),
        (
            DriverState.DROWSY,
            with_eyes(evidence_at(30.0), seen_s=22.0, perclos=None),
            Reason.EYES_NO_LONGER_SEEN,
        ),
        (
            DriverState.ASLEEP,
            eyes_opened(evidence_at(30.0)),
            Reason.EYES_OPEN_AGAIN,
        ),
        (
            DriverState.ASLEEP,
            with_eyes(evidence_at(30.0), seen_s=19.0, perclos=None),
            Reason.EYES_NO_LONGER_SEEN,
        ),
    ],
)
def test_why_eyes_and_head_no_longer_speak_is_said(
    state: DriverState, evidence: Evidence, reason: Reason
) -> None:
    decision = decide(in_state(state), evidence, SETTINGS)
    assert (decision.state, decision.reason) == (DriverState.ATTENTIVE, reason)


def test_before_the_first_evidence_is_enough_nobody_is_called_asleep() -> None:
    early = replace(eyes("asleep")(evidence_at(1.5)), ready=False, was_ready=False)
    assert decide(first_decision(0.0), early, SETTINGS).state is DriverState.NOT_READY


@pytest.mark.parametrize(("condition", "reason"), CAMERA_REASONS.items())
def test_the_cameras_fault_is_the_reason(condition: CameraCondition, reason: Reason) -> None:
    decision = decide(attentive(), camera_bad(condition)(evidence_at(20.0)), SETTINGS)
    assert decision.reason is reason


def test_the_reason_is_of_the_transition_and_stays_while_the_state_does() -> None:
    dark = in_state(DriverState.CAMERA_DEGRADED)
    lost = decide(dark, camera_bad(CameraCondition.LOST)(evidence_at(21.0)), SETTINGS)
    assert lost.reason is Reason.CAMERA_DARK
    assert lost.since_s == 20.0
    assert lost.event_sequence == dark.event_sequence


def test_the_event_sequence_rises_with_each_change_and_never_becomes_255() -> None:
    decision = replace(attentive(), event_sequence=253)
    sequence = []
    for time_s, change in enumerate([emotion("low"), None, None, emotion("low")], start=20):
        evidence = evidence_at(time_s)
        decision = decide(decision, change(evidence) if change else evidence, SETTINGS)
        sequence.append(decision.event_sequence)
    assert sequence == [254, 0, 0, 1]


def test_emotion_and_confidence_are_of_the_filtered_probabilities() -> None:
    decision = attentive()
    assert decision.probabilities == PROBABILITIES
    assert decision.emotion is Emotion.NEUTRAL
    assert decision.confidence == PROBABILITIES[Emotion.NEUTRAL]


@pytest.mark.parametrize(
    "state", [DriverState.CAMERA_DEGRADED, DriverState.NO_DRIVER, DriverState.NOT_READY]
)
def test_a_state_without_a_known_face_shows_no_emotion(state: DriverState) -> None:
    decision = in_state(state)
    assert (decision.emotion, decision.confidence, decision.probabilities) == (None, None, None)


def test_an_emotion_that_is_no_longer_seen_is_not_shown() -> None:
    fresh, old = (
        replace(evidence_at(20.0), emotion=replace(evidence_at(20.0).emotion, seen_s=seen_s))
        for seen_s in (19.6, 19.4)
    )
    assert decide(attentive(), fresh, SETTINGS).emotion is Emotion.NEUTRAL
    assert decide(attentive(), old, SETTINGS).emotion is None


def test_being_uncertain_asks_the_driver_and_without_an_answer_once_more_strongly() -> None:
    unsure = emotion("contradictory")
    decision = in_state(DriverState.UNCERTAIN)
    question = decision.request
    assert question == Request(
        request_id=1,
        kind=RequestKind.ARE_YOU_ALL_RIGHT,
        severity=RequestSeverity.ADVICE,
        reason=Reason.EMOTIONS_CONTRADICT,
        raised_s=20.0,
        valid_for_s=8,
    )
    decision = decide(decision, unsure(evidence_at(27.9)), SETTINGS)
    assert decision.request == question
    decision = decide(decision, unsure(evidence_at(28.0)), SETTINGS)
    assert decision.request == Request(
        request_id=2,
        kind=RequestKind.ARE_YOU_ALL_RIGHT,
        severity=RequestSeverity.WARNING,
        reason=Reason.DID_NOT_ANSWER,
        raised_s=28.0,
        valid_for_s=8,
    )
    for time_s in (36.0, 36.1, 90.0):
        decision = decide(decision, unsure(evidence_at(time_s)), SETTINGS)
        assert decision.state is DriverState.UNCERTAIN
        assert decision.request is None


def test_a_question_is_withdrawn_when_the_driver_is_no_longer_uncertain() -> None:
    decision = decide(in_state(DriverState.UNCERTAIN), evidence_at(21.0), SETTINGS)
    assert decision.request is None
    assert decision.request_id == 1


def test_each_question_has_a_new_id_from_1_to_254() -> None:
    decision = attentive()
    ids = []
    for round_ in range(256):
        time_s = 20.0 + 20 * round_
        settings = replace(SETTINGS, question_every_s=0.0)
        decision = decide(decision, emotion("contradictory")(evidence_at(time_s)), settings)
        assert decision.request is not None
        ids.append(decision.request.request_id)
        decision = decide(decision, evidence_at(time_s + 10), SETTINGS)
    assert ids == [*range(1, 255), 1, 2]


def test_after_a_clock_set_back_no_time_lies_in_the_future() -> None:
    decision = decide(attentive(), not_ready(evidence_at(2.0)), SETTINGS)
    assert (decision.state, decision.reason) == (DriverState.NOT_READY, Reason.CLOCK_RAN_BACKWARDS)
    assert decision.since_s == 2.0
    # The same where the state stays.
    assert decide(attentive(), evidence_at(2.0), SETTINGS).since_s == 2.0


def test_the_same_evidence_gives_the_same_decision() -> None:
    previous, evidence = attentive(), emotion("uncertain")(evidence_at(20.0))
    assert decide(previous, evidence, SETTINGS) == decide(previous, evidence, SETTINGS)
