"""Text, lines and bars in a picture, in sizes that follow from its width."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.observation import Point

Picture = NDArray[np.uint8]
"""uint8[h, w, 3], blue, green, red."""

Colour = tuple[int, int, int]
"""Blue, green, red, each 0..255."""

WHITE: Colour = (255, 255, 255)
GREY: Colour = (170, 170, 170)
DARK: Colour = (32, 30, 28)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_PX = 22.0  # height of a capital of that font at a scale of 1
_FRACTION_BITS = 4  # lines are placed to a sixteenth of a pixel


def colour(text: str) -> Colour:
    """Return "#rrggbb" as OpenCV wants it."""
    red, green, blue = (int(text[place : place + 2], 16) for place in (1, 3, 5))
    return blue, green, red


def put_text(
    picture: Picture,
    text: str,
    at: Point,
    height_px: float,
    ink: Colour = WHITE,
    *,
    bold: bool = False,
) -> None:
    """Write `text` (ASCII) with the left end of its base line at `at`."""
    thickness = max(1, round(height_px / (9 if bold else 13)))
    place = round(at[0]), round(at[1])
    cv2.putText(picture, text, place, _FONT, height_px / _FONT_PX, ink, thickness, cv2.LINE_AA)


def text_width(text: str, height_px: float) -> float:
    """Return how many pixels a text takes."""
    (width, _), _ = cv2.getTextSize(text, _FONT, height_px / _FONT_PX, 1)
    return float(width)


def fitted(text: str, height_px: float, width_px: float) -> float:
    """Return the height, `height_px` at most, at which a text is no wider than `width_px`."""
    wide = text_width(text, height_px)
    return height_px if wide <= width_px else height_px * width_px / wide


def line(picture: Picture, start: Point, end: Point, ink: Colour, width_px: float) -> None:
    """Draw a line."""
    cv2.line(
        picture,
        _fixed(start),
        _fixed(end),
        ink,
        max(1, round(width_px)),
        cv2.LINE_AA,
        _FRACTION_BITS,
    )


def dot(picture: Picture, at: Point, radius_px: float, ink: Colour) -> None:
    """Draw a filled circle."""
    radius = round(radius_px * 2**_FRACTION_BITS)
    cv2.circle(picture, _fixed(at), radius, ink, -1, cv2.LINE_AA, _FRACTION_BITS)


def fill(
    picture: Picture, left: float, top: float, right: float, bottom: float, ink: Colour
) -> None:
    """Fill a rectangle; what is outside of the picture is left out."""
    height, width = picture.shape[:2]
    x0, x1 = (min(max(round(value), 0), width) for value in (left, right))
    y0, y1 = (min(max(round(value), 0), height) for value in (top, bottom))
    picture[y0:y1, x0:x1] = ink


def _fixed(point: Point) -> tuple[int, int]:
    scale = 2**_FRACTION_BITS
    # What is far outside is not drawn in any case, and must not overflow OpenCV's integers.
    x, y = (int(min(max(value, -1e4), 1e5) * scale) for value in point)
    return x, y
