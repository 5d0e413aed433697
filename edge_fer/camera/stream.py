"""A camera on the network: `rtsp://...` or `http://...` (MJPEG), through OpenCV's FFmpeg.

The systemd service has no network access: a drop-in must allow it for such a camera. The stream's
buffer delays frames; their capture time is the time of their arrival. `#rotate=180` and `#flip=1`
at the end of the URL turn and mirror the picture.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera
from edge_fer.camera.uri import MAX_FPS, MIN_FPS, CameraUri
from edge_fer.errors import CameraReason

OPEN_TIMEOUT_MS = 5_000
# The supervisor kills a process without frames sooner; this ends a stream that broke off.
READ_TIMEOUT_MS = 3_000


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open a stream, which has its own rate; UserError if nobody answers or it is not a video."""
    if not uri.path.startswith("//") or len(uri.path) <= len("//"):
        raise uri.error(f"no host: write {uri.scheme}://HOST/PATH")
    return StreamCamera(uri, fps)


class StreamCamera:
    """Reads a stream at its own pace."""

    def __init__(self, uri: CameraUri, fps: float) -> None:
        self._uri = uri
        self._capture = cv2.VideoCapture(
            f"{uri.scheme}:{uri.path}",
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                OPEN_TIMEOUT_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                READ_TIMEOUT_MS,
            ],
        )
        if not self._capture.isOpened():
            raise uri.error(
                f"no picture within {OPEN_TIMEOUT_MS / 1000:g} s: check host, path and password",
                CameraReason.DOES_NOT_OPEN,
            )
        said_fps = self._capture.get(cv2.CAP_PROP_FPS)
        known = math.isfinite(said_fps) and MIN_FPS <= said_fps <= MAX_FPS
        self._fps = said_fps if known else fps

    @property
    def fps(self) -> float:
        """The rate that the stream reports; if it reports none, the requested rate."""
        return self._fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; UserError when the stream breaks off."""
        ok, colour = self._capture.read()
        if not ok:
            raise self._uri.error("the stream broke off", CameraReason.NO_FRAMES)
        return cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)

    def close(self) -> None:
        """Close the connection."""
        self._capture.release()
