"""Evidence: everything that the policy knows, updated by one observation at a time."""

import math
from dataclasses import dataclass, field, replace

from edge_fer.driver_state.camera_evidence import CameraEvidence, update_camera
from edge_fer.driver_state.emotion_evidence import EmotionEvidence, update_emotion
from edge_fer.driver_state.eyelid_evidence import EyelidEvidence, update_eyelids
from edge_fer.driver_state.head_evidence import HeadEvidence, update_head
from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.neutral_pose import NeutralPose
from edge_fer.driver_state.presence_evidence import PresenceEvidence, update_presence
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import UNKNOWN_VEHICLE, Observation, Vehicle


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at `time_s`; times are monotonic seconds.

    `usable_s` is how much time the usable frames in memory speak for, and `last_usable_s` when the
    newest of them was (None: none in memory). `ready` is whether they are enough to decide from;
    `was_ready` whether they ever were since the start. `vehicle` is its latest word.
    """

    started_s: float
    time_s: float
    camera: CameraEvidence = field(default_factory=CameraEvidence)
    presence: PresenceEvidence = field(default_factory=PresenceEvidence)
    emotion: EmotionEvidence = field(default_factory=EmotionEvidence)
    eyelids: EyelidEvidence = field(default_factory=EyelidEvidence)
    head: HeadEvidence = field(default_factory=HeadEvidence)
    vehicle: Vehicle = UNKNOWN_VEHICLE
    usable_s: float = 0.0
    last_usable_s: float | None = None
    ready: bool = False
    was_ready: bool = False

    @property
    def usable_age_s(self) -> float:
        """Age of the newest usable frame; infinite where there is none."""
        return math.inf if self.last_usable_s is None else self.time_s - self.last_usable_s


def no_evidence(started_s: float) -> Evidence:
    """Return the evidence before the first observation."""
    return Evidence(started_s=started_s, time_s=started_s)


def update_evidence(
    evidence: Evidence, observation: Observation, settings: PolicySettings
) -> Evidence:
    """Return the evidence after `observation`.

    An observation older than the evidence changes nothing, and the same object comes back; one
    older by more than `clock_jump_s` means another clock, and everything begins anew. An unusable
    frame is unknown: it neither changes the evidence of the face nor makes it younger.
    """
    if not math.isfinite(observation.time_s):
        return evidence
    if observation.time_s < evidence.time_s:
        if evidence.time_s - observation.time_s <= settings.clock_jump_s:
            return evidence
        evidence = no_evidence(observation.time_s)

    # Time in which nothing was observed is not time in which something held.
    elapsed_s = min(observation.time_s - evidence.time_s, settings.dropout_s)
    seen = replace(
        evidence,
        time_s=observation.time_s,
        camera=update_camera(
            evidence.camera,
            observation.camera,
            time_s=observation.time_s,
            running_s=observation.time_s - evidence.started_s,
            elapsed_s=elapsed_s,
            settings=settings,
        ),
        presence=update_presence(
            evidence.presence, observation, elapsed_s=elapsed_s, settings=settings
        ),
        vehicle=observation.vehicle,
    )
    seen = _with_attention(seen, observation, settings)
    return _with_face(_without_outdated(seen, settings), observation, settings)


def doubt_head(evidence: Evidence) -> Evidence:
    """Return the evidence after the driver contradicted what the head showed.

    The neutral pose is learned anew, and until then a head that stays away proves no absence.
    """
    neutral = NeutralPose(doubted=True)
    head = replace(evidence.head, neutral=neutral, unresponsive=False, since_warning_s=None)
    return replace(evidence, head=head)


def _with_attention(
    evidence: Evidence, observation: Observation, settings: PolicySettings
) -> Evidence:
    """Add where the head points and what the eyelids do, if that is seen."""
    if observation.vehicle.ignition_on is False:
        # The next one to drive may be another.
        return replace(evidence, eyelids=EyelidEvidence(), head=HeadEvidence())
    head = update_head(
        evidence.head,
        observation.usable_head(),
        time_s=evidence.time_s,
        speed_km_h=observation.vehicle.speed_km_h,
        eyes_shut=evidence.eyelids.closure_s > settings.blink_max_s,
        settings=settings,
    )
    eyelids = update_eyelids(
        evidence.eyelids,
        observation.usable_eyes(),
        head=head,
        time_s=evidence.time_s,
        settings=settings,
    )
    # A sleeper who sank out of the picture has not left it.
    asleep = eyelids.danger or head.unresponsive
    if evidence.presence.absent_s >= settings.driver_swap_s and not asleep:
        return replace(evidence, eyelids=EyelidEvidence(), head=HeadEvidence())
    return replace(evidence, eyelids=eyelids, head=head)


def _without_outdated(evidence: Evidence, settings: PolicySettings) -> Evidence:
    """Forget what was seen too long ago, and what was seen of a driver who left."""
    outdated = evidence.usable_age_s > settings.evidence_max_age_s + ROUNDING_S
    left = evidence.presence.absent and not evidence.presence.face.is_current(
        evidence.time_s, gap_s=settings.dropout_s
    )
    if not outdated and not left:
        return evidence
    return replace(
        evidence, emotion=EmotionEvidence(), usable_s=0.0, last_usable_s=None, ready=False
    )


def _with_face(evidence: Evidence, observation: Observation, settings: PolicySettings) -> Evidence:
    """Add what the face shows, if it shows something."""
    emotion = evidence.emotion
    # A gap beyond the longest drop-out counts as that: one frame cannot speak for more.
    first = evidence.last_usable_s is None
    elapsed_s = 0.0 if first else min(evidence.usable_age_s, settings.dropout_s)
    if settings.emotion_states:
        probabilities = observation.usable_probabilities()
        if probabilities is None:
            return evidence
        emotion = update_emotion(emotion, probabilities, elapsed_s=elapsed_s, settings=settings)
    else:
        # With the switch off nothing of an emotion is kept, and a face alone is usable.
        emotion = EmotionEvidence()
        if not observation.usable_face:
            return replace(evidence, emotion=emotion)
    usable_s = evidence.usable_s + elapsed_s
    needed_s = settings.ready_again_after_s if evidence.was_ready else settings.ready_after_s
    ready = evidence.ready or usable_s >= needed_s - ROUNDING_S
    return replace(
        evidence,
        emotion=emotion,
        usable_s=usable_s,
        last_usable_s=evidence.time_s,
        ready=ready,
        was_ready=evidence.was_ready or ready,
    )
