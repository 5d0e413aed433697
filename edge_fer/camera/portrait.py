"""The demo's driver: a portrait that turns its head, closes its eyes and yawns.

A warp of one picture; what lies behind the head is drawn. All coordinates are pixels of the
portrait, places in the face as measured in it; nothing here is random.
"""

import math
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import CameraError, CameraReason

HEIGHT_PX = 352
FACE = (206.0, 100.0)
"""Between the eyes."""

# Head and shoulders: everything else is transparent.
# fmt: off
_OUTLINE = np.array([
    (256, 31), (231, 19), (207, 16), (181, 23), (169, 35), (155, 42), (136, 58), (133, 68),
    (135, 99), (146, 113), (160, 138), (163, 149), (136, 150), (120, 158), (103, 178), (99, 190),
    (99, 205), (90, 206), (71, 226), (56, 235), (43, 248), (24, 282), (11, 329), (5, 352),
    (347, 352), (344, 320), (329, 285), (320, 262), (301, 244), (283, 233), (279, 219),
    (264, 195), (236, 173), (235, 162), (241, 145), (254, 126), (273, 112), (280, 93), (276, 58),
    (267, 41),
], np.int32)
_HAIR = np.array([
    (256, 31), (231, 19), (207, 16), (181, 23), (169, 35), (155, 42), (136, 58), (133, 68),
    (135, 99), (146, 113), (158, 130), (252, 130), (254, 126), (273, 112), (280, 93), (276, 58),
    (267, 41),
], np.int32)
_JAW = np.array([
    (252, 128), (243, 143), (239, 156), (230, 168), (220, 177), (209, 183), (198, 183),
    (185, 177), (174, 168), (166, 158), (162, 147), (158, 130),
], np.int32)
_NECK = np.array([(164, 138), (240, 138), (236, 192), (168, 192)], np.int32)
# fmt: on
_HAIR_PATCH = (slice(58, 98), slice(138, 158))
_NECK_LIGHT = 92  # grey value, in the shade of the jaw
_HEAD_ROWS = slice(0, 216)
_HEAD_COLUMNS = slice(118, 296)

# The head turns about an axis; half an ellipse of a face stands before it, and the hair less far.
_AXIS_X = 206.0
_FACE_HALF_WIDTH, _FACE_DEPTH = 52.0, 72.0
_JAW_NARROWER = 12.0
_HAIR_HALF_WIDTH, _HAIR_DEPTH = 76.0, 30.0
# What stands out of it or lies deeper: place, height, and how wide and high it is.
_RELIEF = (
    ((203.0, 124.0), 17.0, (9.0, 13.0)),  # nose
    ((204.0, 108.0), 7.0, (7.0, 14.0)),  # its bridge
    ((183.0, 100.0), -5.0, (10.0, 8.0)),  # eyes
    ((227.0, 103.0), -5.0, (10.0, 8.0)),
    ((201.0, 146.0), 6.0, (16.0, 12.0)),  # lips
    ((200.0, 172.0), 6.0, (14.0, 10.0)),  # chin
)

# Of each eye: outer and inner corner, and how far the lids are from their line in its middle.
_EYES = (
    ((171.5, 99.0), (194.5, 101.5), 5.2, 5.2),
    ((239.5, 104.0), (215.5, 103.5), 5.2, 5.2),
)
_LID_ABOVE = 8.0  # of the skin above the upper lid that stretches when the lid falls
_LASHES = 1.6  # how far the dark rim of the lid reaches into the eye

_MOUTH = (203.0, 141.2)  # between its corners
_MOUTH_HALF_WIDTH = 20.5
_MOUTH_SLOPE = 0.07  # the head is held a little aslant
_LIPS = (0.8, 8.8)  # how far the inner edges of the lips hang below the corners, in a smile
_MOUTH_ROWS = slice(128, 216)
_CHIN_Y, _COLLAR_Y = 180.0, 212.0
_JAW_HALF_WIDTH = 46.0
# Of a yawn: pixels that the jaw falls and the upper lip rises, and by how much the mouth narrows.
_JAW_FALL, _LIP_RISE, _NARROWS = 20.0, 4.0, 0.1
_SHUT = -1.5
_CAVITY = 15.0  # grey value
# Of a smile: by how much it widens the mouth, and pixels by which its corners sink when it ends.
_SMILE_WIDENS, _CORNERS_SINK = 0.2, 10.0


class Portrait:
    """The picture and its parts. CameraError where the file cannot be read."""

    def __init__(self, path: Path) -> None:
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise CameraError(
                CameraReason.NOT_FOUND,
                f"camera demo: {path} cannot be read: install edge-fer anew",
            )
        self._grey = grey.astype(np.uint8, copy=False)
        self._opacity = _mask(grey.shape, _OUTLINE)
        self._last = ((0.0, 0.0, 0.0, 0.0), _merged(self._grey, self._opacity))

    def drawn(
        self, *, yaw_deg: float, lids: float, mouth: float, earnest: float
    ) -> NDArray[np.uint8]:
        """Return the driver, uint8[352, 352, 2]: light times opacity, and opacity.

        `yaw_deg` is positive to the driver's left, up to 40. `lids` says how far they are closed,
        0..1, `mouth` how wide it is open in a yawn, and `earnest` how much of the smile is gone.
        """
        pose = (yaw_deg, lids, mouth, earnest)
        if pose != self._last[0]:  # a pose that is held is drawn once
            self._last = (pose, self._draw(*pose))
        return self._last[1]

    def _draw(self, yaw_deg: float, lids: float, mouth: float, earnest: float) -> NDArray[np.uint8]:
        face = self._grey
        if mouth > 0 or earnest > 0:
            face = _with_mouth(face, mouth, earnest)
        if lids > 0:
            face = _with_closed_lids(face, lids)
        if yaw_deg == 0:
            return _merged(face, self._opacity)
        return self._turned(face, yaw_deg)

    @cached_property
    def _head(self) -> NDArray[np.uint8]:
        """The head's own opacity: uint8, rows and columns of the head."""
        shape = self._grey.shape
        mask = np.zeros(shape, np.uint8)
        cv2.fillPoly(mask, [_HAIR], 255)
        cv2.fillPoly(mask, [_JAW], 255)
        soft = cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.uint8)
        return np.asarray(soft[_HEAD_ROWS, _HEAD_COLUMNS])

    @cached_property
    def _behind(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """What a turned head leaves in sight, shoulders, neck and hair, and its opacity."""
        grey, opacity = self._grey.copy(), self._opacity.copy()
        head = np.zeros(grey.shape, np.uint8)
        cv2.fillPoly(head, [_HAIR], 255)
        cv2.fillPoly(head, [_JAW], 255)
        # The back of the head has the hair of its side, laid side by side in a darker shade.
        hair = self._grey[_HAIR_PATCH]
        tile = np.hstack([hair, hair[:, ::-1]])
        tile = np.vstack([tile, tile[::-1]])
        repeats = [-(-whole // part) for whole, part in zip(grey.shape, tile.shape, strict=True)]
        texture = np.tile(tile, repeats)[: grey.shape[0], : grey.shape[1]]
        back = np.zeros(grey.shape, np.uint8)
        cv2.fillPoly(back, [_HAIR], 255)
        neck = np.zeros(grey.shape, np.uint8)
        cv2.fillPoly(neck, [_NECK], 255)
        grey = np.where((neck > 0) & (head > 0), _NECK_LIGHT, grey).astype(np.uint8)
        grey = np.where(back > 0, cv2.convertScaleAbs(texture, alpha=0.7), grey).astype(np.uint8)
        smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
        grey = np.where(head > 0, smooth, grey)
        covered = np.maximum(back, neck)
        opacity = np.where((head > 0) & (covered == 0), 0, opacity)
        return grey, opacity.astype(np.uint8)

    @cached_property
    def _depth(self) -> NDArray[np.float32]:
        """How far each place of the head's part stands before the axis, float32[rows, columns]."""
        columns = np.arange(_HEAD_COLUMNS.start, _HEAD_COLUMNS.stop, dtype=np.float32) - _AXIS_X
        rows = np.arange(_HEAD_ROWS.start, _HEAD_ROWS.stop, dtype=np.float32)[:, None]
        half_width = _FACE_HALF_WIDTH - _JAW_NARROWER * ((rows - 130) / 50).clip(0, 1)
        face = _FACE_DEPTH * np.sqrt((1 - (columns / half_width) ** 2).clip(0))
        hair = _HAIR_DEPTH * np.sqrt((1 - (columns / _HAIR_HALF_WIDTH) ** 2).clip(0))
        ball = np.maximum(face, hair) * np.sqrt((1 - ((80 - rows).clip(0) / 68) ** 2).clip(0))
        depth = ball + sum(
            height * np.exp(-(((columns + _AXIS_X - x) / wide) ** 2) - ((rows - y) / high) ** 2)
            for (x, y), height, (wide, high) in _RELIEF
        )
        return np.asarray(cv2.GaussianBlur(depth, (0, 0), 2.0), np.float32)

    def _turned(self, face: NDArray[np.uint8], yaw_deg: float) -> NDArray[np.uint8]:
        part = (_HEAD_ROWS, _HEAD_COLUMNS)
        layers = cv2.merge([face[part], self._head])
        source_x = _seen_columns(self._depth, _AXIS_X - _HEAD_COLUMNS.start, yaw_deg)
        rows = np.repeat(
            np.arange(layers.shape[0], dtype=np.float32)[:, None], layers.shape[1], axis=1
        )
        moved = cv2.remap(
            layers, source_x, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        light, cover = cv2.split(moved)
        behind, opacity = self._behind
        grey, total = behind.copy(), opacity.copy()
        under = cv2.multiply(grey[part], cv2.bitwise_not(cover), scale=1 / 255)
        grey[part] = cv2.add(cv2.multiply(light, cover, scale=1 / 255), under)
        total[part] = np.maximum(total[part], cover)
        return _merged(grey, total)


def _seen_columns(depth: NDArray[np.float32], axis_x: float, yaw_deg: float) -> NDArray[np.float32]:
    """Return which column of `depth` is seen at each place when it has turned; -9: none.

    Of what comes to lie behind one another the nearer is seen, that on the side from which the head
    turns away.
    """
    if yaw_deg < 0:
        mirrored = _seen_columns(depth[:, ::-1], depth.shape[1] - 1 - axis_x, -yaw_deg)[:, ::-1]
        return np.where(mirrored < 0, -9, depth.shape[1] - 1 - mirrored).astype(np.float32)
    cos, sin = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    columns = np.arange(depth.shape[1], dtype=np.float32)
    places = axis_x + (columns - axis_x) * cos + depth * sin
    places = np.maximum.accumulate(places, axis=1)
    places += np.arange(depth.shape[1]) * 1e-4  # strictly rising, for the inversion
    return np.stack([np.interp(columns, row, columns, left=-9, right=-9) for row in places]).astype(
        np.float32
    )


def _with_closed_lids(face: NDArray[np.uint8], lids: float) -> NDArray[np.uint8]:
    """Let the skin above each eye stretch downwards over it, its dark rim below."""
    drawn = face.copy()
    for (outer_x, outer_y), (inner_x, inner_y), above, below in _EYES:
        half = abs(inner_x - outer_x) / 2
        middle = (outer_x + inner_x) / 2
        left, right = math.floor(middle - half), math.ceil(middle + half)
        top, bottom = (
            round(min(outer_y, inner_y) - above - _LID_ABOVE),
            round(max(outer_y, inner_y) + below + 3),
        )
        x, y = np.meshgrid(
            np.arange(left, right + 1, dtype=np.float32), np.arange(top, bottom, dtype=np.float32)
        )
        along = ((x - middle) / half).clip(-1, 1)
        bow = 1 - along**2
        line = outer_y + (inner_y - outer_y) * (x - outer_x) / (inner_x - outer_x)
        upper, lower = line - above * bow, line + below * bow
        start = upper - _LID_ABOVE
        edge = upper + lids * (lower - upper)
        rim = np.minimum(_LASHES * bow * lids, lower - upper)
        share = ((y - start) / np.maximum(edge + rim - start, 1e-3)).clip(0, 1)
        lid_y = start + share * (upper + rim - start)
        source_y = np.where((y > start) & (y < edge + rim), lid_y, y).astype(np.float32)
        drawn[top:bottom, left : right + 1] = cv2.remap(face, x, source_y, cv2.INTER_LINEAR)
    return drawn


def _with_mouth(face: NDArray[np.uint8], mouth: float, earnest: float) -> NDArray[np.uint8]:
    """Close the lips over the smile, or let the jaw fall and show the dark between them."""
    x, y = np.meshgrid(
        np.arange(_HEAD_COLUMNS.start, _HEAD_COLUMNS.stop, dtype=np.float32),
        np.arange(_MOUTH_ROWS.start, _MOUTH_ROWS.stop, dtype=np.float32),
    )
    fall, rise = _JAW_FALL * mouth, _LIP_RISE * mouth
    closed = earnest * (1 - mouth)
    narrow = 1 - _NARROWS * mouth - _SMILE_WIDENS * closed
    # What was at the corners comes nearer to the middle, and so does the skin beside them.
    from_middle = x - _MOUTH[0]
    near = np.exp(-(((y - _MOUTH[1] - fall / 2) / (16 + fall / 2)) ** 2))
    wide = _MOUTH_HALF_WIDTH
    far = np.exp(-(((np.abs(from_middle) - wide).clip(0) / 14) ** 2))
    fades = ((y - _MOUTH_ROWS.start) / 8).clip(0, 1)  # towards the upper edge of what is moved
    unsqueezed = from_middle * (1 + (1 / narrow - 1) * near * far * fades)
    along = unsqueezed / wide
    bow = np.sqrt((1 - along**2).clip(0))
    corners = _MOUTH[1] + _MOUTH_SLOPE * unsqueezed
    upper, lower = corners + _LIPS[0] * bow**2, corners + _LIPS[1] * bow**2
    # In the picture to be drawn: the edges of the lips, and the chin.
    drop = 0.25 * fall  # the corners go with the jaw a little
    upper_to = upper + (drop - rise) * bow**2 + drop * (1 - bow**2)
    lower_to = lower + fall * bow + drop * (1 - bow)
    shut = corners + _CORNERS_SINK * closed + _SHUT * bow**2
    upper_to += closed * (shut - upper_to)
    lower_to += closed * (shut + 0.5 - lower_to)
    beside = np.cos((from_middle / _JAW_HALF_WIDTH).clip(-1, 1) * math.pi / 2).clip(0) ** 0.7
    chin_to = _CHIN_Y + fall * beside
    source_y = _stretched(
        y,
        (float(_MOUTH_ROWS.start), upper_to, lower_to, chin_to, _COLLAR_Y),
        (float(_MOUTH_ROWS.start), upper, lower, _CHIN_Y, _COLLAR_Y),
    )
    # Far from the jaw nothing moves.
    weight = np.clip(6 * beside, 0, 1)
    source_y = y + (source_y - y) * weight
    moved = cv2.remap(
        face,
        (_MOUTH[0] + unsqueezed).astype(np.float32),
        source_y.astype(np.float32),
        cv2.INTER_LINEAR,
    )
    inside = (np.abs(along) < 1) & (y > upper_to) & (y < lower_to)
    hollow = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.7) * min(1.0, mouth / 0.3)
    drawn = face.copy()
    drawn[_MOUTH_ROWS, _HEAD_COLUMNS] = (moved * (1 - hollow) + _CAVITY * hollow).astype(np.uint8)
    return drawn


Edges = tuple[NDArray[np.floating] | float, ...]


def _stretched(y: NDArray[np.floating], drawn: Edges, source: Edges) -> NDArray[np.floating]:
    """Return the rows of the source for the rows `y`: linear between the edges, in each column."""
    result: NDArray[np.floating] = y
    for place in range(len(drawn) - 1):
        start, end = drawn[place], drawn[place + 1]
        from_, to = source[place], source[place + 1]
        share = (y - start) / np.maximum(end - start, 1e-3)
        result = np.where((y >= start) & (y < end), from_ + share * (to - from_), result)
    return result


def _mask(shape: tuple[int, ...], outline: NDArray[np.int32]) -> NDArray[np.uint8]:
    opacity = np.zeros(shape, np.uint8)
    cv2.fillPoly(opacity, [outline], 255)
    return cv2.GaussianBlur(opacity, (0, 0), 1.5).astype(np.uint8)  # no cut-out edges


def _merged(grey: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    light = cv2.multiply(grey, opacity, scale=1 / 255)
    return cv2.merge([light, opacity]).astype(np.uint8, copy=False)
