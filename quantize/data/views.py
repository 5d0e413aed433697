"""Views of a face whose answers are averaged: its mirror image and its crops.

Krizhevsky, Sutskever and Hinton 2012, "ImageNet Classification with Deep Convolutional Neural
Networks", average over ten: the four corners, the centre, and the mirror image of each. The best
single networks on FER2013 are measured so too (Khaireddin and Chen 2021, arXiv:2105.03588).
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

VIEWS: tuple[int, ...] = (1, 2, 10)
"""The face alone; with its mirror image; five crops, each with its mirror image."""
_MARGIN = 12  # a crop leaves a twelfth of the side away: 44 of 48 px, less than training shifts


def views(images: NDArray[np.uint8], count: int) -> Iterator[NDArray[np.uint8]]:
    """Return `count` views, one of VIEWS, of `images` (uint8[n, side, side]), each of their shape.

    A crop is enlarged to the side that it was cut from, bilinearly. ValueError for other counts.
    """
    if count not in VIEWS:
        raise ValueError(f"{count} views are not one of {', '.join(map(str, VIEWS))}")
    for view in [images] if count < max(VIEWS) else _crops(images):
        yield view
        if count > 1:
            yield np.ascontiguousarray(view[:, :, ::-1])


def _crops(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    side = images.shape[1]
    margin = side // _MARGIN
    half = margin // 2
    corners = ((half, half), (0, 0), (0, margin), (margin, 0), (margin, margin))
    for top, left in corners:
        cut = images[:, top : top + side - margin, left : left + side - margin]
        enlarged = [cv2.resize(one, (side, side), interpolation=cv2.INTER_LINEAR) for one in cut]
        yield np.asarray(np.stack(enlarged), np.uint8)


Answer = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
"""From uint8[n, side, side] to probabilities, float64[n, classes]."""


def mean_over_views(answer: Answer, images: NDArray[np.uint8], count: int) -> NDArray[np.float64]:
    """Return the mean probabilities, float64[n, classes], over `count` views of `images`."""
    return np.asarray(np.mean([answer(view) for view in views(images, count)], axis=0), np.float64)
