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

_DPI = 120
_BLUE, _ORANGE, _GREY = "#2b6ca3", "#d9822b", "#777777"  # as in the pipeline's own figures


def draw_device(figures: DeviceFigures, path: Path) -> None:
    """Draw the stages, how threads help and, where they were measured, the operators."""
    panels = 3 if figures.operators else 2
    figure, axes = _canvas(panels, (12.0, 5.0 + 3.0 * (panels - 2)), rows=panels - 1)
    stages = figures.stages.stages
    _bars(axes[0], {name: (times.p50_ms, times.p99_ms) for name, times in stages.items()})
    axes[0].set_xscale("log")
    axes[0].set_title("stages: p50, and p99 as a line", loc="left")
    threads = {
        counted(count, "thread"): (times.p50_ms, times.p99_ms)
        for count, times in figures.model.by_threads.items()
    }
    _bars(axes[1], threads)
    axes[1].set_title(f"{figures.model.path} alone, one face", loc="left")
    if figures.operators:
        names = {
            f"{place} {one.name.lower()}": (1000 * one.ms, None)
            for place, one in enumerate(figures.operators.operators, 1)
        }
        _bars(axes[2], names)
        axes[2].set_xlabel("µs")
        axes[2].set_title("its operators", loc="left")
    _finish(
        figure,
        _title(figures.machine, figures.before, figures.after, figures.invalid),
        path,
    )


def draw_drift(figures: DriftFigures, path: Path) -> None:
    """Draw each figure over the time of the run."""
    shown = [name for name in DRIFTING if name in figures.drift]
    figure, axes = _canvas(len(shown), (12.0, 2.2 * ((len(shown) + 1) // 2) + 0.8))
    minutes = [window.end_s / 60 for window in figures.windows]
    for place, (name, axis) in enumerate(zip(shown, axes, strict=False)):
        values = [DRIFTING[name](window) for window in figures.windows]
        axis.plot(minutes, values, color=_BLUE)
        axis.set_ylim(0, 1.1 * max((value for value in values if value), default=1.0))
        axis.set_title(f"{name} ({figures.drift[name].change:+.1%})", loc="left", fontsize=10)
        if place >= len(shown) - 2:
            axis.set_xlabel("minutes")
    _finish(
        figure,
        _title(figures.machine, figures.before, figures.after, figures.invalid),
        path,
    )


def draw_growth(growth: Growth, path: Path) -> None:
    """Draw what each thing that grows costs."""
    figure, axes = _canvas(5, (12.0, 10.0))
    pixels = [_megapixels(name) for name in growth.sizes]
    _frames(axes[0], pixels, list(growth.sizes.values()))
    axes[0].set_title("frame size, megapixels", loc="left")
    _frames(axes[1], list(growth.faces), list(growth.faces.values()))
    axes[1].set_title("faces in view, 1280x720", loc="left")
    axes[0].legend(frameon=False, fontsize=8)
    for axis, title, daemons in (
        (axes[2], "camera's frames a second", growth.rates),
        (axes[3], "cameras at 30 frames a second, a daemon each", growth.cameras),
    ):
        # What was asked for times what a frame takes: a busy machine gives fewer frames.
        asked = [count if daemons is growth.rates else FPS for count in daemons]
        pairs = zip(asked, daemons.values(), strict=True)
        cores = [fps * one.frame_ms / 1000 for fps, one in pairs]
        axis.plot(list(daemons), cores, "o-", color=_BLUE)
        axis.set_ylim(bottom=0)
        axis.set_ylabel("cores")
        axis.set_title(title, loc="left")
    threads = {
        counted(count, "thread"): (milliseconds, None)
        for count, milliseconds in growth.threads.items()
    }
    _bars(axes[4], threads)
    axes[4].set_title("the network by the clock, fastest run", loc="left")
    _finish(figure, _title(growth.machine, growth.before, growth.after), path)


def _megapixels(size: str) -> float:
    width, height = map(int, size.split("x"))
    return width * height / 1e6


def _frames(axis: Any, at: Sequence[float], costs: Sequence[FrameCost]) -> None:
    for name, colour, values in (
        ("whole search", _ORANGE, [cost.search_ms for cost in costs]),
        ("frame, looked for near", _GREY, [cost.detected_ms for cost in costs]),
        ("frame, followed", _BLUE, [cost.tracked_ms for cost in costs]),
        ("copy", "#2e9e4f", [cost.copy_ms for cost in costs]),
    ):
        axis.plot(at, values, "o-", color=colour, label=name)
    axis.set_ylim(bottom=0)
    axis.set_ylabel("ms of the processor")


def _bars(axis: Any, rows: Mapping[str, tuple[float, float | None]]) -> None:
    """Draw a bar a row from its first value on, and a line up to its second."""
    names = list(rows)
    axis.barh(names, [value for value, _ in rows.values()], color=_BLUE)
    for place, (value, top) in enumerate(rows.values()):
        if top is not None:
            axis.plot([value, top], [place, place], color=_ORANGE, linewidth=2)
    axis.invert_yaxis()
    axis.set_xlabel("ms")


def _canvas(panels: int, inches: tuple[float, float], rows: int | None = None) -> tuple[Any, Any]:
    # Not pyplot: it keeps figures, and would want a screen.
    from matplotlib.figure import Figure  # noqa: PLC0415  # not on a device

    rows = rows or (panels + 1) // 2
    figure = Figure(figsize=inches, dpi=_DPI)
    axes = [figure.add_subplot(rows, 2, place + 1) for place in range(panels)]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    return figure, axes


def _title(
    machine: Machine, before: Conditions, after: Conditions, invalid: Sequence[str] = ()
) -> str:
    text = f"{machine.board}, {machine.processor}, {machine.cores} cores, load "
    text += f"{before.load:.1f} before and {after.load:.1f} after"
    return text + "".join(f"\nINVALID: {reason}" for reason in invalid)


def _finish(figure: Any, title: str, path: Path) -> None:
    figure.suptitle(title, fontsize=10, color=_GREY)
    figure.tight_layout()
    try:
        figure.savefig(path)
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"--plot {path}: cannot be written ({error.strerror})"
        ) from error
