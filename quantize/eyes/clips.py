"""What the eye network says in clips of people that it was not trained on."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.eyes import EyeReader, eye_corners, eyes_closed
from edge_fer.face.head_pose import head_pose
from edge_fer.face.network import FaceReading
from edge_fer.face.tracking import Tracker

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a clip, in seconds, whose eyes are open or closed throughout, by eye."""

    clip: str
    start_s: float
    end_s: float
    is_closed: bool
    what: str


SEGMENTS = (
    Segment("alaa_test", 0.2, 2.0, False, "frontal"),
    Segment("alaa_test", 2.5, 4.2, False, "profile to one side"),
    Segment("alaa_test", 6.4, 8.0, False, "profile to the other side"),
    Segment("alaa_test", 10.2, 11.6, False, "head tilted back"),
    Segment("alaa_test", 13.2, 14.4, False, "head bowed"),
    Segment("alaa_test", 16.0, 20.5, False, "head tilted to the sides"),
    Segment("aryan_test", 1.0, 7.0, True, "closed, behind glasses"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read in `frames` frames of a segment; shares 0..1, medians None without an eye.

    `judged` is the share of frames with a verdict, `closed` the share of those called closed.
    """

    frames: int
    with_face: float
    judged: float
    closed: float | None
    lid_opening: float | None
    gaze_x: float | None
    gaze_y: float | None


Light = Callable[[Grey, int, FaceReading | None], Grey]
"""Changes a frame by its number and by the face in it as filmed."""


def as_filmed(grey: Grey, number: int, face: FaceReading | None) -> Grey:
    """Return the frame as it is."""
    return grey


def night(grey: Grey, number: int, face: FaceReading | None) -> Grey:
    """Return a frame as at night, lit from one side: a tenth of the light, and noise."""
    height, width = grey.shape
    across = np.linspace(0.0, 1.0, width, dtype=np.float32)
    light = 0.05 + 0.12 / (1 + np.exp(-8 * (across - 0.5)))
    noise = np.random.default_rng(number).normal(0, 1.2, (height, width))
    return np.asarray(np.clip(np.rint(grey * light + noise), 0, 255), np.uint8)


def dark_sockets(grey: Grey, number: int, face: FaceReading | None) -> Grey:
    """Return a frame as below a lamp at night: a quarter of the light, a third of it on the eyes.

    The brows' shadow fills both sockets and ends softly on the cheeks.
    """
    height, width = grey.shape
    light = np.full((height, width), 1 / 4, np.float32)
    if face is not None:
        y, x = np.mgrid[:height, :width].astype(np.float32)
        for side in ("right", "left"):
            outer, inner = (face.point(f"{side} eye {end} corner") for end in ("outer", "inner"))
            centre_x, centre_y = (outer[0] + inner[0]) / 2, (outer[1] + inner[1]) / 2
            reach = max(math.dist(outer, inner), 1.0)
            across, down = (x - centre_x) / (1.1 * reach), (y - centre_y) / (0.75 * reach)
            light *= 1 - 2 / 3 * np.exp(-(across**2 + down**2) / 2)
    noise = np.random.default_rng(number).normal(0, 1.2, (height, width))
    return np.asarray(np.clip(np.rint(grey * light + noise), 0, 255), np.uint8)


LIGHTS: dict[str, Light] = {
    "as filmed": as_filmed,
    "night, light from one side": night,
    "night, dark sockets": dark_sockets,
}


def see(
    folder: Path,
    segment: Segment,
    open_tracker: Callable[[], Tracker],
    reader: EyeReader,
    light: Light,
) -> Seen:
    """Follow the face of a clip from its first frame and read the eyes within the segment."""
    tracker, tracker_as_filmed = open_tracker(), open_tracker()
    frames = faces = 0
    verdicts: list[float] = []
    openings: list[float] = []
    gazes: list[tuple[float, float]] = []
    for number, time_s, grey in _frames(folder / f"{segment.clip}.mp4", segment.end_s):
        seen = tracker_as_filmed.update(grey, time_s)
        lit = light(grey, number, None if seen is None else seen.reading)
        face = tracker.update(lit, time_s)
        if time_s < segment.start_s:
            continue
        frames += 1
        if face is None or face.box.landmarks is None:
            continue
        faces += 1
        if face.reading is None:
            points = face.box.landmarks
            reading = reader.read(lit, points, head_pose(points, lit.shape))
        else:
            reading = reader.read(lit, eye_corners(face.reading), face.reading.head)
        verdict = eyes_closed(reading)
        if verdict is None:
            continue
        verdicts.append(verdict)
        eyes = [eye for eye in (reading.right, reading.left) if eye is not None]
        openings.append(float(np.mean([eye.lid_opening for eye in eyes])))
        looks = [(eye.gaze_x, eye.gaze_y) for eye in eyes if eye.gaze_x is not None]
        if looks:
            gazes.append(tuple(np.mean(np.array(looks, np.float64), axis=0).tolist()))
    gaze_x, gaze_y = np.median(gazes, axis=0).tolist() if gazes else (None, None)
    return Seen(
        frames,
        faces / max(frames, 1),
        len(verdicts) / max(frames, 1),
        float(np.mean(np.array(verdicts) >= 0.5)) if verdicts else None,
        float(np.median(openings)) if openings else None,
        gaze_x,
        gaze_y,
    )


def _frames(path: Path, end_s: float) -> Iterator[tuple[int, float, Grey]]:
    """Yield number, time and picture (uint8[h,w]) of a clip's frames up to `end_s`."""
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        raise DataError(DataReason.UNREADABLE, f"{path}: cannot be read as a video")
    rate = video.get(cv2.CAP_PROP_FPS) or 25.0
    number = 0
    while number / rate <= end_s:
        is_read, picture = video.read()
        if not is_read:
            return
        yield number, number / rate, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        number += 1
