"""The messages as frozen classes, to and from the eight bytes of a frame.

Physical values in the units of their names; None means not available. Codes are plain integers
whose names stand in the DBC (`database.value_name`). A quantity out of range saturates; a code
that does not fit is a ValueError where the message is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Self

from firmware_bridge.protocol.database import Value, definition, definitions_by_id, value_name

PROTOCOL_VERSION = 1
STATE_NOT_AVAILABLE = 15
EMOTION_SIGNALS = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")


@dataclass(frozen=True, slots=True)
class Message:
    """What all messages share. `SIGNALS` names the DBC's signal of each field, in order."""

    NAME: ClassVar[str]
    SIGNALS: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        """Fail where a wrong value is made, not later in the thread that sends it."""
        signals = definition(self.NAME).signals
        for name, value in self.signal_values().items():
            signals[name].to_raw(value)

    def signal_values(self) -> dict[str, Value]:
        """Return the value of each signal."""
        return {
            signal: getattr(self, field.name)
            for signal, field in zip(self.SIGNALS, fields(self), strict=True)
        }

    @classmethod
    def from_signal_values(cls, values: Mapping[str, Value]) -> Self:
        """Make the message from the value of each signal."""
        make: Callable[..., Self] = cls  # the DBC says which values are whole numbers
        return make(*(values[signal] for signal in cls.SIGNALS))


@dataclass(frozen=True, slots=True)
class DriverStateMessage(Message):
    """0x3A0: what the vehicle may act on. `state` is never None: 15 says not available."""

    NAME = "DriverState"
    SIGNALS = (
        "State",
        "Emotion",
        "Face",
        "DriverStateQuality",
        "Confidence",
        "Drowsiness",
        "Distraction",
        "SourceAge",
        "EventSequence",
    )

    state: int = STATE_NOT_AVAILABLE
    emotion: int | None = None
    face: int | None = None
    quality: int | None = None
    confidence_percent: float | None = None
    drowsiness_percent: float | None = None
    distraction_percent: float | None = None
    source_age_ms: float | None = None  # of the camera frame behind this state, when it is sent
    event_sequence: int | None = None  # 0..254

    @classmethod
    def from_signal_values(cls, values: Mapping[str, Value]) -> Self:
        """Make the message from the value of each signal."""
        state = values["State"]
        known = STATE_NOT_AVAILABLE if state is None else state
        # Not super(): the class that `slots=True` makes is another than the one super() knows.
        make: Callable[..., Self] = cls
        return make(known, *(values[signal] for signal in cls.SIGNALS[1:]))


@dataclass(frozen=True, slots=True)
class EmotionProbabilitiesMessage(Message):
    """0x3A1: the filtered probabilities, in the order of FER2013 (`EMOTION_SIGNALS`)."""

    NAME = "EmotionProbabilities"
    SIGNALS = (*EMOTION_SIGNALS, "EmotionProbabilitiesQuality")

    probabilities_percent: tuple[float | None, ...] = (None,) * len(EMOTION_SIGNALS)
    quality: int | None = None

    def signal_values(self) -> dict[str, Value]:
        """Return the value of each signal; ValueError unless there are seven probabilities."""
        if len(self.probabilities_percent) != len(EMOTION_SIGNALS):
            raise ValueError(
                f"{len(self.probabilities_percent)} probabilities, not {len(EMOTION_SIGNALS)}"
            )
        values: dict[str, Value] = dict(
            zip(EMOTION_SIGNALS, self.probabilities_percent, strict=True)
        )
        values[self.SIGNALS[-1]] = self.quality
        return values

    @classmethod
    def from_signal_values(cls, values: Mapping[str, Value]) -> Self:
        """Make the message from the value of each signal."""
        make: Callable[..., Self] = cls
        return make(tuple(values[signal] for signal in EMOTION_SIGNALS), values[cls.SIGNALS[-1]])


@dataclass(frozen=True, slots=True)
class HealthMessage(Message):
    """0x3A2: the health of the camera unit."""

    NAME = "Health"
    SIGNALS = (
        "ProtocolVersion",
        "Camera",
        "Model",
        "DegradedReason",
        "Temperature",
        "FrameRate",
        "Latency",
        "Fault",
        "Recording",
        "Preview",
        "EmotionInference",
    )

    protocol_version: int | None = PROTOCOL_VERSION
    camera: int | None = None
    model: int | None = None
    degraded_reason: int | None = None
    temperature_c: float | None = None
    fps: float | None = None
    latency_ms: float | None = None
    fault: int | None = None
    recording: int | None = None
    preview: int | None = None
    emotion_inference: int | None = None


@dataclass(frozen=True, slots=True)
class DriverRequestMessage(Message):
    """0x3A3: asks the vehicle for something. `request_id` is 0..254; 255 names none."""

    NAME = "DriverRequest"
    SIGNALS = ("Type", "Id", "Severity", "ValidFor", "Reason")

    kind: int | None = None
    request_id: int | None = None
    severity: int | None = None
    valid_for_s: float | None = None
    reason: int | None = None


@dataclass(frozen=True, slots=True)
class PipelineFiguresMessage(Message):
    """0x3A4: how fast the camera unit's stages are. `frames_dropped` is a `wrapped_count`."""

    NAME = "PipelineFigures"
    SIGNALS = (
        "Throttling",
        "CameraRate",
        "FaceRate",
        "DetectionRate",
        "EmotionRate",
        "FramesDropped",
    )

    throttling: int | None = None
    camera_fps: float | None = None
    face_fps: float | None = None
    detection_fps: float | None = None
    emotion_fps: float | None = None
    frames_dropped: int | None = None


@dataclass(frozen=True, slots=True)
class FaultCountersMessage(Message):
    """0x3A5: what the camera unit recovered from. All but the first two are `wrapped_count`s."""

    NAME = "FaultCounters"
    SIGNALS = (
        "Stalls",
        "CameraRestarts",
        "Restarts",
        "ConnectionsLost",
        "LinkFramesDropped",
        "ControllerRejected",
        "LinesRejected",
    )

    stalls_per_hour: int | None = None
    camera_restarts_per_hour: int | None = None
    restarts: int | None = None
    connections_lost: int | None = None
    link_frames_dropped: int | None = None
    controller_rejected: int | None = None
    lines_rejected: int | None = None


@dataclass(frozen=True, slots=True)
class DriverEvidenceMessage(Message):
    """0x3A6: what the driver state rests on. Angles in degrees, to the driver's left and upwards.

    `yaw_deg` of 126 stands for a profile. `yawns` is 0..6, the last for that or more. `reason` is
    the code of why the present state was entered.
    """

    NAME = "DriverEvidence"
    SIGNALS = (
        "Yaw",
        "Pitch",
        "LidOpening",
        "GazeYaw",
        "GazePitch",
        "BlinkRate",
        "Yawns",
        "EyesUnseen",
        "HeadUnseen",
        "StateReason",
    )

    yaw_deg: float | None = None
    pitch_deg: float | None = None
    lid_opening_percent: float | None = None  # of this driver's own open eyes
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    blinks_per_minute: float | None = None
    yawns: int | None = None
    eyes_unseen_s: float | None = None
    head_unseen_s: float | None = None
    reason: int | None = None


@dataclass(frozen=True, slots=True)
class LinkTimingMessage(Message):
    """0x3A7: when the frames behind it were sent. Both are a `wrapped_count`."""

    NAME = "LinkTiming"
    SIGNALS = ("SendTime", "FramesSkipped")

    send_time_ms: int | None = None
    frames_skipped: int | None = None


@dataclass(frozen=True, slots=True)
class ControllerStatusMessage(Message):
    """0x3B0: the vehicle's mode and speed, and its answer to the request that it names."""

    NAME = "ControllerStatus"
    SIGNALS = (
        "Enable",
        "Ignition",
        "AcknowledgedId",
        "Answer",
        "E2eState",
        "Speed",
        "ConfigVersion",
    )

    enable: int | None = None
    ignition: int | None = None
    acknowledged_id: int | None = None
    answer: int | None = None
    e2e_state: int | None = None
    speed_km_h: float | None = None
    config_version: int | None = None


MESSAGE_CLASSES: Mapping[str, type[Message]] = {
    message.NAME: message
    for message in (
        DriverStateMessage,
        EmotionProbabilitiesMessage,
        HealthMessage,
        DriverRequestMessage,
        PipelineFiguresMessage,
        FaultCountersMessage,
        DriverEvidenceMessage,
        LinkTimingMessage,
        ControllerStatusMessage,
    )
}


def encode(message: Message) -> bytes:
    """Return the payload of `message`, 8 bytes, its protection (CRC and counter) still zero."""
    return definition(message.NAME).encode(message.signal_values())


def decode(can_id: int, data: bytes) -> Message:
    """Return the message in a payload whose protection was checked before.

    KeyError for an id that the DBC does not have, ValueError for a wrong length.
    """
    known = definitions_by_id()[can_id]
    return MESSAGE_CLASSES[known.name].from_signal_values(known.decode(data))


def wrapped_count(message: str, signal: str, count: int) -> int:
    """Return what the signal shows of a `count` that only rises: after the highest comes 0.

    The receiver sees a rise in the difference; one that stopped at the highest would hide it.
    """
    return count % definition(message).signals[signal].not_available_raw


def state_name(state: int) -> str:
    """Return the DBC's name of a driver state: "attentive"."""
    return value_name(DriverStateMessage.NAME, "State", state)
