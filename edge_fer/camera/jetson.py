"""A CSI camera of an NVIDIA Jetson: `jetson:0`, through GStreamer's nvarguscamerasrc.

Options: `width=`, `height=`, `fps=`. The board's video converter produces the grey picture, so that
colours cost no processor time. Needs an OpenCV with GStreamer; the PyPI package has none.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera
from edge_fer.camera.uri import CameraUri
from edge_fer.errors import CameraReason

DEFAULT_WIDTH, DEFAULT_HEIGHT = 640, 480
LAST_SENSOR = 7


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open a sensor; UserError if something is missing."""
    uri.check_options()
    if uri.path not in map(str, range(LAST_SENSOR + 1)):
        raise uri.error(f"{uri.path!r} is not a sensor: write jetson:0 to jetson:{LAST_SENSOR}")
    if not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
        raise uri.error(
            "this OpenCV has no GStreamer: use JetPack's own (pip uninstall opencv-python-headless"
            " in a virtual environment made with --system-site-packages)",
            CameraReason.MISSING_PACKAGE,
        )
    width = round(uri.number("width", DEFAULT_WIDTH))
    height = round(uri.number("height", DEFAULT_HEIGHT))
    return JetsonCamera(uri, width, height, round(uri.number("fps", fps)))


def pipeline(sensor: str, width: int, height: int, fps: int) -> str:
    """Return the GStreamer pipeline: grey frames, only the newest, without waiting."""
    return (
        f"nvarguscamerasrc sensor-id={sensor}"
        f" ! video/x-raw(memory:NVMM),framerate={fps}/1"
        f" ! nvvidconv ! video/x-raw,format=GRAY8,width={width},height={height}"
        " ! appsink drop=true max-buffers=1 sync=false"
    )


class JetsonCamera:
    """Reads a sensor through OpenCV."""

    def __init__(self, uri: CameraUri, width: int, height: int, fps: int) -> None:
        self._uri, self._fps = uri, fps
        self._capture = cv2.VideoCapture(pipeline(uri.path, width, height, fps), cv2.CAP_GSTREAMER)
        if not self._capture.isOpened():
            raise uri.error(
                "it does not open: check the ribbon cable, and `systemctl status nvargus-daemon`",
                CameraReason.DOES_NOT_OPEN,
            )

    @property
    def fps(self) -> float:
        """The requested rate; nvarguscamerasrc delivers it or does not open."""
        return float(self._fps)

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; UserError when the sensor gives none."""
        ok, image = self._capture.read()
        if not ok:
            raise self._uri.error(
                "it gives no frames: restart nvargus-daemon", CameraReason.NO_FRAMES
            )
        grey = image[:, :, 0] if image.ndim > 2 else image
        return np.ascontiguousarray(grey, np.uint8)

    def close(self) -> None:
        """Release the sensor."""
        self._capture.release()
