"""The one style of all plots: sizes, fonts, colours, grid, legends, and how a file is written.

A picture is at most as wide as a page of the README, so that its text stays readable there. Legends
stand beside the curves and never on them. matplotlib is imported only where something is drawn.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

WIDTH_IN = 8.0  # with DPI as wide as a README is shown
DPI = 120
SMALL_PT, TEXT_PT, TITLE_PT = 8.0, 9.0, 10.0

INK = "#222222"
GREY = "#777777"  # helping lines
BLUE = "#2b6ca3"  # what is measured
ORANGE = "#d9822b"  # what it is compared with, and what is wrong
GREEN, PURPLE, RED = "#2e9e4f", "#8e63c7", "#d62728"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, RED, "#17a2b8", "#8c564b", GREY)
"""The colours of curves side by side, in their order."""

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along
    "font.size": TEXT_PT,
    "figure.titlesize": TEXT_PT,
    "axes.titlesize": TITLE_PT,
    "axes.titlelocation": "left",
    "axes.labelsize": TEXT_PT,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "legend.fontsize": SMALL_PT,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.0,
    "svg.hashsalt": "edge-fer",  # the same names in each file
}
# What differs between two runs that draw the same: the version of matplotlib, the date.
_CHANGING = {".png": "Software", ".svg": "Date", ".pdf": "CreationDate"}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def in_style(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return `draw` with the style in force while it runs; its own error without matplotlib."""

    @wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            import matplotlib as mpl  # noqa: PLC0415  # not on a device
        except ImportError:
            return draw(*args, **kwargs)
        with mpl.rc_context(_SETTINGS):
            return draw(*args, **kwargs)

    return drawn


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Any:
    """Return an empty figure; ImportError without matplotlib."""
    # Not pyplot: it keeps figures, and would want a screen.
    from matplotlib.figure import Figure  # noqa: PLC0415  # not on a device

    return Figure(figsize=(width_in, height_in), layout="constrained")


def legend_beside(axes: Any) -> None:
    """Put the legend of `axes` to the right of them, level with their top."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)


def legend_below(figure: Any, columns: int) -> None:
    """Put one legend for all axes of `figure` below them."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(entries.values(), entries, loc="outside lower center", ncols=columns)


@in_style
def write_figure(figure: Any, path: Path) -> None:
    """Write `figure` as the ending of `path` says: .png, .svg or .pdf; OSError as `open`."""
    figure.savefig(path, dpi=DPI, metadata={_CHANGING[path.suffix.lower()]: None})
