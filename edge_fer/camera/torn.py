"""Detects incomplete frames: a USB packet was lost, or a JPEG was truncated."""

import numpy as np
from numpy.typing import NDArray

# Decoders fill what is missing with one grey. This share of the rows is enough to be sure.
_FILLED_SHARE = 1 / 16
# Clipped black and white are as even as that in a whole frame, too: a night, a lamp, a film's bars.
_CLIPPED = (0, 255)
_SAMPLE_STEP = 4


def is_torn(grey: NDArray[np.uint8]) -> bool:
    """Return whether the lowest rows of a frame (uint8[h,w]) are filling and not picture.

    Except for clipped rows, no sensor gives a whole row of one value. A frame with only one value
    is not incomplete: it has no picture above the filling.
    """
    value = grey[-1, 0]
    if value in _CLIPPED:
        return False
    lowest = max(1, round(grey.shape[0] * _FILLED_SHARE))
    filled = bool((grey[-lowest:, ::_SAMPLE_STEP] == value).all())
    return filled and bool((grey[0] != value).any())
