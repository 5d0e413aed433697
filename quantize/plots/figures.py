"""Draws figures as PNG."""

from pathlib import Path
from typing import Any

import numpy as np

from edge_fer.emotions import LABELS
from edge_fer.errors import Extra, MissingPackageError, OutputError, OutputReason
from edge_fer.out_path import PICTURES, prepare_file
from firmware_bridge.plot_style import BLUE, WIDTH_IN, in_style, new_figure, write_figure
from quantize.data.fer2013 import Fer2013

_PANEL_IN = 2.6  # height of a usage's panel


def open_figure(height_in: float, width_in: float = WIDTH_IN) -> Any:
    """Return an empty matplotlib figure of that size; UserError when matplotlib is missing."""
    try:
        return new_figure(height_in, width_in)
    except ImportError as error:
        raise MissingPackageError(
            Extra.PLOT,
            f"plots need matplotlib: pip install 'edge-fer[plot]' ({error})",
        ) from error


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as its ending says; UserError as `check_figure_path`."""
    check_figure_path(path)
    try:
        write_figure(figure, path)
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{path}: cannot be written ({error.strerror})"
        ) from error


def check_figure_path(path: Path) -> None:
    """UserError unless a figure can go to `path`: for those that take long before they draw."""
    prepare_file(path, "--plot", PICTURES)


@in_style
def draw_distribution(dataset: Fer2013, path: Path) -> None:
    """Draw the rows by class, a panel for each usage, into a picture file.

    UserError when matplotlib is not installed or the file cannot be written.
    """
    usages = dataset.counts()
    figure = open_figure(_PANEL_IN * len(usages))
    panels = figure.subplots(len(usages), 1, squeeze=False)[:, 0]
    places = np.arange(len(LABELS))
    for panel, (usage, classes) in zip(panels, usages.items(), strict=True):
        rows = sum(classes.values())
        bars = panel.barh(places, list(classes.values()), color=BLUE)
        panel.bar_label(
            bars, [f"{count:,} ({count / rows:.1%})" for count in classes.values()], padding=3
        )
        panel.set_yticks(places, LABELS)
        panel.invert_yaxis()  # in the order of the labels, from the top
        panel.margins(x=0.2)
        panel.grid(False, axis="y")
        panel.set_title(f"{usage}: {rows:,} images")
    panels[-1].set_xlabel("images")
    save_figure(figure, path)
