"""Puts picture, panel and time line together: readable from small videos, no larger than 1080p."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.annotate.drawing import DARK, Picture, colour
from edge_fer.annotate.overlay import draw_overlay
from edge_fer.annotate.panel import PANEL_UNITS, draw_panel
from edge_fer.annotate.timeline import Timeline, draw_timeline
from edge_fer.live.scene import Scene
from firmware_bridge.monitor.colours import state_colour

_LEAST_PX, _MOST_WIDTH_PX, _MOST_HEIGHT_PX = 480, 1920, 1080
_STRIP_UNITS = 40.0
_UNITS_HIGH = 360.0  # the picture's height in units of text


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in pixels: the picture as it is drawn, and the panel and strip around it.

    `scale` is pixels drawn for one of the camera's, `unit` the pixels of a thin line.
    """

    scale: float
    unit: float
    width: int
    height: int
    panel: int
    strip: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the whole, both even, as video codecs want them."""
        return self.height + self.strip, self.width + self.panel


def layout_for(height: int, width: int) -> Layout:
    """Return the layout for pictures of this size.

    Small ones are enlarged until the shorter side has 480 pixels, large ones reduced to 1920x1080.
    """
    scale = max(1.0, _LEAST_PX / min(height, width))
    scale = min(scale, _MOST_WIDTH_PX / width, _MOST_HEIGHT_PX / height)
    drawn_height, drawn_width = _even(height * scale), _even(width * scale)
    unit = max(drawn_height / _UNITS_HIGH, 1.0)
    return Layout(
        scale=drawn_width / width,
        unit=unit,
        width=drawn_width,
        height=drawn_height,
        panel=_even(PANEL_UNITS * unit),
        strip=_even(_STRIP_UNITS * unit),
    )


def compose(
    picture: NDArray[np.uint8], scene: Scene, timeline: Timeline, layout: Layout
) -> Picture:
    """Return the annotated picture; `picture` is uint8[h, w] or uint8[h, w, 3] (BGR)."""
    colours = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
    way = cv2.INTER_CUBIC if layout.scale > 1 else cv2.INTER_AREA
    resized = cv2.resize(colours, (layout.width, layout.height), interpolation=way)
    drawn: Picture = np.ascontiguousarray(resized, np.uint8)
    ink = colour(state_colour(scene.state.label))
    draw_overlay(drawn, scene, layout.scale, layout.unit, ink)
    whole = np.empty((*layout.shape, 3), np.uint8)
    whole[:] = DARK
    whole[: layout.height, : layout.width] = drawn
    panel = np.ascontiguousarray(whole[: layout.height, layout.width :])
    draw_panel(panel, scene, layout.unit)
    whole[: layout.height, layout.width :] = panel
    strip = np.ascontiguousarray(whole[layout.height :])
    draw_timeline(strip, timeline, layout.unit)
    whole[layout.height :] = strip
    return whole


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))
