"""Draws into the picture: face box, landmarks, head axes, lid opening and gaze of each eye."""

import math

from edge_fer.annotate.drawing import WHITE, Colour, Picture, colour, dot, line, put_text
from edge_fer.face.landmarks import NAMES
from edge_fer.live.scene import Scene
from edge_fer.observation import EyeReading, HeadPose, Point

_POINT: Colour = colour("#ffe14d")
_GAZE: Colour = colour("#35d0ff")
# To the driver's left, upwards, and where the head points.
_AXES = (colour("#e0504a"), colour("#4fc16b"), colour("#5b8def"))
_AXIS_LENGTH = 0.45  # of the face's width
_GAZE_LENGTH = 2.2  # eye widths a unit of gaze
_RIGHT_CORNERS = NAMES.index("right eye outer corner"), NAMES.index("right eye inner corner")
_LEFT_CORNERS = NAMES.index("left eye inner corner"), NAMES.index("left eye outer corner")
_NOSE_TIP = NAMES.index("nose tip")
_FIVE_NOSE = 2  # of a detector's five points


def draw_overlay(picture: Picture, scene: Scene, scale: float, unit: float, ink: Colour) -> None:
    """Draw into `picture` what was seen of the face.

    `scale` is pixels of `picture` for one of the camera's, `unit` the thickness of a thin line, and
    `ink` the colour of the state.
    """
    if scene.box is None:
        return
    box = scene.box
    left, top = box.x * scale, box.y * scale
    right, bottom = left + box.width * scale, top + box.height * scale
    for start, end in (
        ((left, top), (right, top)),
        ((right, top), (right, bottom)),
        ((right, bottom), (left, bottom)),
        ((left, bottom), (left, top)),
    ):
        line(picture, start, end, ink, 1.5 * unit)
    points = [(x * scale, y * scale) for x, y in scene.points]
    for point in points:
        dot(picture, point, 1.3 * unit, _POINT)
    if scene.head is not None:
        nose = _nose(points) or ((left + right) / 2, (top + bottom) / 2)
        for axis, axis_ink in zip(head_axes(scene.head), _AXES, strict=True):
            length = _AXIS_LENGTH * box.width * scale
            end = (nose[0] + axis[0] * length, nose[1] + axis[1] * length)
            line(picture, nose, end, axis_ink, 2.0 * unit)
    if scene.eyes is not None and len(points) == len(NAMES):
        tilt = 0.0 if scene.head is None else math.radians(scene.head.roll_deg)
        for eye, corners, side in (
            (scene.eyes.right, _RIGHT_CORNERS, -1.0),
            (scene.eyes.left, _LEFT_CORNERS, 1.0),
        ):
            if eye is not None:
                _draw_eye(picture, eye, (points[corners[0]], points[corners[1]]), tilt, side, unit)


def head_axes(head: HeadPose) -> tuple[Point, Point, Point]:
    """Return where the head's axes point in the picture, in lengths of an axis.

    To the driver's left, upwards and forwards. The picture shows the driver's left at its right and
    has y downwards; roll towards the left shoulder turns the head clockwise in it.
    """
    yaw, pitch, roll = (math.radians(v) for v in (head.yaw_deg, head.pitch_deg, head.roll_deg))
    left = (math.cos(yaw), 0.0)
    up = (-math.sin(pitch) * math.sin(yaw), -math.cos(pitch))
    ahead = (math.sin(yaw) * math.cos(pitch), -math.sin(pitch))

    def rolled(axis: Point) -> Point:
        x, y = axis
        return (
            x * math.cos(roll) - y * math.sin(roll),
            x * math.sin(roll) + y * math.cos(roll),
        )

    return rolled(left), rolled(up), rolled(ahead)


def _nose(points: list[Point]) -> Point | None:
    if len(points) == len(NAMES):
        return points[_NOSE_TIP]
    return points[_FIVE_NOSE] if len(points) > _FIVE_NOSE else None


def _draw_eye(
    picture: Picture,
    eye: EyeReading,
    corners: tuple[Point, Point],
    tilt: float,
    side: float,
    unit: float,
) -> None:
    """Draw the gaze as a line from the eye's middle, and the lid opening beside it."""
    (x0, y0), (x1, y1) = corners
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    width = math.hypot(x1 - x0, y1 - y0)
    if eye.gaze_x is not None and eye.gaze_y is not None:
        along, up = eye.gaze_x * width * _GAZE_LENGTH, eye.gaze_y * width * _GAZE_LENGTH
        end = (
            middle[0] + along * math.cos(tilt) + up * math.sin(tilt),
            middle[1] + along * math.sin(tilt) - up * math.cos(tilt),
        )
        line(picture, middle, end, _GAZE, 2.0 * unit)
    text = f"{eye.lid_opening:.2f}"
    height = 9.0 * unit
    x = middle[0] + side * width * 0.9 - (3.2 * height if side < 0 else 0.0)
    put_text(picture, text, (x, middle[1] - 0.6 * width), height, WHITE)
