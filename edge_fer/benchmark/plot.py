"""Draws a benchmark's result: stages, threads and operators, or a long run over its time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge_fer.benchmark.conditions import Conditions, Machine
from edge_fer.benchmark.drift import DRIFTING, DriftFigures
from edge_fer.benchmark.figures import DeviceFigures
from edge_fer.benchmark.growth import FPS, FrameCost, Growth
from edge_fer.errors import OutputError, OutputReason
from firmware_bridge.counted import counted
from firmware_bridge.plot_style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    in_style,
    legend_below,
    new_figure,
    write_figure,
)

_ROW_IN = 2.2  # height of a row of panels


@in_style
def draw_device(figures: DeviceFigures, path: Path) -> None:
    """Draw the stages, how threads help and, where they were measured, the operators."""
    panels = 3 if figures.operators else 2
    figure, axes = _canvas(panels)
    stages = figures.stages.stages
    _bars(axes[0], {name: (times.p50_ms, times.p99_ms) for name, times in stages.items()})
    axes[0].set_xscale("log")
    axes[0].set_title("stages: p50, and p99 as a line")
    threads = {
        counted(count, "thread"): (times.p50_ms, times.p99_ms)
        for count, times in figures.model.by_threads.items()
    }
    _bars(axes[1], threads)
    axes[1].set_title(f"{figures.model.path} alone, one face")
    if figures.operators:
        names = {
            f"{place} {one.name.lower()}": (1000 * one.ms, None)
            for place, one in enumerate(figures.operators.operators, 1)
        }
        _bars(axes[2], names)
        axes[2].set_xlabel("µs")
        axes[2].set_title("its operators")
    _finish(
        figure,
        _title(figures.machine, figures.before, figures.after, figures.invalid),
        path,
    )


@in_style
def draw_drift(figures: DriftFigures, path: Path) -> None:
    """Draw each figure over the time of the run."""
    shown = [name for name in DRIFTING if name in figures.drift]
    figure, axes = _canvas(len(shown))
    minutes = [window.end_s / 60 for window in figures.windows]
    for place, (name, axis) in enumerate(zip(shown, axes, strict=False)):
        values = [DRIFTING[name](window) for window in figures.windows]
        axis.plot(minutes, values, color=BLUE)
        axis.set_ylim(0, 1.1 * max((value for value in values if value), default=1.0))
        axis.set_title(f"{name} ({figures.drift[name].change:+.1%})")
        if place >= len(shown) - 2:
            axis.set_xlabel("minutes")
    _finish(
        figure,
        _title(figures.machine, figures.before, figures.after, figures.invalid),
        path,
    )


@in_style
def draw_growth(growth: Growth, path: Path) -> None:
    """Draw what each thing that grows costs."""
    figure, axes = _canvas(5)
    pixels = [_megapixels(name) for name in growth.sizes]
    _frames(axes[0], pixels, list(growth.sizes.values()))
    axes[0].set_title("by frame size")
    axes[0].set_xlabel("megapixels")
    _frames(axes[1], list(growth.faces), list(growth.faces.values()))
    axes[1].set_title("by faces in view, 1280x720")
    axes[1].set_xlabel("faces")
    for axis, title, name, daemons in (
        (axes[2], "by frame rate", "frames/s of the camera", growth.rates),
        (axes[3], f"by cameras at {FPS:g} frames/s, a daemon each", "cameras", growth.cameras),
    ):
        # What was asked for times what a frame takes: a busy machine gives fewer frames.
        asked = [count if daemons is growth.rates else FPS for count in daemons]
        pairs = zip(asked, daemons.values(), strict=True)
        cores = [fps * one.frame_ms / 1000 for fps, one in pairs]
        axis.plot(list(daemons), cores, "o-", color=BLUE)
        axis.set_ylim(bottom=0)
        axis.set_ylabel("processor cores")
        axis.set_xlabel(name)
        axis.set_title(title)
    axes[3].set_xticks(list(growth.cameras))
    threads = {
        counted(count, "thread"): (milliseconds, None)
        for count, milliseconds in growth.threads.items()
    }
    _bars(axes[4], threads)
    axes[4].set_title("the network, elapsed time of the fastest run")
    legend_below(figure, 4)
    _finish(figure, _title(growth.machine, growth.before, growth.after), path)


def _megapixels(size: str) -> float:
    width, height = map(int, size.split("x"))
    return width * height / 1e6


def _frames(axis: Any, at: Sequence[float], costs: Sequence[FrameCost]) -> None:
    for name, colour, values in (
        ("search of the whole frame", ORANGE, [cost.search_ms for cost in costs]),
        ("frame, face found anew", GREY, [cost.detected_ms for cost in costs]),
        ("frame, tracked", BLUE, [cost.tracked_ms for cost in costs]),
        ("copy", GREEN, [cost.copy_ms for cost in costs]),
    ):
        axis.plot(at, values, "o-", color=colour, label=name)
    axis.set_ylim(bottom=0)
    axis.set_ylabel("processor time (ms)")


def _bars(axis: Any, rows: Mapping[str, tuple[float, float | None]]) -> None:
    """Draw a bar a row from its first value on, and a line up to its second."""
    names = list(rows)
    axis.barh(names, [value for value, _ in rows.values()], color=BLUE)
    for place, (value, top) in enumerate(rows.values()):
        if top is not None:
            axis.plot([value, top], [place, place], color=ORANGE, linewidth=2)
    axis.invert_yaxis()
    axis.grid(False, axis="y")
    axis.set_xlabel("ms")


def _canvas(panels: int) -> tuple[Any, list[Any]]:
    """Return a figure with `panels` in two columns."""
    rows = (panels + 1) // 2
    figure = new_figure(_ROW_IN * rows + 0.6)
    return figure, [figure.add_subplot(rows, 2, place + 1) for place in range(panels)]


def _title(
    machine: Machine, before: Conditions, after: Conditions, invalid: Sequence[str] = ()
) -> str:
    text = f"{machine.board}, {machine.processor}, {machine.cores} cores, load "
    text += f"{before.load:.1f} before and {after.load:.1f} after"
    return text + "".join(f"\nINVALID: {reason}" for reason in invalid)


def _finish(figure: Any, title: str, path: Path) -> None:
    figure.suptitle(title, color=GREY)
    try:
        write_figure(figure, path)
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"--plot {path}: cannot be written ({error.strerror})"
        ) from error
