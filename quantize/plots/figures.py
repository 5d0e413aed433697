"""Draws figures as PNG."""

from pathlib import Path
from typing import Any

import numpy as np

from edge_fer.emotions import LABELS
from edge_fer.errors import Extra, MissingPackageError, OutputError, OutputReason
from edge_fer.out_path import PICTURES, prepare_file
from quantize.data.fer2013 import Fer2013
from quantize.plots.style import BLUE, plain

DPI = 120


def open_figure(width_in: float, height_in: float) -> Any:
    """Return an empty matplotlib figure of that size; UserError when matplotlib is missing."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # not on a device
    except ImportError as error:
        raise MissingPackageError(
            Extra.PLOT,
            f"figures need matplotlib: pip install 'edge-fer[plot]' ({error})",
        ) from error
    return Figure(figsize=(width_in, height_in), layout="constrained")


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as its ending says; UserError as `check_figure_path`."""
    check_figure_path(path)
    # Without what differs from one run to the next: the version of matplotlib, the date.
    changing = {".png": "Software", ".svg": "Date", ".pdf": "CreationDate"}[path.suffix.lower()]
    try:
        figure.savefig(path, dpi=DPI, metadata={changing: None})
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{path}: cannot be written ({error.strerror})"
        ) from error


def check_figure_path(path: Path) -> None:
    """UserError unless a figure can go to `path`: for those that take long before they draw."""
    prepare_file(path, "--plot", PICTURES)


def draw_distribution(dataset: Fer2013, path: Path) -> None:
    """Draw the rows by class, a panel for each usage, into a PNG file.

    UserError when matplotlib is not installed or the file cannot be written.
    """
    usages = dataset.counts()
    figure = open_figure(1 + 4.5 * len(usages), 3.6)
    panels = figure.subplots(1, len(usages), squeeze=False)[0]
    places = np.arange(len(LABELS))
    for panel, (usage, classes) in zip(panels, usages.items(), strict=True):
        rows = sum(classes.values())
        bars = panel.barh(places, list(classes.values()), color=BLUE)
        panel.bar_label(
            bars, [f"{count:,} ({count / rows:.1%})" for count in classes.values()], padding=3
        )
        panel.set_yticks(places, LABELS)
        panel.invert_yaxis()  # in the order of the labels, from the top
        panel.margins(x=0.3)
        panel.set_title(f"{usage}: {rows:,} images")
        panel.set_xlabel("images")
        plain(panel)
    save_figure(figure, path)
