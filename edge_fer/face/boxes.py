"""Converts between detectors' boxes and the squares of the face network.

The ratios are medians of 4,908 frontal faces of `faces.csv`: their boxes as `face.yunet` makes
them, which are like the Haar cascade's, against the square around the face mesh's landmarks.
"""

import math

from edge_fer.face.landmarks import Square
from edge_fer.face.network import FaceReading, halfway
from edge_fer.observation import FaceBox

_BOX_SHARE = 0.872  # of the square's side; 90 % have 0.77 to 1.03
_BOX_ABOVE = 0.133  # of the square's side, from its middle up to the box's; 90 %: 0.09 to 0.17
# Of the distance from eyes to mouth or three quarters of that of the outer corners, whichever is
# more: an open mouth or a bowed head changes the square's side, but hardly this. 90 % have 2.33 to
# 2.72; of heads turned by 20 to 40 degrees the median is 2.52.
_BOX_SCALE = 2.53
_ACROSS = 0.75


def square_of_box(box: FaceBox, tilt: float = 0.0) -> Square:
    """Return the square to read for a detector's box; `tilt` (radians) is the turn of its face."""
    if box.landmarks is not None:
        tilt = box.landmarks.tilt
    side = max(box.width, box.height) / _BOX_SHARE
    x, y = box.centre
    down = _BOX_ABOVE * side
    return Square((x - down * math.sin(tilt), y + down * math.cos(tilt)), side, tilt)


def box_of(reading: FaceReading) -> FaceBox:
    """Return the box that a detector would give: the emotion network was trained on such crops.

    The box's score is the presence of the reading.
    """
    points = reading.landmarks
    eyes = halfway(points.right_eye, points.left_eye)
    mouth = halfway(points.right_mouth, points.left_mouth)
    across = math.dist(
        reading.point("right eye outer corner"), reading.point("left eye outer corner")
    )
    side = _BOX_SCALE * max(math.dist(eyes, mouth), _ACROSS * across)
    square = reading.square
    up = _BOX_ABOVE * square.side
    x = square.centre[0] + up * math.sin(square.tilt)
    y = square.centre[1] - up * math.cos(square.tilt)
    return FaceBox(x - side / 2, y - side / 2, side, side, reading.presence, points)
