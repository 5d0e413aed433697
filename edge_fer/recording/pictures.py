"""From a frame to a compressed picture of bounded size."""

import cv2
import numpy as np
from numpy.typing import NDArray


def compress(grey: NDArray[np.uint8], *, width_px: int, quality: int) -> bytes:
    """Return uint8[h,w] as JPEG, scaled down to `width_px` where it is wider."""
    height, width = grey.shape
    if width > width_px:
        size = (width_px, max(1, round(height * width_px / width)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    done, jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of {grey.shape} cannot be compressed")
    return jpeg.tobytes()


def decompress(jpeg: bytes) -> NDArray[np.uint8]:
    """Return the picture, uint8[h,w]; ValueError where it is none."""
    grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise ValueError("no picture")
    return grey.astype(np.uint8, copy=False)
