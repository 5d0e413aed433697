"""The `face` network on a device: from a square of the frame to landmarks, head and presence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import cut_turned
from edge_fer.face.landmarks import NAMES, Square, square_around
from edge_fer.face.levels import levelled
from edge_fer.face.outputs import MOUTH, PITCH, POINTS, PRESENCE, PROFILE, ROLL, YAW
from edge_fer.face.rotation import pose_of_angles
from edge_fer.models.card import measuring_card_of
from edge_fer.models.files import ModelFiles, read_model_files
from edge_fer.models.kind import FACE
from edge_fer.models.runtime import open_model
from edge_fer.observation import HeadPose, Landmarks, Point
from edge_fer.paths import SHIPPED_FACE

# A smaller square has nothing to see in it, and one beyond this many frames would take the time of
# a large picture to cut.
LEAST_SIDE_PX = 16.0
_MOST_FRAMES = 4.0
# In a loose square the far side of a turned head is placed too far out, which makes the next one
# looser still: a profile of a clip came out at 26 to 38 degrees so, and at 40 to 44 with this.
_TURNED_DEG, _TURNED_SHARE = 20.0, 0.947
# A limit that misses at most 3 % of the profiles (turned by 52 degrees and more) of
# held-out faces, drawn before another face: docs/face-network.md. Yaw comes out too small there.
PROFILE_FROM_DEG = 36.0
_PLACES = {name: place for place, name in enumerate(NAMES)}
_RIGHT_EYE = _PLACES["right eye outer corner"], _PLACES["right eye inner corner"]
_LEFT_EYE = _PLACES["left eye outer corner"], _PLACES["left eye inner corner"]
_NOSE = _PLACES["nose tip"]
_RIGHT_MOUTH, _LEFT_MOUTH = _PLACES["right mouth corner"], _PLACES["left mouth corner"]


@dataclass(frozen=True)  # without slots, so that derived values can be cached
class FaceReading:
    """What the face network sees in one square of a frame.

    `points` are the 26 landmarks of `landmarks.NAMES` in pixels of the frame. `mouth_opening` is
    the gap between the inner lips over the mouth's width, 0 and more. `presence` (0..1) is the
    probability that a face is there and seen well enough; below about 0.5 all other values are
    meaningless. `profile`: the measured yaw is 36 degrees or more, or the network's own output says
    so; the true yaw is then larger. `tilt` (radians) is the turn of the face in the picture,
    clockwise as seen.
    """

    points: tuple[Point, ...]
    head: HeadPose
    mouth_opening: float
    presence: float
    profile: bool
    tilt: float

    def point(self, name: str) -> Point:
        """Return the landmark with that name; KeyError for another."""
        return self.points[_PLACES[name]]

    def middle(self, *names: str) -> Point:
        """Return the middle of the landmarks with these names."""
        x, y = zip(*(self.point(name) for name in names), strict=True)
        return sum(x) / len(x), sum(y) / len(y)

    @cached_property
    def landmarks(self) -> Landmarks:
        """The five points that detectors give."""
        points = self.points
        return Landmarks(
            right_eye=halfway(points[_RIGHT_EYE[0]], points[_RIGHT_EYE[1]]),
            left_eye=halfway(points[_LEFT_EYE[0]], points[_LEFT_EYE[1]]),
            nose=points[_NOSE],
            right_mouth=points[_RIGHT_MOUTH],
            left_mouth=points[_LEFT_MOUTH],
        )

    @cached_property
    def square(self) -> Square:
        """The square in which this face is read best."""
        centre, side, tilt = square_around(np.array(self.points), self.tilt)
        is_turned = abs(self.head.yaw_deg) > _TURNED_DEG
        return Square(centre, side * _TURNED_SHARE if is_turned else side, tilt)


class FaceNetwork:
    """The network at a path, or whose files were read (and checked) before.

    UserError where its file or card is missing or of another kind.
    """

    def __init__(self, model: Path | ModelFiles = SHIPPED_FACE) -> None:
        files = read_face_network(model) if isinstance(model, Path) else model
        self.card = measuring_card_of(files, FACE)
        self._model = open_model(files.model, str(files.path), kind=FACE)

    def read(self, grey: NDArray[np.uint8], square: Square) -> FaceReading:
        """Return the reading of a square of `grey` (uint8[h,w]); outside, its edge is repeated.

        All numbers of the reading are finite. A square that is not finite, too small, or outside of
        the picture gives a reading without a face: presence 0.
        """
        if not _is_readable(square, grey.shape):
            return _NOTHING
        crop = cut_turned(grey, square.centre, square.side, square.tilt, FACE.side_px)
        stored = self._model.run(levelled(crop))
        return reading_of(FACE.stored_values(stored), square)


def read_face_network(path: Path) -> ModelFiles:
    """Read a face network's files; UserError where they are missing or of another kind."""
    files = read_model_files(path)
    measuring_card_of(files, FACE)
    return files


def reading_of(values: NDArray[np.float64], square: Square) -> FaceReading:
    """Convert the network's output values (`FACE.stored_values`) to a reading."""
    centre, side, tilt = square
    across, down = side * math.cos(tilt), side * math.sin(tilt)
    placed = values[POINTS].reshape(-1, 2) @ np.array(((across, down), (-down, across)))
    placed += centre
    # All else in plain floats: of few numbers, each step in NumPy takes longer.
    numbers = values.tolist()
    yaw_deg, roll_deg = numbers[YAW], numbers[ROLL] + math.degrees(tilt)
    return FaceReading(
        points=tuple(map(tuple, placed.tolist())),
        head=pose_of_angles(yaw_deg, numbers[PITCH], roll_deg),
        mouth_opening=max(numbers[MOUTH], 0.0),
        presence=numbers[PRESENCE],
        profile=numbers[PROFILE] > 0.5 or abs(yaw_deg) >= PROFILE_FROM_DEG,
        tilt=math.remainder(math.radians(roll_deg), math.tau),
    )


def halfway(one: Point, other: Point) -> Point:
    """Return the point halfway between two."""
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _is_readable(square: Square, shape: Sequence[int]) -> bool:
    (x, y), side, tilt = square
    # Written so that a NaN fails.
    height, width = shape[:2]
    if not LEAST_SIDE_PX <= side <= _MOST_FRAMES * max(height, width):
        return False
    inside = -side / 2 <= x <= width + side / 2 and -side / 2 <= y <= height + side / 2
    return inside and math.isfinite(tilt)


_NOTHING = FaceReading(
    points=((0.0, 0.0),) * len(NAMES),
    head=HeadPose(0.0, 0.0, 0.0),
    mouth_opening=0.0,
    presence=0.0,
    profile=False,
    tilt=0.0,
)
