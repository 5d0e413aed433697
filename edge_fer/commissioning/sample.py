"""What one picture shows of camera and driver."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_fer.live.scene import Scene
from edge_fer.observation import CameraCondition

_SATURATED = 250


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture. Places and sizes of the face are shares of the picture; None: not seen.

    `face_px` is the face's width in pixels of the camera. `face_level` is the mean grey value
    (0..255) of the face, `glare` the share of it that is saturated. Angles are degrees, `gaze_x`
    and `gaze_y` are those of `EyeReading`, the mean of the eyes that were seen.
    """

    time_s: float
    camera: CameraCondition
    face_x: float | None = None
    face_y: float | None = None
    face_px: float | None = None
    face_level: float | None = None
    glare: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    profile: bool = False
    lid_opening: float | None = None
    closed: float | None = None
    gaze_x: float | None = None
    gaze_y: float | None = None


def sample_of(
    scene: Scene, grey: NDArray[np.uint8] | None, width: int, height: int, time_s: float
) -> Sample:
    """Return what `scene` shows; `grey` is its picture, perhaps smaller than `width` x `height`."""
    box, head = scene.box, scene.head
    if box is None:
        return Sample(time_s, scene.camera, profile=scene.profile)
    level, glare = None, None
    if grey is not None:
        scale = grey.shape[1] / width
        left, top = max(round(box.x * scale), 0), max(round(box.y * scale), 0)
        right, bottom = round((box.x + box.width) * scale), round((box.y + box.height) * scale)
        face = grey[top : max(bottom, 0), left : max(right, 0)]
        if face.size:
            level, glare = float(face.mean()), float((face >= _SATURATED).mean())
    eyes = (
        []
        if scene.eyes is None
        else [eye for eye in (scene.eyes.right, scene.eyes.left) if eye is not None]
    )
    return Sample(
        time_s,
        scene.camera,
        face_x=box.centre[0] / width,
        face_y=box.centre[1] / height,
        face_px=box.width,
        face_level=level,
        glare=glare,
        yaw_deg=None if head is None else head.yaw_deg,
        pitch_deg=None if head is None else head.pitch_deg,
        roll_deg=None if head is None else head.roll_deg,
        profile=scene.profile,
        lid_opening=_mean([eye.lid_opening for eye in eyes]),
        closed=_mean([eye.closed for eye in eyes]),
        gaze_x=_mean([eye.gaze_x for eye in eyes if eye.gaze_x is not None]),
        gaze_y=_mean([eye.gaze_y for eye in eyes if eye.gaze_y is not None]),
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
