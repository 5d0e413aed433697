"""A camera that Linux lists as /dev/video*: USB cameras and most CSI cameras.

It is named by its path, or by a stable name: v4l2:/dev/v4l/by-id/...  Options: `width=`, `height=`,
`fps=`, `format=` (MJPG, YUYV or GREY) and `exposure=` (auto, or a fixed time in units of 0.1 ms).
The options of the URI are read back; a driver that sets another value is an error. Without options
the driver chooses the nearest value.
"""

import os
import stat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera
from edge_fer.camera.uri import MAX_FPS, MIN_FPS, PIXEL_FORMATS, CameraUri
from edge_fer.errors import CameraReason, UserError

DEFAULT_WIDTH, DEFAULT_HEIGHT = 640, 480
FPS_TOLERANCE = 0.1
# V4L2_EXPOSURE_MANUAL and V4L2_EXPOSURE_APERTURE_PRIORITY (videodev2.h); OpenCV hands them through.
EXPOSURE_MANUAL, EXPOSURE_AUTO = 1, 3
# The luma of YUYV has 16 for black and 235 for white (ITU-R BT.601).
_FULL_RANGE = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open a device; the UserError explains what is wrong."""
    uri.check_options()
    if not uri.path:
        raise uri.error("no device: write v4l2:/dev/video0")
    width = round(uri.number("width", DEFAULT_WIDTH))
    height = round(uri.number("height", DEFAULT_HEIGHT))
    pixels = uri.choice("format", PIXEL_FORMATS[0]) if "format" in uri.options else None
    exposure = None
    if uri.options.get("exposure", "auto") != "auto":
        exposure = round(uri.number("exposure", 0))
    _check_device(uri, Path(uri.path))
    camera = Video4Linux(uri, width, height, uri.number("fps", fps), pixels)
    camera.expose(exposure)
    return camera


class Video4Linux:
    """Reads a device through OpenCV.

    `pixels` is one of PIXEL_FORMATS; None leaves it to the driver.
    """

    def __init__(
        self, uri: CameraUri, width: int, height: int, fps: float, pixels: str | None = None
    ) -> None:
        self._uri = uri
        self._capture = cv2.VideoCapture(uri.path, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise uri.error(
                "it does not open: another program may be using it, or it is not a camera",
                CameraReason.DOES_NOT_OPEN,
            )
        if pixels is not None:
            # First: a driver offers sizes and rates for each format of its own.
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixels))
        if pixels in ("YUYV", "GREY"):
            # Both hold the grey picture as it is: a way over colours would cost time for nothing.
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self._capture.set(cv2.CAP_PROP_FPS, fps)
        # One buffer less to wait for: an old frame is worth nothing here.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        given_fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._fps = given_fps if MIN_FPS <= given_fps <= MAX_FPS else fps
        self._require("width", width, self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self._require("height", height, self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self._require("fps", fps, self._fps, tolerance=FPS_TOLERANCE * fps)
        if pixels is not None:
            self._require("format", pixels, _fourcc(self._capture.get(cv2.CAP_PROP_FOURCC)))

    def expose(self, exposure: int | None) -> None:
        """Set a fixed exposure (units of 0.1 ms) or automatic exposure; UserError if refused."""
        if exposure is None:
            self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_AUTO)
            return
        self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_MANUAL)
        self._capture.set(cv2.CAP_PROP_EXPOSURE, exposure)
        self._require("exposure", exposure, self._capture.get(cv2.CAP_PROP_EXPOSURE))

    def _require(
        self, option: str, asked: str | float, given: str | float, *, tolerance: float = 0.0
    ) -> None:
        """Raise UserError if the driver did not apply an option of the URI."""
        if option not in self._uri.options or asked == given:
            return
        if isinstance(asked, str) or isinstance(given, str) or abs(asked - given) > tolerance:
            self._capture.release()
            raise self._uri.error(
                f"{option}: the camera gives {given if isinstance(given, str) else f'{given:g}'};"
                f" see v4l2-ctl --device {self._uri.path} --list-formats-ext --list-ctrls",
                CameraReason.DOES_NOT_OPEN,
            )

    @property
    def fps(self) -> float:
        """The rate that the driver reports."""
        return self._fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; UserError if the device gives none."""
        ok, image = self._capture.read()
        if not ok:
            raise self._no_frames()
        return to_grey(image.astype(np.uint8, copy=False))

    def skip(self) -> None:
        """Take a frame from the driver without decoding it; UserError if the device gives none."""
        if not self._capture.grab():
            raise self._no_frames()

    def _no_frames(self) -> UserError:
        return self._uri.error(
            "it gives no frames: check its cable and its supply", CameraReason.NO_FRAMES
        )

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


def to_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8[h,w] of grey, of YUYV (uint8[h,w,2]) or of colours (uint8[h,w,3])."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    luma = image if image.ndim == 2 else np.ascontiguousarray(image[:, :, 0])
    return cv2.LUT(luma, _FULL_RANGE).astype(np.uint8, copy=False) if channels == 2 else luma


def _fourcc(code: float) -> str:
    """Return the four letters of a pixel format."""
    return int(code).to_bytes(4, "little").decode("ascii", "replace")


def _check_device(uri: CameraUri, path: Path) -> None:
    """Report the reason, because OpenCV only reports that the device did not open."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise uri.error(
            "there is no such device: plug it in, or see `ls /dev/video*`", CameraReason.NOT_FOUND
        ) from None
    except OSError as error:
        raise uri.error(f"{error.strerror}: check the path", CameraReason.NOT_FOUND) from None
    if not stat.S_ISCHR(mode):
        raise uri.error("it is not a device: for a recording write file:CLIP")
    if not os.access(path, os.R_OK | os.W_OK):
        raise uri.error(
            "no permission: add this user to the group video", CameraReason.NO_PERMISSION
        )
