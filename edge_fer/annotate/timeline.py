"""The states of a clip as a coloured strip: below the video, and of the whole clip as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_fer.annotate.drawing import GREY, WHITE, Picture, colour, fill, put_text, text_width
from edge_fer.driver_state.states import DriverState
from edge_fer.live.scene import Scene
from firmware_bridge.monitor.colours import state_colour

_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_LIVE_S = 60.0  # what the strip shows where the end is not known


@dataclass(frozen=True, slots=True)
class Span:
    """One state from `start_s` to `end_s`, counted from the first picture."""

    state: DriverState
    start_s: float
    end_s: float


@dataclass
class Timeline:
    """Collects the states so far. `length_s` is that of the clip; None where it is not known."""

    length_s: float | None
    spans: list[Span] = field(default_factory=list)

    def add(self, scene: Scene) -> None:
        """Add the next picture's state."""
        last = self.spans[-1] if self.spans else None
        if last is not None and last.state is scene.state:
            self.spans[-1] = Span(last.state, last.start_s, scene.time_s)
            return
        if last is not None:
            self.spans[-1] = Span(last.state, last.start_s, scene.time_s)
        self.spans.append(Span(scene.state, scene.time_s, scene.time_s))

    def window(self) -> tuple[float, float]:
        """Return from when to when the strip reaches."""
        now_s = self.spans[-1].end_s if self.spans else 0.0
        if self.length_s is not None:
            return 0.0, max(self.length_s, now_s, 1.0)
        return max(now_s - _LIVE_S, 0.0), max(now_s, _LIVE_S)


def draw_timeline(strip: Picture, timeline: Timeline, unit: float) -> None:
    """Fill `strip` with the states so far and a scale of seconds."""
    height, width = strip.shape[:2]
    start_s, end_s = timeline.window()
    margin = 6.0 * unit
    inner = width - 2 * margin
    top, bottom = 5.0 * unit, height - 15.0 * unit

    def x(time_s: float) -> float:
        return float(margin + (time_s - start_s) / (end_s - start_s) * inner)

    fill(strip, margin, top, width - margin, bottom, (58, 55, 52))
    for span in timeline.spans:
        if span.end_s >= start_s:
            left = x(max(span.start_s, start_s))
            right = max(x(span.end_s), left + 1.0)  # a state of a moment still shows
            fill(strip, left, top, right, bottom, colour(state_colour(span.state.label)))
    if timeline.spans:
        now = x(timeline.spans[-1].end_s)
        fill(strip, now - unit, top - 3 * unit, now + unit, bottom + 3 * unit, WHITE)
    text_px = 8.0 * unit
    for time_s in ticks(start_s, end_s, (width - 2 * margin) / (60 * unit)):
        label = f"{time_s:g} s" if end_s < 600 else f"{time_s / 60:g} min"
        at = min(x(time_s), width - margin - text_width(label, text_px))
        put_text(strip, label, (at, height - 3.0 * unit), text_px, GREY)


def ticks(start_s: float, end_s: float, most: float) -> Sequence[float]:
    """Return round times from `start_s` to `end_s`, about `most` of them at the most."""
    step_s = next(
        (step for step in _STEPS_S if (end_s - start_s) / step <= max(most, 1.0)), _STEPS_S[-1]
    )
    first = int(np.ceil(start_s / step_s))
    return [step_s * index for index in range(first, int(end_s // step_s) + 1)]
