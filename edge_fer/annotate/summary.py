"""The whole clip's states as one picture: a lane for each state that occurred."""

from pathlib import Path

import cv2
import numpy as np

from edge_fer.annotate.drawing import DARK, GREY, WHITE, colour, fill, put_text, text_width
from edge_fer.annotate.timeline import Timeline, ticks
from edge_fer.errors import OutputError, OutputReason
from firmware_bridge.monitor.colours import state_colour

_WIDTH_PX, _LANE_PX, _TEXT_PX = 1200, 34, 14.0
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX = 170, 110, 44, 36


def draw_summary(timeline: Timeline, path: Path, title: str) -> None:
    """Write the time line as a PNG, with how long each state held. OutputError where that fails."""
    states = sorted({span.state for span in timeline.spans})
    end_s = max((span.end_s for span in timeline.spans), default=0.0)
    end_s = max(end_s, 0.1)
    height = _TOP_PX + max(len(states), 1) * _LANE_PX + _BOTTOM_PX
    picture = np.empty((height, _WIDTH_PX, 3), np.uint8)
    picture[:] = DARK
    ascii_title = title.encode("ascii", "replace").decode()
    put_text(picture, ascii_title, (12, 26), _TEXT_PX, WHITE)

    def x(time_s: float) -> float:
        return _LEFT_PX + time_s / end_s * (_WIDTH_PX - _LEFT_PX - _RIGHT_PX)

    for time_s in ticks(0.0, end_s, 14):
        fill(picture, x(time_s), _TOP_PX, x(time_s) + 1, height - _BOTTOM_PX, (58, 55, 52))
        label = f"{time_s:g} s"
        at = x(time_s) - text_width(label, 11) / 2
        put_text(picture, label, (at, height - 12), 11, GREY)
    for lane, state in enumerate(states):
        top = _TOP_PX + lane * _LANE_PX
        put_text(picture, state.label, (12, top + 23), _TEXT_PX, WHITE)
        ink = colour(state_colour(state.label))
        held_s = 0.0
        for span in timeline.spans:
            if span.state is state:
                held_s += span.end_s - span.start_s
                right = max(x(span.end_s), x(span.start_s) + 2)
                fill(picture, x(span.start_s), top + 6, right, top + _LANE_PX - 6, ink)
        put_text(picture, f"{held_s:.1f} s", (_WIDTH_PX - _RIGHT_PX + 14, top + 23), _TEXT_PX, GREY)
    _, encoded = cv2.imencode(".png", picture)
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{path}: cannot be written ({error.strerror})"
        ) from error
