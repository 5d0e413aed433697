"""The policy: from evidence to the reported state, its reason, and the request to the driver."""

from dataclasses import dataclass

from edge_fer.driver_state.asking import NOTHING_ASKED, Asking, ask, hear
from edge_fer.driver_state.evidence import Evidence
from edge_fer.driver_state.eyelid_evidence import EyelidEvidence
from edge_fer.driver_state.gaze import Zone
from edge_fer.driver_state.head_evidence import HeadEvidence
from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.measured import NOTHING_MEASURED, Measured, measured
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, Reason, Request
from edge_fer.emotions import Emotion
from edge_fer.observation import CameraCondition

EVENT_SEQUENCES = 255  # 0..254; 255 means not available on the wire
# In these states nothing that was seen is still so.
BLIND = frozenset({DriverState.NOT_READY, DriverState.NO_DRIVER, DriverState.CAMERA_DEGRADED})

CAMERA_REASONS = {
    CameraCondition.BLOCKED: Reason.CAMERA_BLOCKED,
    CameraCondition.DARK: Reason.CAMERA_DARK,
    CameraCondition.OVEREXPOSED: Reason.CAMERA_OVEREXPOSED,
    CameraCondition.FROZEN: Reason.CAMERA_FROZEN,
    CameraCondition.LOST: Reason.CAMERA_LOST,
    CameraCondition.STARTING: Reason.CAMERA_NOT_STARTED,
}
# A look down goes to one of these.
DOWN_ZONES = frozenset({Zone.CLUSTER, Zone.CENTRE, Zone.CONSOLE, Zone.DOOR, Zone.LAP})
# Why the driver is attentive, by the state that ended, where nothing else is known.
OVER_REASONS = {
    DriverState.NOT_READY: Reason.ENOUGH_EVIDENCE,
    DriverState.CAMERA_DEGRADED: Reason.CAMERA_RECOVERED,
    DriverState.NO_DRIVER: Reason.FACE_RETURNED,
    DriverState.DISTRACTED: Reason.LOOKS_AT_THE_ROAD,
    DriverState.DROWSY: Reason.EYES_SELDOM_CLOSED,
    DriverState.MICROSLEEP: Reason.EYES_OPEN_AGAIN,
    DriverState.ASLEEP: Reason.EYES_OPEN_AGAIN,
    DriverState.UNRESPONSIVE: Reason.EYES_OPEN_AGAIN,
    DriverState.AGITATED: Reason.ANGER_OR_DISGUST_OVER,
    DriverState.ANXIOUS: Reason.FEAR_OVER,
    DriverState.LOW: Reason.SADNESS_OVER,
    DriverState.UNCERTAIN: Reason.EMOTIONS_AGREE,
    DriverState.UNSEEN: Reason.JUDGED_AGAIN,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The reported state of the driver at `time_s`; times are monotonic seconds.

    `state` holds since `since_s` and was entered for `reason`. `probabilities` are the seven
    filtered ones in FER2013 order, `emotion` the most probable and `confidence` its probability
    (0..1); all three are None while nothing fresh is known. `event_sequence` (0..254) is
    incremented with each change of state, and wraps. `asking` holds the requests to the driver.

    `drowsiness` is PERCLOS: the share (0..1) of the last 60 s with eyes seen in which they were
    closed for longer than a blink. `distraction` is the share (0..1) of the last 30 s in which head
    and eyes looked away from the road. They and `blinks_per_minute` are None where not available.

    `unsure` is whether the confidence is too low for a meaningful emotion. `measured` is the
    evidence in numbers, for every state.
    """

    time_s: float
    state: DriverState
    reason: Reason
    since_s: float
    confidence: float | None
    emotion: Emotion | None
    probabilities: tuple[float, ...] | None
    event_sequence: int
    asking: Asking = NOTHING_ASKED
    drowsiness: float | None = None
    distraction: float | None = None
    blinks_per_minute: float | None = None
    unsure: bool = False
    measured: Measured = NOTHING_MEASURED

    @property
    def request(self) -> Request | None:
        """The request that stands."""
        return self.asking.request

    @property
    def request_id(self) -> int:
        """The id of the latest request; 0: none yet."""
        return self.asking.request_id


def first_decision(started_s: float) -> Decision:
    """Return the decision before anything was seen."""
    return Decision(
        time_s=started_s,
        state=DriverState.NOT_READY,
        reason=Reason.STARTED,
        since_s=started_s,
        confidence=None,
        emotion=None,
        probabilities=None,
        event_sequence=0,
    )


def decide(previous: Decision, evidence: Evidence, settings: PolicySettings) -> Decision:
    """Return the decision that follows `previous` from `evidence`."""
    asking = hear(previous.asking, evidence.vehicle, evidence.time_s, settings)
    quiet = asking.quiet(evidence.time_s)
    entered = previous.state is DriverState.UNCERTAIN
    again = not entered and asking.asked_of_late(evidence.time_s, settings)
    state, cause = _most_urgent(previous.state, evidence, settings, quiet=quiet or again)
    changed = state is not previous.state
    clock_ran_backwards = evidence.time_s < previous.time_s
    if not changed:
        reason = previous.reason
    elif clock_ran_backwards:
        reason = Reason.CLOCK_RAN_BACKWARDS
    else:
        reason = cause or _over_reason(previous, evidence, settings, quiet=quiet)
    probabilities = _fresh_probabilities(state, evidence, settings)
    emotion = None if probabilities is None else _most_probable(probabilities)
    confidence = None if probabilities is None or emotion is None else probabilities[emotion]
    blind = state in BLIND
    eyelids, head = evidence.eyelids, evidence.head
    return Decision(
        time_s=evidence.time_s,
        state=state,
        reason=reason,
        # A since in the future would make an age below zero out of a clock set back.
        since_s=evidence.time_s if changed or clock_ran_backwards else previous.since_s,
        confidence=confidence,
        emotion=emotion,
        probabilities=probabilities,
        event_sequence=(previous.event_sequence + changed) % EVENT_SEQUENCES,
        asking=ask(
            # A request raised in the time of another clock would never lapse.
            NOTHING_ASKED if clock_ran_backwards else asking,
            state,
            changed=changed,
            reason=reason,
            vehicle=evidence.vehicle,
            time_s=evidence.time_s,
            settings=settings,
        ),
        drowsiness=None if blind else eyelids.perclos,
        distraction=None if blind else head.away_share(evidence.time_s, settings),
        blinks_per_minute=None if blind else eyelids.blinks_per_minute,
        unsure=confidence is not None and confidence < settings.confidence_threshold,
        measured=measured(evidence, fresh_s=settings.dropout_s),
    )


def _most_urgent(
    current: DriverState, evidence: Evidence, settings: PolicySettings, *, quiet: bool
) -> tuple[DriverState, Reason | None]:
    """Return the first state that applies, in order of priority, and its reason.

    If a state has no reason of its own, the reason is that the previous state is over. With `quiet`
    the driver answered "all right" or was asked recently, so the state is not *uncertain*.
    """
    camera, emotion = evidence.camera, evidence.emotion
    # Until the first two seconds are over nothing is said of the driver.
    eyelids = evidence.eyelids if evidence.was_ready else EyelidEvidence()
    head = evidence.head if evidence.was_ready else HeadEvidence()
    camera_reason = CAMERA_REASONS[camera.fault or CameraCondition.LOST]
    lids_reason = Reason.LIDS_AND_YAWNS if eyelids.by_signs else Reason.EYES_OFTEN_CLOSED
    seat_looks_empty = evidence.presence.looks_empty_s >= settings.no_driver_after_s
    absent_reason = Reason.SEAT_LOOKS_EMPTY if seat_looks_empty else Reason.NO_FACE
    asked = _unseen_for_long(evidence, settings) and not quiet
    # Whoever sleeps while a face is missing is rather out of the picture than out of the vehicle.
    certain = (
        (camera.degraded.active, DriverState.CAMERA_DEGRADED, camera_reason),
        (eyelids.unresponsive, DriverState.UNRESPONSIVE, Reason.EYES_CLOSED_FOR_LONG),
        (head.unresponsive, DriverState.UNRESPONSIVE, Reason.NO_LOOK_BACK),
        (eyelids.asleep, DriverState.ASLEEP, Reason.EYES_STAYED_CLOSED),
        (eyelids.microsleep, DriverState.MICROSLEEP, Reason.EYES_CLOSED),
        (evidence.presence.absent, DriverState.NO_DRIVER, absent_reason),
        (not evidence.ready, DriverState.NOT_READY, Reason.NO_USABLE_FACE),
        (head.distracted, DriverState.DISTRACTED, _look_reason(head)),
        (eyelids.drowsy, DriverState.DROWSY, lids_reason),
        # Attention that is unknown for long, and at speed, is asked about.
        (asked, DriverState.UNCERTAIN, Reason.UNSEEN_FOR_LONG),
        (evidence.unseen.active, DriverState.UNSEEN, _unseen_reason(evidence, settings)),
    )
    for holds, state, reason in certain:
        if holds:
            return state, reason
    emotions = (
        (emotion.agitated, True, DriverState.AGITATED, Reason.ANGER_OR_DISGUST),
        (emotion.anxious, True, DriverState.ANXIOUS, Reason.FEAR),
        (emotion.low, True, DriverState.LOW, Reason.SADNESS),
        (emotion.contradictory, not quiet, DriverState.UNCERTAIN, Reason.EMOTIONS_CONTRADICT),
    )
    for latch, counts, state, reason in emotions:
        # What was hidden behind a stronger state and is just ending is not worth a flash of it,
        # and an uncertainty that is over is not worth a question.
        if counts and latch.active and (state is current or not latch.changing):
            return state, reason
    return DriverState.ATTENTIVE, None


def _look_reason(head: HeadEvidence) -> Reason:
    """Return how the driver looks away."""
    if head.often:
        return Reason.MANY_LOOKS_AWAY
    if head.gone:
        return Reason.HEAD_TURNED_OUT_OF_SIGHT
    if head.by_eyes:
        return Reason.LONG_LOOK_OF_THE_EYES
    return Reason.LONG_LOOK_DOWN if head.zone in DOWN_ZONES else Reason.LONG_LOOK_AWAY


def _unseen_reason(evidence: Evidence, settings: PolicySettings) -> Reason:
    """Return which of head and eyes is unseen."""
    if evidence.usable_age_s > settings.dropout_s:
        return Reason.FACE_LOST
    # While both are judged again, and not yet for long enough, the older of them was the reason.
    limit_s = min(settings.unseen_after_s, max(evidence.eyes_unseen_s, evidence.head_unseen_s))
    blind = evidence.eyes_unseen_s >= limit_s, evidence.head_unseen_s >= limit_s
    if all(blind):
        return Reason.HEAD_AND_EYES_UNSEEN
    return Reason.EYES_UNSEEN if blind[0] else Reason.HEAD_UNSEEN


def _unseen_for_long(evidence: Evidence, settings: PolicySettings) -> bool:
    """Whether the driver of a vehicle at speed could not be judged for so long that it asks."""
    speed_km_h = evidence.vehicle.speed_km_h
    drives = speed_km_h is None or speed_km_h >= settings.distraction_min_speed_km_h
    return (
        drives
        and evidence.unseen.active
        and evidence.unseen_s >= settings.unseen_question_s - ROUNDING_S
    )


def _over_reason(
    previous: Decision, evidence: Evidence, settings: PolicySettings, *, quiet: bool
) -> Reason:
    """Return why the driver is attentive after the state before."""
    state, eyelids, head = previous.state, evidence.eyelids, evidence.head
    not_back = previous.reason is Reason.NO_LOOK_BACK
    if evidence.presence.another and state not in BLIND:
        return Reason.ANOTHER_DRIVER
    if state is DriverState.UNCERTAIN and (quiet or previous.reason is Reason.UNSEEN_FOR_LONG):
        return Reason.ANSWERED_ALL_RIGHT if quiet else Reason.JUDGED_AGAIN
    if state is DriverState.DISTRACTED or not_back:
        if head.too_slow:
            return Reason.VEHICLE_IS_SLOW
        unseen = head.age_s(evidence.time_s) > settings.dropout_s
        return Reason.HEAD_NO_LONGER_SEEN if unseen else Reason.LOOKS_AT_THE_ROAD
    by_eyes = state in (DriverState.MICROSLEEP, DriverState.ASLEEP, DriverState.UNRESPONSIVE)
    eyes_gone = by_eyes and eyelids.opening_s <= 0.0
    if eyes_gone or (state is DriverState.DROWSY and eyelids.perclos is None):
        return Reason.EYES_NO_LONGER_SEEN
    return OVER_REASONS[state]


def _fresh_probabilities(
    state: DriverState, evidence: Evidence, settings: PolicySettings
) -> tuple[float, ...] | None:
    """Return the filtered probabilities while there is a face to which they belong."""
    if state in BLIND or evidence.emotion.age_s(evidence.time_s) > settings.dropout_s:
        return None
    return evidence.emotion.probabilities


def _most_probable(probabilities: tuple[float, ...]) -> Emotion:
    return Emotion(max(range(len(probabilities)), key=probabilities.__getitem__))
