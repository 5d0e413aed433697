"""From a frame to a compressed picture of bounded size."""

import cv2
import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 16_000_000
# Markers without a length: those of the start, the end and restarts.
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
# Start of frame: all of 0xC0 to 0xCF but the tables among them.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


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
    """Return the picture, uint8[h,w]; ValueError where it is none, or of more than 16 megapixels.

    A kilobyte of JPEG may claim to be a picture of four gigabytes.
    """
    height, width = _claimed_size(jpeg)
    if not 0 < height * width <= MOST_PIXELS:
        raise ValueError("no picture, or a huge one")
    try:
        grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise ValueError("no picture") from error
    if grey is None:
        raise ValueError("no picture")
    return grey.astype(np.uint8, copy=False)


def _claimed_size(jpeg: bytes) -> tuple[int, int]:
    """Return height and width as the first start of frame says (ITU-T T.81, B.2.2); 0, 0: none."""
    place = 2
    while jpeg[:2] == b"\xff\xd8" and place + 9 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker in _ALONE or marker == 0xFF:
            place += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            return (
                int.from_bytes(jpeg[place + 5 : place + 7]),
                int.from_bytes(jpeg[place + 7 : place + 9]),
            )
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4])
    return 0, 0
