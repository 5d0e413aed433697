"""From the pipeline's decision to the messages for the vehicle. Pure."""

from dataclasses import dataclass, replace

from edge_fer.driver_state.measured import PROFILE_YAW_DEG
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.states import DriverState, Request
from edge_fer.health.meter import Health
from edge_fer.health.shedding import HEAT
from edge_fer.models.kind import FACE_PX
from edge_fer.observation import CameraCondition
from edge_fer.pipeline import Step
from edge_fer.recording.flag import RecordingFlag
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.messages import (
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
)

# The codes of states, emotions and camera conditions are the wire's own; a test holds them to the
# DBC. These others exist only there.
FACE_NONE = value_code("DriverState", "Face", "none")
FACE_TRACKED = value_code("DriverState", "Face", "tracked")
FACE_DETECTED = value_code("DriverState", "Face", "detected")
QUALITY_POOR = value_code("DriverState", "DriverStateQuality", "poor")
QUALITY_FAIR = value_code("DriverState", "DriverStateQuality", "fair")
QUALITY_GOOD = value_code("DriverState", "DriverStateQuality", "good")
MODEL_OK = value_code("Health", "Model", "ok")
MODEL_FALLBACK = value_code("Health", "Model", "fallback")
MODEL_FAILED = value_code("Health", "Model", "failed")
DEGRADED_NONE = value_code("Health", "DegradedReason", "none")
DEGRADED_CAMERA = value_code("Health", "DegradedReason", "camera")
DEGRADED_MODEL = value_code("Health", "DegradedReason", "model")
DEGRADED_DETECTOR = value_code("Health", "DegradedReason", "face detector")
DEGRADED_FRAME_RATE = value_code("Health", "DegradedReason", "low frame rate")
DEGRADED_STANDBY = value_code("Health", "DegradedReason", "standby")
DEGRADED_HEAT = value_code("Health", "DegradedReason", "overheated")
MOST_YAWNS = definition("DriverEvidence").signals["Yawns"].not_available_raw - 1
# Blinks are too short for a slower camera: figures of the eyelids are withheld below it.
LOW_FPS = 15.0
FAULT_NONE = value_code("Health", "Fault", "none")
FAULT_CAMERA_DOES_NOT_OPEN = value_code("Health", "Fault", "camera does not open")
FAULT_CAMERA_LOST = value_code("Health", "Fault", "camera lost")
FAULT_MODEL = value_code("Health", "Fault", "model failed")
FAULT_LINK = value_code("Health", "Fault", "link blocked")

PREVIEW_OFF = value_code("Health", "Preview", "off")
PREVIEW_ON = value_code("Health", "Preview", "on")
EMOTIONS_ON = value_code("Health", "EmotionInference", "on")
EMOTIONS_OFF = value_code("Health", "EmotionInference", "off")


@dataclass(frozen=True, slots=True)
class Parts:
    """Which parts of the device are not what they were meant to be.

    A model may be a stand-in, or have failed with none to stand in: then no emotion is inferred.
    With `emotions_off` none is inferred either, because the config says so, which is no fault.
    Without `eyes` no state rests on lids or gaze.
    For a detector that failed the cascade stands in, without head and eyes. `camera_opened` says
    whether the camera has ever given a frame, `link_blocked` whether an adapter or a bus refuses
    frames, or did a moment ago.
    """

    model_is_fallback: bool = False
    model_failed: bool = False
    emotions_off: bool = False
    detector_failed: bool = False
    eyes_missing: bool = False
    camera_opened: bool = True
    link_blocked: bool = False


ALL_AS_MEANT = Parts()


def report(
    step: Step,
    health: Health,
    now_s: float,
    *,
    parts: Parts = ALL_AS_MEANT,
    recording: RecordingFlag = RecordingFlag.OFF,
    watched: bool = False,
) -> Snapshot:
    """Return what is sent to the vehicle at `now_s` (monotonic seconds).

    `watched` is whether a person is being shown the pictures.
    """
    decision = step.decision
    quality = _quality(step)
    return Snapshot(
        published_s=now_s,
        driver_state=DriverStateMessage(
            state=decision.state,
            emotion=decision.emotion,
            face=_face(step),
            quality=quality,
            confidence_percent=_percent(decision.confidence),
            drowsiness_percent=_percent(decision.drowsiness),
            distraction_percent=_percent(decision.distraction),
            event_sequence=decision.event_sequence,
        ),
        evidence=_evidence(decision),
        source_time_s=step.held_s if step.captured_s is None else step.captured_s,
        # A confidence too low to mean much is honest, and worth little.
        emotions=EmotionProbabilitiesMessage(quality=quality)
        if decision.probabilities is None
        else EmotionProbabilitiesMessage(
            tuple(_percent(probability) for probability in decision.probabilities),
            QUALITY_POOR if decision.unsure else quality,
        ),
        health=replace(
            _health(step, health, parts),
            recording=recording,
            preview=PREVIEW_ON if watched else PREVIEW_OFF,
        ),
        request=_request(decision.request),
    )


def report_standby(health: Health, now_s: float, parts: Parts = ALL_AS_MEANT) -> Snapshot:
    """Return what is sent while monitoring is off on the vehicle's request: not available."""
    return Snapshot(
        published_s=now_s,
        driver_state=DriverStateMessage(),
        health=HealthMessage(
            camera=None,
            model=_model(parts),
            degraded_reason=DEGRADED_STANDBY,
            temperature_c=health.temperature_c,
            fps=0.0,
            latency_ms=None,
            fault=_fault_of_parts(parts),
            recording=RecordingFlag.OFF,
            preview=PREVIEW_OFF,  # the camera is off
            emotion_inference=_emotion_inference(parts),
        ),
    )


def _evidence(decision: Decision) -> DriverEvidenceMessage:
    """Return the figures behind the state; counts and times stop at the ends of their ranges."""
    seen = decision.measured
    return DriverEvidenceMessage(
        yaw_deg=PROFILE_YAW_DEG if seen.profile else seen.yaw_deg,
        pitch_deg=seen.pitch_deg,
        lid_opening_percent=_percent(seen.lid_opening),
        gaze_yaw_deg=seen.gaze_yaw_deg,
        gaze_pitch_deg=seen.gaze_pitch_deg,
        blinks_per_minute=seen.blinks_per_minute,
        yawns=None if seen.yawns is None else min(seen.yawns, MOST_YAWNS),
        eyes_unseen_s=seen.eyes_unseen_s,
        head_unseen_s=seen.head_unseen_s,
        reason=decision.reason,
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _face(step: Step) -> int | None:
    if step.camera is not CameraCondition.GOOD:
        return None
    if step.face is None:
        return FACE_NONE
    return FACE_DETECTED if step.face.detected else FACE_TRACKED


def _quality(step: Step) -> int | None:
    """Return the quality of the newest frame; None without one."""
    if step.captured_s is None:
        return None
    if step.face is None:
        return QUALITY_POOR
    # A face narrower than the network's input had to be enlarged.
    return QUALITY_GOOD if step.face.box.width >= FACE_PX else QUALITY_FAIR


def _model(parts: Parts) -> int:
    if parts.model_failed:
        return MODEL_FAILED
    return MODEL_FALLBACK if parts.model_is_fallback else MODEL_OK


def _emotion_inference(parts: Parts) -> int | None:
    if parts.emotions_off:
        return EMOTIONS_OFF
    return None if parts.model_failed else EMOTIONS_ON


def _health(step: Step, health: Health, parts: Parts) -> HealthMessage:
    degraded = step.decision.state is DriverState.CAMERA_DEGRADED
    no_frames = step.camera in (CameraCondition.LOST, CameraCondition.STARTING)
    if degraded and no_frames:
        fault = FAULT_CAMERA_LOST if parts.camera_opened else FAULT_CAMERA_DOES_NOT_OPEN
    else:
        fault = _fault_of_parts(parts)
    return HealthMessage(
        camera=step.camera,
        model=_model(parts),
        degraded_reason=DEGRADED_CAMERA if degraded else _degraded_device(health, parts),
        temperature_c=health.temperature_c,
        fps=health.fps,
        latency_ms=health.latency_ms,
        fault=fault,
        emotion_inference=_emotion_inference(parts),
    )


def _fault_of_parts(parts: Parts) -> int:
    if parts.model_failed:
        return FAULT_MODEL
    return FAULT_LINK if parts.link_blocked else FAULT_NONE


def _degraded_device(health: Health, parts: Parts) -> int:
    """Say what of the device itself makes the decisions worse than they could be.

    Of several, the one that takes most of what the vehicle may act on, and lasts longest.
    """
    if parts.detector_failed:
        return DEGRADED_DETECTOR
    if parts.model_failed or parts.model_is_fallback or parts.eyes_missing:
        return DEGRADED_MODEL
    if health.shed_for == HEAT:
        return DEGRADED_HEAT
    # The wire has no word of its own for a poor supply; fewer frames are what follows from it.
    slow = 0.0 < health.fps < LOW_FPS or health.most_fps is not None
    return DEGRADED_FRAME_RATE if slow else DEGRADED_NONE


def _request(request: Request | None) -> DriverRequestMessage | None:
    if request is None:
        return None
    return DriverRequestMessage(
        kind=request.kind,
        request_id=request.request_id,
        severity=request.severity,
        valid_for_s=float(request.valid_for_s),
        reason=request.reason,
    )
