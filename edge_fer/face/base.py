"""Where a face is in a frame."""

import math
from dataclasses import dataclass

Point = tuple[float, float]
"""x and y in frame pixels."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face. Left and right are the driver's own, so left is right in a picture."""

    right_eye: Point
    left_eye: Point
    nose: Point
    right_mouth: Point
    left_mouth: Point

    @property
    def tilt(self) -> float:
        """How far the face is turned in the picture, in radians, clockwise as seen there.

        Both the line of the eyes and that from eyes to mouth count, by their lengths: of a head
        that looks aside the first is short, and says little.
        """
        across_x = self.left_eye[0] - self.right_eye[0]
        across_y = self.left_eye[1] - self.right_eye[1]
        down_x = (
            self.right_mouth[0] + self.left_mouth[0] - self.right_eye[0] - self.left_eye[0]
        ) / 2
        down_y = (
            self.right_mouth[1] + self.left_mouth[1] - self.right_eye[1] - self.left_eye[1]
        ) / 2
        return math.atan2(across_y - down_x, across_x + down_y)


@dataclass(frozen=True, slots=True)
class FaceBox:
    """An upright box in frame pixels; it may reach outside of the frame.

    `x`, `y` is the top left corner. `score` says how sure its maker is, and compares only with
    scores of the same maker: the detector counts neighbours, the tracker has a correlation (-1..1).
    `landmarks` are None where the detector has none, or did not look in this frame.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    landmarks: Landmarks | None = None

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        """Square pixels; 0 for an empty box."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def overlap(self, other: "FaceBox") -> float:
        """Return intersection over union with `other`, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)
