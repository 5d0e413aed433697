"""Scenes of a drive, and their observations at any frame rate."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState, RequestKind, RequestSeverity
from edge_fer.emotions import Emotion
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

SILENCE_S = 0.1  # how often the daemon says that no frame came
START_S = 86_400.0  # a day after boot: the clock does not begin at 0
SETTINGS = PolicySettings(confidence_threshold=0.5)
# A story of questions need not last half an hour.
ASKING = PolicySettings(
    confidence_threshold=0.5,
    contradictory_after_s=5.0,
    question_every_s=0.0,
    quiet_after_answer_s=60.0,
)
FACE = FaceBox(200, 120, 160, 160, 1.0)
ROUNDING_S = 1e-6

Mood = dict[Emotion, float]
CALM: Mood = {Emotion.NEUTRAL: 0.85}
HAPPY: Mood = {Emotion.HAPPY: 0.85}
ANGRY: Mood = {Emotion.ANGRY: 0.85}
SURPRISED: Mood = {Emotion.SURPRISE: 0.85}
TORN: Mood = {Emotion.HAPPY: 0.55, Emotion.ANGRY: 0.35}

AHEAD = HeadPose(0.0, 0.0, 0.0)
LAP = HeadPose(3.0, -35.0, 0.0)


def turned(yaw_deg: float, pitch_deg: float = 0.0) -> HeadPose:
    """Return a head turned to the driver's left (right: below zero) and up (down: below zero)."""
    return HeadPose(yaw_deg, pitch_deg, 0.0)


Gaze = tuple[float, float]
STRAIGHT: Gaze = (0.0, SETTINGS.gaze_rest_y)
OPEN_LIDS, SHUT_LIDS = 0.36, 0.11  # height over width of the eye's contour


@dataclass(frozen=True, slots=True)
class Eyes:
    """Lids that close for `closed_s` in the middle of every `every_s`, and are `opening` wide else.

    `gaze` is the offset of the iris, to the driver's left and upwards, in half widths of the eye.
    """

    closed_s: float
    every_s: float
    gaze: Gaze = STRAIGHT
    opening: float = OPEN_LIDS

    def reading(self, since_s: float) -> EyesReading:
        """Return what the eye network measures so long after the scene began."""
        phase_s = (since_s + ROUNDING_S) % self.every_s
        begin_s = (self.every_s - self.closed_s) / 2
        shut = begin_s <= phase_s < begin_s + self.closed_s
        eye = EyeReading(
            lid_opening=SHUT_LIDS if shut else self.opening,
            closed=0.97 if shut else 0.03,
            gaze_x=self.gaze[0],
            gaze_y=self.gaze[1],
            visible=0.95,
            width_px=40.0,
        )
        return EyesReading(eye, eye)


BLINKING = Eyes(0.2, 4.0)  # 15 blinks a minute
OPEN = Eyes(0.0, 4.0)
SHUT = Eyes(4.0, 4.0)
HEAVY = Eyes(0.8, 4.0)  # slow closures: a fifth of the time, none of them a microsleep


@dataclass(frozen=True, slots=True)
class Scene:
    """Some seconds in which nothing changes.

    `mood` None: a face of which the network can say nothing. `dropouts` is the share of frames in
    which the detector misses the face. With `frames` False nothing comes from the camera, and the
    daemon says so ten times a second; with `silent` not even the daemon does anything. `eyes` and
    `head` None: they cannot be judged. `profile`: the head is turned beyond what is measured.
    `mouth` is how far it is open, `box` where the face is, and `seat_empty` what the seat looks
    like without one.
    """

    seconds: float
    mood: Mood | None = None
    face: bool = True
    camera: CameraCondition = CameraCondition.GOOD
    dropouts: float = 0.0
    frames: bool = True
    silent: bool = False
    eyes: Eyes | None = BLINKING
    head: HeadPose | None = AHEAD
    profile: bool = False
    mouth: float = 0.03
    box: FaceBox = FACE
    seat_empty: bool | None = None
    vehicle: Vehicle = UNKNOWN_VEHICLE


Expected = tuple[tuple[DriverState, float], ...]
Requests = tuple[tuple[RequestKind, RequestSeverity, float], ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Scenes, and what follows, each with the second in which it begins.

    `expected` are the states in their order, `requests` what the driver is asked.
    """

    scenes: tuple[Scene, ...]
    expected: Expected
    settings: PolicySettings = SETTINGS
    requests: Requests = field(default=())

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(scene.seconds for scene in self.scenes)


def empty_seat(seconds: float, vehicle: Vehicle = UNKNOWN_VEHICLE) -> Scene:
    """Return a scene without anybody, on a seat that looks so."""
    return Scene(seconds, face=False, vehicle=vehicle, seat_empty=True)


def lens_covered(seconds: float) -> Scene:
    """Return a scene before a covered lens."""
    return Scene(seconds, face=False, camera=CameraCondition.BLOCKED)


def no_frames(seconds: float, camera: CameraCondition = CameraCondition.LOST) -> Scene:
    """Return a scene in which the camera gives nothing."""
    return Scene(seconds, face=False, camera=camera, frames=False)


def answering(scene: Scene, request_id: int, answer: Answer) -> Scene:
    """Return the scene with the vehicle's word that the request was answered so."""
    return replace(scene, vehicle=replace(scene.vehicle, answered_id=request_id, answer=answer))


def told(story: Story, fps: int) -> Iterator[Observation]:
    """Yield the observations of a story, frame by frame."""
    random = np.random.default_rng(fps)
    begin_s = 0.0
    for scene in story.scenes:
        end_s = begin_s + scene.seconds
        step_s = 1 / fps if scene.frames else SILENCE_S
        shown = None if scene.mood is None else distribution(scene.mood)
        first, last = np.ceil(np.array([begin_s, end_s]) / step_s - ROUNDING_S).astype(int)
        for k in range(first, first if scene.silent else last):
            missed = random.random() < scene.dropouts
            seen = scene.face and not missed
            yield Observation(
                START_S + k * step_s,
                scene.camera,
                scene.box if seen else None,
                shown if seen else None,
                eyes=scene.eyes.reading(k * step_s - begin_s) if seen and scene.eyes else None,
                head=scene.head if seen else None,
                mouth_opening=scene.mouth if seen else None,
                profile=seen and scene.profile,
                seat_empty=None if scene.face else scene.seat_empty,
                vehicle=scene.vehicle,
            )
        begin_s = end_s


def distribution(mood: Mood) -> NDArray[np.float32]:
    """Share what `mood` leaves of 1 among the emotions that it does not name."""
    rest = (1 - sum(mood.values())) / (len(Emotion) - len(mood))
    return np.array([mood.get(emotion, rest) for emotion in Emotion], dtype=np.float32)
