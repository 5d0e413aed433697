"""Scenes of a drive, and the observations in which they are told at any frame rate."""

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
    FaceBox,
    HeadPose,
    Observation,
    Vehicle,
)

SILENCE_S = 0.1  # how often the daemon says that no frame came
START_S = 86_400.0  # a day after boot: the clock does not begin at 0
SETTINGS = PolicySettings(confidence_threshold=0.5)
FACE = FaceBox(200, 120, 160, 160, 1.0)
ROUNDING_S = 1e-6

Mood = dict[Emotion, float]
CALM: Mood = {Emotion.NEUTRAL: 0.85}
HAPPY: Mood = {Emotion.HAPPY: 0.85}
ANGRY: Mood = {Emotion.ANGRY: 0.85}
SURPRISED: Mood = {Emotion.SURPRISE: 0.85}
TORN: Mood = {Emotion.SAD: 0.35, Emotion.NEUTRAL: 0.35}

AHEAD = HeadPose(0.0, 0.0, 0.0)
LAP = HeadPose(3.0, -35.0, 0.0)


def turned(yaw_deg: float, pitch_deg: float = 0.0) -> HeadPose:
    """Return a head turned to the driver's left (right: below zero) and up (down: below zero)."""
    return HeadPose(yaw_deg, pitch_deg, 0.0)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Lids that close for `closed_s` in the middle of every `every_s`."""

    closed_s: float
    every_s: float

    def closed(self, since_s: float) -> float:
        """Return the probability that they are closed, so long after the scene began."""
        phase_s = (since_s + ROUNDING_S) % self.every_s
        begin_s = (self.every_s - self.closed_s) / 2
        return 0.97 if begin_s <= phase_s < begin_s + self.closed_s else 0.03


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
    `head` None: they cannot be seen.
    """

    seconds: float
    mood: Mood | None = None
    face: bool = True
    camera: CameraCondition = CameraCondition.GOOD
    dropouts: float = 0.0
    frames: bool = True
    silent: bool = False
    eyes: Eyes | None = None
    head: HeadPose | None = None
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
    """Return a scene without anybody."""
    return Scene(seconds, face=False, vehicle=vehicle)


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
                FACE if seen else None,
                shown if seen else None,
                eyes_closed=scene.eyes.closed(k * step_s - begin_s)
                if seen and scene.eyes
                else None,
                head=scene.head if seen else None,
                vehicle=scene.vehicle,
            )
        begin_s = end_s


def distribution(mood: Mood) -> NDArray[np.float32]:
    """Share what `mood` leaves of 1 among the emotions that it does not name."""
    rest = (1 - sum(mood.values())) / (len(Emotion) - len(mood))
    return np.array([mood.get(emotion, rest) for emotion in Emotion], dtype=np.float32)
