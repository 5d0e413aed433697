"""Plots a monitor session: driver, emotions, machine and line over one time axis."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from itertools import cycle, groupby
from pathlib import Path
from textwrap import fill
from typing import Any

from firmware_bridge.errors import OutputError, OutputReason
from firmware_bridge.monitor.colours import EMOTION_COLOURS, state_colour
from firmware_bridge.monitor.signal_names import SignalName
from firmware_bridge.monitor.sources import Source
from firmware_bridge.monitor.track import Course, Track
from firmware_bridge.plot_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SERIES,
    SMALL_PT,
    in_style,
    legend_beside,
    new_figure,
    write_figure,
)
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.messages import EMOTION_SIGNALS
from firmware_bridge.reception.supervision import FrameStatus, JudgedFrame
from firmware_bridge.reception.watching import Line, StateChange, Summary, Watch, course_name

Panel = tuple[float, Callable[[Any], None]]
"""Its height in inches, and what draws it."""

_ENDINGS = (".png", ".svg", ".pdf")
_TITLE_CHARACTERS = 110  # a line of the title
_LABEL_SHARE = 0.15  # of the width: what a request takes in words
_FAULT_COLOURS = {
    FrameStatus.SOME_LOST: ORANGE,
    FrameStatus.REPEATED: PURPLE,
    FrameStatus.WRONG_CRC: RED,
    FrameStatus.WRONG_SEQUENCE: SERIES[6],
    FrameStatus.WRONG_LENGTH: INK,
    FrameStatus.STALE: GREY,
}


class PlotView:
    """A view of the monitor that writes a plot of the whole session at the end.

    With `signals`, only these are drawn below the states. The constructor raises BridgeError if
    matplotlib is missing or the file cannot be written.
    """

    def __init__(self, path: Path, source: Source, signals: Sequence[SignalName] = ()) -> None:
        if path.suffix.lower() not in _ENDINGS:
            raise OutputError(
                OutputReason.BAD_NAME,
                f"plot: {path}: use a name that ends in {', '.join(_ENDINGS)}",
            )
        if not path.absolute().parent.is_dir():
            raise OutputError(
                OutputReason.NO_FOLDER, f"plot: {path}: there is no folder {path.parent}"
            )
        if find_spec("matplotlib") is None:
            raise OutputError(
                OutputReason.MISSING_PACKAGE,
                "a plot needs matplotlib: pip install 'edge-fer[plot]'",
            )
        self._path = path
        self._source = source
        self._track = Track(signals)
        self._watch: Watch | None = None
        self._now_s = 0.0

    def frame(self, judged: JudgedFrame, watch: Watch) -> None:
        """Store the plotted values of the frame."""
        self._track.take(judged)

    def refresh(self, watch: Watch, line: Line, now_s: float) -> None:
        """Store the duration of the session."""
        self._watch, self._now_s = watch, now_s

    def end(self, summary: Summary) -> None:
        """Draw; BridgeError if there is nothing to draw or the file cannot be written."""
        watch = self._watch
        if watch is None or not watch.history:
            raise OutputError(
                OutputReason.NOTHING_RECEIVED,
                f"plot: {self._path}: no driver state was received, so there is nothing to draw",
            )
        start_s, end_s = watch.start_s, max(self._now_s, watch.start_s + 1.0)
        began = datetime.fromtimestamp(self._source.wall_s(start_s), UTC)
        title = f"{self._source.uri}, {summary.good_frames} good frames of {summary.frames}"
        # A recording may hold only the time since its start.
        if began.year > 1971:
            title += f", {began:%Y-%m-%d %H:%M:%S} UTC"
        figure = draw(self._track, list(watch.history), start_s, end_s, title)
        try:
            write_figure(figure, self._path)
        except OSError as error:
            raise OutputError(
                OutputReason.NOT_WRITABLE,
                f"plot: {self._path}: cannot be written ({error.strerror})",
            ) from error


@in_style
def draw(
    track: Track, history: Sequence[StateChange], start_s: float, end_s: float, title: str
) -> Any:
    """Return a matplotlib figure of the session between the two times."""
    lanes = _lanes(history)
    panels: list[Panel] = [
        (0.2 + 0.26 * len(lanes), lambda axes: _draw_states(axes, track, history, lanes, end_s))
    ]
    panels += _panels_of(track) if track.wanted else _usual_panels(track)
    heights = [height for height, _ in panels]
    figure = new_figure(sum(heights) + 0.35 * len(panels) + 0.6)
    figure.suptitle(fill(title, _TITLE_CHARACTERS), x=0.01, ha="left")
    for axes, (_, draw_panel) in zip(
        figure.subplots(len(panels), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0],
        panels,
        strict=True,
    ):
        draw_panel(axes)
    axes.set_xlim(start_s, end_s)
    _label_time(axes, start_s, end_s)
    return figure


def _usual_panels(track: Track) -> list[Panel]:
    """Return the panels that a plot has where no signals are named."""
    panels: list[Panel] = [(1.7, lambda axes: _draw_emotions(axes, track))]
    drowsiness = track.known(("Confidence", "Drowsiness", "Distraction"))
    if drowsiness:
        panels.append((1.1, partial(_draw_courses, courses=drowsiness, unit="%", highest=100)))
    look = track.known(("Yaw", "Pitch", "GazeYaw", "GazePitch"))
    if look:
        panels.append((1.1, partial(_draw_courses, courses=look, unit="°", lowest=None)))
    for names, unit in (
        (("LidOpening",), "%"),
        (("EyesUnseen", "HeadUnseen"), "s"),
        (("Speed",), "km/h"),
        (("CameraRate", "FrameRate", "FaceRate", "EmotionRate"), "fps"),
        (("Latency",), "ms"),
        (("Temperature",), "°C"),
    ):
        course = track.known(names)
        if course:
            panels.append((0.75, partial(_draw_courses, courses=course, unit=unit)))
    panels.append((1.4, lambda axes: _draw_line(axes, track)))
    return panels


def _panels_of(track: Track) -> list[Panel]:
    """Return a panel for each signal that was named; neighbours with one unit share theirs."""
    panels: list[Panel] = []
    for (unit, codes), names in groupby(track.wanted, key=lambda n: (_unit(n), _codes(n))):
        courses = {name: track.wanted[name] for name in names}
        if not codes:
            panels.append((0.75, partial(_draw_signals, courses=courses, unit=unit)))
            continue
        for name, course in courses.items():
            lanes = sorted({int(value) for value in course.values if value is not None})
            height = 0.2 + 0.2 * max(len(lanes), 1)
            panels.append((height, partial(_draw_code, name=name, course=course, lanes=lanes)))
    return panels


def _unit(name: SignalName) -> str:
    return name.definition.unit.replace("deg", "°")


def _codes(name: SignalName) -> bool:
    """Whether the values of a signal are codes with names."""
    known = name.definition
    return bool(known.names.keys() - {known.not_available_raw})


def _draw_signals(axes: Any, courses: dict[SignalName, Course], unit: str) -> None:
    for (name, course), colour in zip(courses.items(), cycle(SERIES), strict=False):
        _step(axes, course, _words(name.signal), colour)
    axes.set_ylabel(unit)
    axes.set_title(", ".join(_heading(name, course) for name, course in courses.items()))
    if len(courses) > 1:
        legend_beside(axes)


def _draw_code(axes: Any, name: SignalName, course: Course, lanes: list[int]) -> None:
    """Draw a signal whose values are codes: one lane for each that occurred, by its name."""
    rows = [None if value is None else float(lanes.index(int(value))) for value in course.values]
    axes.plot(course.times_s, _numbers(rows), drawstyle="steps-post", color=BLUE, linewidth=2)
    axes.set_yticks(range(len(lanes)), [str(name.definition.named(code)) for code in lanes])
    axes.set_ylim(max(len(lanes), 1) - 0.5, -0.5)
    axes.set_title(_heading(name, course))


def _heading(name: SignalName, course: Course) -> str:
    return str(name) if course.is_known else f"{name} (never available)"


def _lanes(history: Sequence[StateChange]) -> list[str]:
    """Return the states that occurred, each once, in the order of their codes; unknown last."""
    seen = {change.state for change in history}
    codes = sorted(code for code in seen if code is not None)
    return [course_name(code) for code in codes] + ([course_name(None)] if None in seen else [])


def _draw_states(
    axes: Any, track: Track, history: Sequence[StateChange], lanes: list[str], end_s: float
) -> None:
    ends_s = [change.time_s for change in history[1:]] + [end_s]
    for change, until_s in zip(history, ends_s, strict=True):
        name = course_name(change.state)
        # A state of a moment still shows.
        width_s = max(until_s - change.time_s, (end_s - history[0].time_s) / 600)
        axes.barh(
            lanes.index(name),
            width_s,
            left=change.time_s,
            height=0.7,
            color=state_colour(name),
        )
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - (-0.2 if track.requests else 0.4), -0.6)
    _draw_requests(axes, track, (end_s - history[0].time_s) * _LABEL_SHARE)
    axes.grid(False, axis="y")
    axes.set_title("driver state")


def _draw_requests(axes: Any, track: Track, apart_s: float) -> None:
    """Mark what the driver was asked, below the states; in words where there is room for them."""
    labelled_s = float("-inf")
    for time_s, kind in track.requests:
        axes.axvline(time_s, color=PURPLE, linewidth=1, linestyle=":")
        if time_s < labelled_s + apart_s:
            continue
        labelled_s = time_s
        axes.annotate(
            f" {kind}?",
            (time_s, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            fontsize=SMALL_PT,
            color=PURPLE,
        )


def _draw_emotions(axes: Any, track: Track) -> None:
    known = track.known(EMOTION_SIGNALS)
    for name, colour in zip(EMOTION_SIGNALS, EMOTION_COLOURS, strict=True):
        if name in known:
            _step(axes, known[name], name.lower(), colour)
    axes.set_ylim(0, 100)
    axes.set_ylabel("%")
    axes.set_title("emotion")
    legend_beside(axes)


def _draw_courses(
    axes: Any,
    courses: dict[str, Course],
    unit: str,
    *,
    lowest: float | None = 0,
    highest: float | None = None,
) -> None:
    for (name, course), colour in zip(courses.items(), SERIES, strict=False):
        _step(axes, course, _words(name), colour)
    axes.set_ylim(lowest, highest)
    axes.set_ylabel(unit)
    axes.set_title(", ".join(_words(name) for name in courses))
    if len(courses) > 1:
        legend_beside(axes)


def _draw_line(axes: Any, track: Track) -> None:
    """Draw how evenly the messages came, and mark each frame that was not in order."""
    for (name, course), colour in zip(track.intervals.items(), SERIES, strict=False):
        milliseconds = [None if v is None else v * 1000 for v in course.values]
        axes.plot(
            course.times_s, _numbers(milliseconds), ".", markersize=2.5, color=colour, label=name
        )
        cycle_s = definition(name).cycle_s
        if cycle_s is not None:
            axes.axhline(cycle_s * 1000, color=colour, linewidth=0.8, alpha=0.5)
    for status, colour in _FAULT_COLOURS.items():
        times_s = [fault.time_s for fault in track.faults if fault.status is status]
        if times_s:
            label = f"{status.value.replace('_', ' ')} ({len(times_s)})"
            axes.plot(
                times_s,
                [0.96] * len(times_s),
                "v",
                markersize=5,
                color=colour,
                label=label,
                transform=axes.get_xaxis_transform(),
            )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("ms")
    axes.set_title("time between frames; lines: the cycles")
    legend_beside(axes)


def _step(axes: Any, course: Course, label: str, colour: str) -> None:
    axes.plot(
        course.times_s,
        _numbers(course.values),
        drawstyle="steps-post",
        color=colour,
        label=label,
    )


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _label_time(axes: Any, start_s: float, end_s: float) -> None:
    """Count from the start, in minutes where it is long."""
    unit, seconds = ("s", 1.0) if end_s - start_s < 300 else ("min", 60.0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{(value - start_s) / seconds:g}")
    steps = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 1440)
    span = (end_s - start_s) / seconds
    step = next((step for step in steps if span / step <= 14), steps[-1])
    count = int(span / step) + 1
    axes.set_xticks([start_s + index * step * seconds for index in range(count)])
    axes.set_xlabel(f"{unit} since the start")


def _words(signal: str) -> str:
    """Return `FrameRate` as `frame rate`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in signal).strip()
