"""A camera that Linux shows as /dev/video*: USB cameras and most CSI cameras.

Options: `width=`, `height=`, `fps=`; the driver may choose the nearest that it can.
"""

import os
import stat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera
from edge_fer.camera.uri import MAX_FPS, MIN_FPS, CameraUri

DEFAULT_WIDTH, DEFAULT_HEIGHT = 640, 480
_COLOUR_CHANNELS = 3


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open a device; UserError that says what is wrong with it."""
    uri.allow("width", "height", "fps")
    if not uri.path:
        raise uri.error("no device: write v4l2:/dev/video0")
    width = round(uri.number("width", DEFAULT_WIDTH, 64, 4096))
    height = round(uri.number("height", DEFAULT_HEIGHT, 64, 4096))
    _check_device(uri, Path(uri.path))
    return Video4Linux(uri, width, height, uri.number("fps", fps, MIN_FPS, MAX_FPS))


class Video4Linux:
    """Reads a device through OpenCV."""

    def __init__(self, uri: CameraUri, width: int, height: int, fps: float) -> None:
        self._uri = uri
        self._capture = cv2.VideoCapture(uri.path, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise uri.error("it does not open: another program may be using it, or it is no camera")
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self._capture.set(cv2.CAP_PROP_FPS, fps)
        # One buffer less to wait for: an old frame is worth nothing here.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        given_fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._fps = given_fps if MIN_FPS <= given_fps <= MAX_FPS else fps

    @property
    def fps(self) -> float:
        """The rate that the driver says it gives."""
        return self._fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; UserError when the device gives none."""
        ok, image = self._capture.read()
        if not ok:
            raise self._uri.error("it gives no frames: check its cable and its supply")
        if image.ndim == _COLOUR_CHANNELS and image.shape[2] == _COLOUR_CHANNELS:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return image.astype(np.uint8, copy=False)

    def close(self) -> None:
        """Give the device back."""
        self._capture.release()


def _check_device(uri: CameraUri, path: Path) -> None:
    """Say what OpenCV would not: it only knows that the device did not open."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise uri.error("there is no such device: plug it in, or see `ls /dev/video*`") from None
    except OSError as error:
        raise uri.error(f"{error.strerror}: check the path") from None
    if not stat.S_ISCHR(mode):
        raise uri.error("it is no device: for a recording write file:CLIP")
    if not os.access(path, os.R_OK | os.W_OK):
        raise uri.error("no permission: add this user to the group video")
