"""Brings a crop to the same range of grey values in any light."""

import cv2
import numpy as np
from numpy.typing import NDArray

# Between these shares of the pixels, darkest first, the range is stretched.
_DARK, _BRIGHT = 0.03, 0.97
_DARK_TO, _BRIGHT_TO = 32.0, 224.0
_MOST_GAIN = 12.0  # more would only brighten noise
_STEPS = np.arange(256, dtype=np.float32)


def levelled(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `crop` (uint8[h,w]) with its darkest and brightest parts at fixed grey values."""
    sample = crop[::2, ::2].ravel()
    low_rank, high_rank = int(_DARK * sample.size), int(_BRIGHT * sample.size)
    ranked = np.partition(sample, (low_rank, high_rank))
    low, high = float(ranked[low_rank]), float(ranked[high_rank])
    gain = min((_BRIGHT_TO - _DARK_TO) / max(high - low, 1.0), _MOST_GAIN)
    middle = (low + high) / 2
    table = np.rint((_STEPS - middle) * gain + (_DARK_TO + _BRIGHT_TO) / 2)
    table = np.minimum(np.maximum(table, 0), 255)
    return cv2.LUT(crop, table.astype(np.uint8)).astype(np.uint8, copy=False)
