"""What a user hands over as a picture, as the grey array that the stages take."""

import numpy as np
from numpy.typing import NDArray

_CHANNELS = 3


def grey_picture(picture: object) -> NDArray[np.uint8]:
    """Return uint8[h,w] of a grey picture uint8[h,w], or of one in BGR as OpenCV reads it.

    ValueError for anything else: `cv2.imread` returns None for a file that is no picture.
    """
    if not isinstance(picture, np.ndarray):
        raise ValueError(f"picture: {type(picture).__name__} is not an array: was it read?")
    is_grey, is_colour = picture.ndim == 2, picture.shape[2:] == (_CHANNELS,)
    if picture.dtype != np.uint8 or not (is_grey or is_colour) or not picture.size:
        raise ValueError(
            f"picture: {picture.dtype}{list(picture.shape)} is neither uint8[h,w] (grey) nor"
            " uint8[h,w,3] (BGR)"
        )
    if is_grey:
        return picture
    import cv2  # noqa: PLC0415  # a tenth of a second, for colour alone

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
