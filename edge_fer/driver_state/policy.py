"""The policy: from evidence to the one state that is said, why, and what the driver is asked."""

from dataclasses import dataclass

from edge_fer.camera.condition import CameraCondition
from edge_fer.driver_state.evidence import Evidence
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import (
    DriverState,
    Reason,
    Request,
    RequestKind,
    RequestSeverity,
)
from edge_fer.emotions import Emotion

EVENT_SEQUENCES = 255  # 0..254; 255 means not available on the wire
LAST_REQUEST_ID = 254

CAMERA_REASONS = {
    CameraCondition.BLOCKED: Reason.CAMERA_BLOCKED,
    CameraCondition.DARK: Reason.CAMERA_DARK,
    CameraCondition.OVEREXPOSED: Reason.CAMERA_OVEREXPOSED,
    CameraCondition.FROZEN: Reason.CAMERA_FROZEN,
    CameraCondition.LOST: Reason.CAMERA_LOST,
    CameraCondition.STARTING: Reason.CAMERA_NOT_STARTED,
}
# Why the driver is attentive, by the state that ended.
OVER_REASONS = {
    DriverState.NOT_READY: Reason.ENOUGH_EVIDENCE,
    DriverState.CAMERA_DEGRADED: Reason.CAMERA_RECOVERED,
    DriverState.NO_DRIVER: Reason.FACE_RETURNED,
    DriverState.AGITATED: Reason.ANGER_OR_DISGUST_OVER,
    DriverState.ANXIOUS: Reason.FEAR_OVER,
    DriverState.LOW: Reason.SADNESS_OVER,
    DriverState.UNCERTAIN: Reason.CONFIDENT_AGAIN,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said of the driver at `time_s`; times are monotonic seconds.

    `state` holds since `since_s` and was entered for `reason`. `probabilities` are the seven
    filtered ones in FER2013 order, `emotion` the most probable and `confidence` its probability
    (0..1); all three are None while nothing fresh is known. `event_sequence` (0..254) rises, and
    wraps, with each change of state. `request` is the question that stands, `request_id` the id of
    the latest one (0: none yet).
    """

    time_s: float
    state: DriverState
    reason: Reason
    since_s: float
    confidence: float | None
    emotion: Emotion | None
    probabilities: tuple[float, ...] | None
    event_sequence: int
    request: Request | None
    request_id: int


def first_decision(started_s: float) -> Decision:
    """Return what is said before anything was seen."""
    return Decision(
        time_s=started_s,
        state=DriverState.NOT_READY,
        reason=Reason.STARTED,
        since_s=started_s,
        confidence=None,
        emotion=None,
        probabilities=None,
        event_sequence=0,
        request=None,
        request_id=0,
    )


def decide(previous: Decision, evidence: Evidence, settings: PolicySettings) -> Decision:
    """Return the decision that follows `previous` from `evidence`."""
    state, cause = _most_urgent(previous.state, evidence)
    changed = state is not previous.state
    clock_ran_backwards = evidence.time_s < previous.time_s
    probabilities = _fresh_probabilities(state, evidence, settings)
    emotion = None if probabilities is None else _most_probable(probabilities)
    request = _request(previous, state, evidence.time_s, settings)
    return Decision(
        time_s=evidence.time_s,
        state=state,
        reason=_reason(previous, state, cause, clock_ran_backwards=clock_ran_backwards),
        # A since in the future would make an age below zero out of a clock set back.
        since_s=evidence.time_s if changed or clock_ran_backwards else previous.since_s,
        confidence=None if probabilities is None or emotion is None else probabilities[emotion],
        emotion=emotion,
        probabilities=probabilities,
        event_sequence=(previous.event_sequence + changed) % EVENT_SEQUENCES,
        request=request,
        request_id=previous.request_id if request is None else request.request_id,
    )


def _most_urgent(current: DriverState, evidence: Evidence) -> tuple[DriverState, Reason | None]:
    """Return the first state that holds, in the order of priority, and what speaks for it.

    Without a reason of its own, why a state holds is that the one before it is over.
    """
    camera, emotion = evidence.camera, evidence.emotion
    if camera.degraded.active:
        return DriverState.CAMERA_DEGRADED, CAMERA_REASONS[camera.fault or CameraCondition.LOST]
    if evidence.presence.absent:
        return DriverState.NO_DRIVER, Reason.NO_FACE
    if not evidence.ready:
        return DriverState.NOT_READY, Reason.NO_USABLE_FACE
    by_priority = (
        (emotion.agitated, DriverState.AGITATED, Reason.ANGER_OR_DISGUST),
        (emotion.anxious, DriverState.ANXIOUS, Reason.FEAR),
        (emotion.low, DriverState.LOW, Reason.SADNESS),
        (emotion.uncertain, DriverState.UNCERTAIN, Reason.LOW_CONFIDENCE),
    )
    for latch, state, reason in by_priority:
        # What was hidden behind a stronger state and is just ending is not worth a flash of it,
        # and an uncertainty that is over is not worth a question.
        if latch.active and (state is current or not latch.changing):
            return state, reason
    return DriverState.ATTENTIVE, None


def _reason(
    previous: Decision, state: DriverState, cause: Reason | None, *, clock_ran_backwards: bool
) -> Reason:
    if state is previous.state:
        return previous.reason
    if clock_ran_backwards:
        return Reason.CLOCK_RAN_BACKWARDS
    return OVER_REASONS[previous.state] if cause is None else cause


def _fresh_probabilities(
    state: DriverState, evidence: Evidence, settings: PolicySettings
) -> tuple[float, ...] | None:
    """Return the filtered probabilities while there is a face to which they belong."""
    blind = state in {DriverState.NOT_READY, DriverState.NO_DRIVER, DriverState.CAMERA_DEGRADED}
    if blind or evidence.usable_age_s > settings.dropout_s:
        return None
    return evidence.emotion.probabilities


def _most_probable(probabilities: tuple[float, ...]) -> Emotion:
    return Emotion(max(range(len(probabilities)), key=probabilities.__getitem__))


def _request(
    previous: Decision, state: DriverState, time_s: float, settings: PolicySettings
) -> Request | None:
    """Return the question that stands: one for each time the policy becomes uncertain."""
    if state is not DriverState.UNCERTAIN:
        return None
    if previous.state is not DriverState.UNCERTAIN:
        return Request(
            request_id=previous.request_id % LAST_REQUEST_ID + 1,
            kind=RequestKind.ARE_YOU_ALL_RIGHT,
            severity=RequestSeverity.ADVICE,
            reason=Reason.LOW_CONFIDENCE,
            raised_s=time_s,
            valid_for_s=settings.request_valid_s,
        )
    standing = previous.request
    if standing is None or time_s - standing.raised_s >= standing.valid_for_s:
        return None
    return standing
