"""Evidence: the complete input of the policy, updated with one observation at a time."""

import math
from dataclasses import dataclass, field, replace

from edge_fer.driver_state.camera_evidence import CameraEvidence, update_camera
from edge_fer.driver_state.changed import changed
from edge_fer.driver_state.emotion_evidence import EmotionEvidence, update_emotion
from edge_fer.driver_state.eye_sample import eye_sample
from edge_fer.driver_state.eyelid_evidence import EyelidEvidence, Lids, update_eyelids
from edge_fer.driver_state.head_evidence import HeadEvidence, update_head
from edge_fer.driver_state.latch import RELEASED, ROUNDING_S, Latch
from edge_fer.driver_state.mouth_evidence import MouthEvidence, update_mouth
from edge_fer.driver_state.neutral_pose import Neutral
from edge_fer.driver_state.presence_evidence import PresenceEvidence, update_presence
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import UNKNOWN_VEHICLE, CameraCondition, Observation, Vehicle


@dataclass(frozen=True)  # without slots: see `changed`
class Evidence:
    """What is known at `time_s`; times are monotonic seconds.

    `usable_s` is the time that the usable frames in memory cover, and `last_usable_s` the time of
    the newest of them (None: none in memory). `ready` is whether they suffice for a decision;
    `was_ready` whether they ever did since the start. `unseen` is whether head and eyes were not
    judged recently, and `unseen_s` for how long. `vehicle` is the vehicle's latest message.
    """

    started_s: float
    time_s: float
    camera: CameraEvidence = field(default_factory=CameraEvidence)
    presence: PresenceEvidence = field(default_factory=PresenceEvidence)
    emotion: EmotionEvidence = field(default_factory=EmotionEvidence)
    eyelids: EyelidEvidence = field(default_factory=EyelidEvidence)
    head: HeadEvidence = field(default_factory=HeadEvidence)
    mouth: MouthEvidence = field(default_factory=MouthEvidence)
    vehicle: Vehicle = UNKNOWN_VEHICLE
    unseen: Latch = RELEASED
    unseen_s: float = 0.0
    usable_s: float = 0.0
    last_usable_s: float | None = None
    ready: bool = False
    was_ready: bool = False

    @property
    def usable_age_s(self) -> float:
        """Age of the newest usable frame; infinite if there is none."""
        return math.inf if self.last_usable_s is None else self.time_s - self.last_usable_s

    @property
    def eyes_unseen_s(self) -> float:
        """Seconds since the eyes were last judged; infinite if they never were."""
        return self.eyelids.blind_s(self.time_s)

    @property
    def head_unseen_s(self) -> float:
        """Seconds since the head was last judged; infinite if it never was."""
        return self.head.age_s(self.time_s)


def no_evidence(started_s: float) -> Evidence:
    """Return the evidence before the first observation."""
    return Evidence(started_s=started_s, time_s=started_s)


def update_evidence(
    evidence: Evidence, observation: Observation, settings: PolicySettings
) -> Evidence:
    """Return the evidence after `observation`.

    An observation older than the evidence changes nothing; the same object is returned. One that is
    older by more than `clock_jump_s` means that the clock has changed, and all evidence is reset.
    An unusable frame is unknown: it neither changes nor renews the evidence of the face.
    """
    if not math.isfinite(observation.time_s):
        return evidence
    if observation.time_s < evidence.time_s:
        if evidence.time_s - observation.time_s <= settings.clock_jump_s:
            return evidence
        evidence = no_evidence(observation.time_s)

    # Time in which nothing was observed is not time in which something held.
    between_s = observation.time_s - evidence.time_s
    elapsed_s = min(between_s, settings.dropout_s)
    seen = changed(
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
    if seen.presence.another or (seen.presence.cut and observation.cut):
        seen = _forget_driver(seen)
    # What another person's face shows says nothing of the driver.
    own = observation if seen.presence.is_driver else _without_face(observation)
    seen = _with_attention(seen, own, settings)
    seen = _with_face(_without_outdated(seen, between_s, settings), own, settings)
    return _with_unseen(seen, elapsed_s, settings)


def doubt_head(evidence: Evidence) -> Evidence:
    """Return the evidence after the driver contradicted what the head showed.

    The neutral pose is learned again. Until then, a head that stays turned away does not cause
    *unresponsive*.
    """
    neutral = Neutral(doubted=True)
    head = changed(evidence.head, neutral=neutral, unresponsive=False, since_warning_s=None)
    return changed(evidence, head=head)


def _forget_driver(evidence: Evidence) -> Evidence:
    """Forget what was learned and seen of a driver who is gone."""
    return changed(
        evidence,
        eyelids=EyelidEvidence(),
        head=HeadEvidence(),
        mouth=MouthEvidence(),
        emotion=EmotionEvidence(),
    )


def _without_face(observation: Observation) -> Observation:
    return replace(
        observation,
        face=None,
        probabilities=None,
        eyes_closed=None,
        head=None,
        eyes=None,
        mouth_opening=None,
        profile=False,
    )


def _with_attention(
    evidence: Evidence, observation: Observation, settings: PolicySettings
) -> Evidence:
    """Add where head and eyes point, and what lids and mouth do, if that is seen."""
    if observation.vehicle.ignition_on is False:
        # The next one to drive may be another.
        return _forget_driver(evidence)
    time_s = evidence.time_s
    sample = eye_sample(observation, settings)
    mouth = update_mouth(
        evidence.mouth,
        observation.mouth_opening if observation.usable_face else None,
        time_s=time_s,
        settings=settings,
    )
    head = update_head(
        evidence.head,
        observation.usable_head(),
        sample=sample,
        profile=observation.profile and observation.usable_face,
        lost=observation.camera is CameraCondition.GOOD and not observation.usable_face,
        lids_open=evidence.eyelids.lids is Lids.OPEN,
        lids_shut=evidence.eyelids.lids is Lids.SHUT
        and evidence.eyelids.blind_s(evidence.time_s) <= settings.dropout_s + ROUNDING_S,
        time_s=time_s,
        speed_km_h=observation.vehicle.speed_km_h,
        eyes_shut=evidence.eyelids.closure_s > settings.blink_max_s,
        settings=settings,
    )
    eyelids = update_eyelids(
        evidence.eyelids,
        sample,
        head=head,
        grimace=mouth.yawning(time_s) or evidence.emotion.laughs(settings),
        yawns=mouth.yawns,
        time_s=time_s,
        settings=settings,
    )
    seen = changed(evidence, eyelids=eyelids, head=head, mouth=mouth)
    # A sleeper who sank out of the picture has not left it.
    presence = evidence.presence
    if presence.absent and not presence.is_driver and not eyelids.danger:
        return _forget_driver(seen)
    return seen


def _without_outdated(evidence: Evidence, between_s: float, settings: PolicySettings) -> Evidence:
    """Forget what was seen too long ago, and what was seen of a driver who left."""
    if evidence.emotion.age_s(evidence.time_s) > settings.evidence_max_age_s + ROUNDING_S:
        evidence = changed(evidence, emotion=EmotionEvidence(rest=evidence.emotion.rest))
    # A face that is lost before a good camera is unseen; before a bad one nothing is known.
    blind = evidence.camera.is_bad or between_s > settings.evidence_max_age_s
    outdated = blind and evidence.usable_age_s > settings.evidence_max_age_s + ROUNDING_S
    left = evidence.presence.absent and not evidence.presence.face.is_current(
        evidence.time_s, gap_s=settings.dropout_s
    )
    if not outdated and not left:
        return evidence
    return changed(
        evidence, emotion=EmotionEvidence(), usable_s=0.0, last_usable_s=None, ready=False
    )


def _with_face(evidence: Evidence, observation: Observation, settings: PolicySettings) -> Evidence:
    """Add what the face shows, if it shows something."""
    if not settings.emotion_states:
        # With the switch off nothing of an emotion is kept.
        evidence = changed(evidence, emotion=EmotionEvidence())
    if not observation.usable_face:
        return evidence
    emotion = evidence.emotion
    probabilities = observation.usable_probabilities() if settings.emotion_states else None
    if probabilities is not None:
        first = emotion.seen_s is None
        emotion = update_emotion(
            emotion,
            probabilities,
            time_s=evidence.time_s,
            # A gap beyond the longest drop-out counts as that: one frame cannot speak for more.
            elapsed_s=0.0 if first else min(emotion.age_s(evidence.time_s), settings.dropout_s),
            settings=settings,
        )
    first = evidence.last_usable_s is None
    usable_s = evidence.usable_s
    usable_s += 0.0 if first else min(evidence.usable_age_s, settings.dropout_s)
    needed_s = settings.ready_again_after_s if evidence.was_ready else settings.ready_after_s
    ready = evidence.ready or usable_s >= needed_s - ROUNDING_S
    return changed(
        evidence,
        emotion=emotion,
        usable_s=usable_s,
        last_usable_s=evidence.time_s,
        ready=ready,
        was_ready=evidence.was_ready or ready,
    )


def _with_unseen(evidence: Evidence, elapsed_s: float, settings: PolicySettings) -> Evidence:
    """Judge whether head and eyes were seen of late, which is what attention is claimed from."""
    ages_s = evidence.eyes_unseen_s, evidence.head_unseen_s
    blind = (
        min(ages_s) >= settings.unseen_after_s - ROUNDING_S
        or max(ages_s) >= settings.sense_unseen_after_s - ROUNDING_S
    )
    # Just ready again, after the camera or a predecessor of this process failed: then frames were
    # missing, the driver was not.
    returns = evidence.was_ready and evidence.usable_s < settings.judged_after_s
    again_s = settings.ready_again_after_s if returns else settings.judged_after_s
    unseen = evidence.unseen.step(
        enters=blind,
        leaves=max(ages_s) <= settings.dropout_s + ROUNDING_S,
        elapsed_s=elapsed_s,
        enter_s=0.0,
        leave_s=min(again_s, settings.judged_after_s),
    )
    unseen_s = evidence.unseen_s + elapsed_s if unseen.active else 0.0
    return changed(evidence, unseen=unseen, unseen_s=unseen_s)
