"""Colour maps in the colours of `firmware_bridge.plot_style`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.plot_style import BLUE, ORANGE


def white_to_blue() -> Any:
    """Return the colour map of shares: white for 0, blue for 1."""
    return _colours("#ffffff", BLUE)


def blue_white_orange() -> Any:
    """Return the colour map of signed values: blue below 0.5, white there, orange above."""
    return _colours(BLUE, "#ffffff", ORANGE)


def in_colours(values: NDArray[Any], colour_map: Any) -> NDArray[np.float64]:
    """Return `values` (0..1, [height, width]) as float64[height, width, 3] in 0..1."""
    return np.asarray(colour_map(values), np.float64)[..., :3]


def _colours(*stops: str) -> Any:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415  # not on a device

    return LinearSegmentedColormap.from_list("edge-fer", stops)
