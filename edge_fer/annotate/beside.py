"""What a recording shows beside the driver, in step: the forward camera and the bus."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.annotate.compose import Layout
from edge_fer.annotate.drawing import DARK, GREY, WHITE, Picture, colour, fill, put_text, text_width
from edge_fer.annotate.recorded import BusLog, ForwardPictures, Heard
from edge_fer.observation import UNKNOWN_VEHICLE, Vehicle
from firmware_bridge.monitor.colours import state_colour
from firmware_bridge.protocol.database import definitions
from firmware_bridge.protocol.frame import id_text
from firmware_bridge.reception.frame_filter import signals_line

_MOST_WIDTH_PX = 1920
_TEXT_PX, _ROW_PX, _MARGIN_PX = 10.0, 17, 8
_NAMES_PX = 256  # of the columns before the signals
_FRESH_S = 0.15  # a frame that came so lately is white


class Beside:
    """Extends annotated pictures; `from_s` is the time of the first one, by the clip's event.

    `forward` and `bus` are None where the recording has none.
    """

    def __init__(
        self, layout: Layout, from_s: float, forward: ForwardPictures | None, bus: BusLog | None
    ) -> None:
        self._from_s, self._forward, self._bus = from_s, forward, bus
        if forward is not None:
            forward.advance()
        height, width = layout.shape
        self._picture_height = layout.height
        self._forward_width = 0
        if forward is not None and forward.picture is not None:
            rows, columns = forward.picture.shape[:2]
            self._forward_width = _even(layout.height * columns / rows)
        band = 0 if bus is None else _ROW_PX * (len(definitions()) + 1) + _MARGIN_PX
        self._whole = height + _even(band), width + self._forward_width
        self._scale = min(1.0, _MOST_WIDTH_PX / self._whole[1])
        self._first = True

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the pictures that `draw` returns, both even."""
        return _even(self._whole[0] * self._scale), _even(self._whole[1] * self._scale)

    def advance(self, time_s: float) -> Vehicle:
        """Go on to `time_s` after the first picture; return what the vehicle said then."""
        if self._forward is not None and not self._first:
            self._forward.advance()
        self._first = False
        if self._bus is None:
            return UNKNOWN_VEHICLE
        self._bus.advance(self._from_s + time_s)
        return self._bus.vehicle

    def columns(self, time_s: float) -> dict[str, Any]:
        """Return what a row of the table has besides: the time by the event, the bus's state."""
        columns: dict[str, Any] = {"event_time_s": round(self._from_s + time_s, 4)}
        if self._bus is not None:
            columns["bus_state"] = self._bus.state
        return columns

    def draw(self, annotated: Picture) -> Picture:
        """Return the picture with what is beside it."""
        whole = np.empty((*self._whole, 3), np.uint8)
        whole[:] = DARK
        height, width = annotated.shape[:2]
        whole[:height, :width] = annotated
        if self._forward is not None and self._forward.picture is not None:
            place = (slice(0, self._picture_height), slice(width, width + self._forward_width))
            whole[place] = _sized(self._forward.picture, self._forward_width, self._picture_height)
            corner = np.ascontiguousarray(whole[place])
            put_text(corner, "forward", (_MARGIN_PX, 20), 12, WHITE, bold=True)
            whole[place] = corner
        if self._bus is not None:
            band = np.ascontiguousarray(whole[height:])
            _draw_frames(band, self._bus)
            whole[height:] = band
        if self._scale < 1:
            smaller = cv2.resize(whole, self.shape[::-1], interpolation=cv2.INTER_AREA)
            whole = smaller.astype(np.uint8, copy=False)
        return whole


def _draw_frames(band: Picture, bus: BusLog) -> None:
    state = f"on the bus: {bus.state}"
    ink = colour(state_colour(bus.state))
    fill(band, 0, 0, band.shape[1], 2, ink)
    put_text(band, state, (_MARGIN_PX, _ROW_PX), 12, ink, bold=True)
    for row, heard in enumerate(bus.heard, start=1):
        _draw_frame(band, heard, _ROW_PX * (row + 1))


def _draw_frame(band: Picture, heard: Heard, y: float) -> None:
    judged = heard.judged
    ink = WHITE if heard.age_s <= _FRESH_S else GREY
    name = f"{id_text(judged.frame.can_id)} {judged.name}"
    put_text(band, name, (_MARGIN_PX, y), _TEXT_PX, ink)
    age = f"{heard.age_s:.2f} s"
    put_text(band, age, (_NAMES_PX - text_width(age, _TEXT_PX), y), _TEXT_PX, GREY)
    text = signals_line(judged) if judged.usable else judged.status.value
    room = band.shape[1] - _NAMES_PX - 3 * _MARGIN_PX
    left = _NAMES_PX + 2 * _MARGIN_PX
    put_text(band, _cut(text.encode("ascii", "replace").decode(), room), (left, y), _TEXT_PX, ink)


def _cut(text: str, room: float) -> str:
    """Return as many whole words of `text` as there is room for, and dots for the rest."""
    if text_width(text, _TEXT_PX) <= room:
        return text
    words = text.split(" ")
    while words and text_width(" ".join([*words, "..."]), _TEXT_PX) > room:
        words.pop()
    return " ".join([*words, "..."])


def _sized(picture: NDArray[np.uint8], width: int, height: int) -> Picture:
    colours = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
    return cv2.resize(colours, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2)) if value else 0
