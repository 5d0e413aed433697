"""Draws a benchmark's result: stages, threads and operators, or a long run over its time."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge_fer.benchmark.drift import DRIFTING, DriftFigures
from edge_fer.benchmark.figures import DeviceFigures
from edge_fer.errors import UserError

_ENDINGS = (".png", ".svg", ".pdf")
_DPI = 120
_BLUE, _ORANGE, _GREY = "#2b6ca3", "#d9822b", "#777777"  # as in the pipeline's own figures


def check_plot(path: Path) -> None:
    """UserError, before minutes are measured, where nothing can be drawn into `path`."""
    if path.suffix.lower() not in _ENDINGS:
        raise UserError(f"--plot {path}: use a name that ends in {', '.join(_ENDINGS)}")
    if not path.absolute().parent.is_dir():
        raise UserError(f"--plot {path}: there is no folder {path.parent}")
    if find_spec("matplotlib") is None:
        raise UserError("--plot needs matplotlib: pip install 'edge-fer[workstation]'")


def draw_device(figures: DeviceFigures, path: Path) -> None:
    """Draw the stages, how threads help and, where they were measured, the operators."""
    panels = 3 if figures.operators else 2
    figure, axes = _canvas(panels, (12.0, 5.0 + 3.0 * (panels - 2)), rows=panels - 1)
    stages = figures.stages.stages
    _bars(axes[0], {name: (times.p50_ms, times.p99_ms) for name, times in stages.items()})
    axes[0].set_xscale("log")
    axes[0].set_title("stages: p50, and p99 as a line", loc="left")
    threads = {
        f"{count} thread{'s' if count > 1 else ''}": (times.p50_ms, times.p99_ms)
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
    _finish(figure, _title(figures), path)


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
    _finish(figure, _title(figures), path)


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


def _title(figures: DeviceFigures | DriftFigures) -> str:
    machine = figures.machine
    text = f"{machine.board}, {machine.processor}, {machine.cores} cores, load "
    text += f"{figures.before.load:.1f} before and {figures.after.load:.1f} after"
    return text + "".join(f"\nINVALID: {reason}" for reason in figures.invalid)


def _finish(figure: Any, title: str, path: Path) -> None:
    figure.suptitle(title, fontsize=10, color=_GREY)
    figure.tight_layout()
    try:
        figure.savefig(path)
    except OSError as error:
        raise UserError(f"--plot {path}: cannot be written ({error.strerror})") from error
