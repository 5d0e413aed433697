"""A CSI camera of a Raspberry Pi: `picamera:0`, through picamera2 and libcamera.

Options: `width=`, `height=`, `fps=`, `exposure_us=` and `gain=` (fixed, for an infra-red lamp),
`tuning=` (a file of libcamera, as imx219_noir.json for a camera without an infra-red filter).

The sensor gives two streams. This backend uses the low-resolution YUV stream, whose first plane is
the grey picture. No conversion is needed, and infra-red and monochrome cameras are read in the same
way.
"""

import importlib
import inspect
from concurrent.futures import TimeoutError as JobTimeoutError
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera
from edge_fer.camera.uri import CameraUri
from edge_fer.errors import CameraReason

# Takes a second, which is not the camera's. Where it is missing, opening says so.
with suppress(ImportError, ValueError):
    importlib.import_module("picamera2")

DEFAULT_WIDTH, DEFAULT_HEIGHT = 640, 480
# libcamera never returns from a sensor whose cable came loose.
READ_TIMEOUT_S = 1.5
BUFFERS = 4  # one is being exposed, one being read, and two for a late reader
OLD_FRAMES = 3  # with a sensor time that does not go on, before that is a fault


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open a camera by its number; UserError if something is missing."""
    uri.check_options()
    if not uri.path.isdecimal():
        raise uri.error(f"{uri.path!r} is not the number of a camera: write picamera:0")
    tuning = uri.options.get("tuning")
    if tuning is not None and "/" in tuning and not Path(tuning).is_file():
        raise uri.error(f"tuning: there is no file {tuning}", CameraReason.NOT_FOUND)
    controls: dict[str, float] = {}
    if "exposure_us" in uri.options:
        controls["ExposureTime"] = round(uri.number("exposure_us", 0))
    if "gain" in uri.options:
        controls["AnalogueGain"] = uri.number("gain", 1)
    size = (
        # Planes are packed in pairs of pixels.
        2 * round(uri.number("width", DEFAULT_WIDTH) / 2),
        2 * round(uri.number("height", DEFAULT_HEIGHT) / 2),
    )
    return PiCamera(uri, size, uri.number("fps", fps), controls, tuning)


class PiCamera:
    """Reads the luma plane of the low-resolution stream."""

    def __init__(
        self,
        uri: CameraUri,
        size: tuple[int, int],
        fps: float,
        controls: dict[str, float],
        tuning: str | None,
    ) -> None:
        self._uri, self._fps = uri, fps
        maker = _picamera2(uri)
        if "timeout" not in inspect.signature(maker.wait).parameters:
            raise uri.error(
                "picamera2 is older than 0.3.18: sudo apt full-upgrade",
                CameraReason.MISSING_PACKAGE,
            )
        number, present = int(uri.path), len(maker.global_camera_info())
        if number >= present:
            raise uri.error(
                f"there are {present} cameras: check the ribbon cable, and `rpicam-hello"
                " --list-cameras`",
                CameraReason.NOT_FOUND,
            )
        try:
            self._camera = maker(camera_num=number, tuning=tuning)
        except (RuntimeError, IndexError) as error:
            raise uri.error(
                f"it does not open: another program may be using it ({error})",
                CameraReason.DOES_NOT_OPEN,
            ) from error
        period_us = round(1e6 / fps)
        # Of the configurations the one whose colours, and so its greys, use the full range.
        configuration = self._camera.create_preview_configuration(
            main={"size": size},
            lores={"size": size, "format": "YUV420"},
            buffer_count=BUFFERS,
            queue=False,  # a frame from before the request for it is an old one
            controls={"FrameDurationLimits": (period_us, period_us), **controls},
        )
        self._camera.configure(configuration)
        given = self._camera.camera_configuration()["lores"]
        self._width, self._height = given["size"]
        self._sensor_ns = 0
        self._camera.start()

    @property
    def fps(self) -> float:
        """The requested rate, in frames per second."""
        return self._fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; UserError when the sensor gives none."""
        for _ in range(OLD_FRAMES):
            try:
                # Not the waiting form: that one waits for ever.
                job = self._camera.capture_request(wait=False)
                request = self._camera.wait(job, timeout=READ_TIMEOUT_S)
            except (TimeoutError, JobTimeoutError) as error:
                raise self._uri.error(
                    "it gives no frames: check the ribbon cable", CameraReason.NO_FRAMES
                ) from error
            try:
                sensor_ns = int(request.get_metadata().get("SensorTimestamp", 0))
                planes = request.make_array("lores")
            finally:
                request.release()
            # 0: not every sensor says when.
            if sensor_ns == 0 or sensor_ns > self._sensor_ns:
                self._sensor_ns = sensor_ns
                # The rows of the first plane; each may be longer than the picture is wide.
                luma = planes[: self._height, : self._width]
                return np.ascontiguousarray(luma, np.uint8)
        raise self._uri.error("the sensor's time stands still", CameraReason.NO_FRAMES)

    def close(self) -> None:
        """Release the camera."""
        self._camera.close()


def _picamera2(uri: CameraUri) -> Any:
    """Return the class; the UserError explains how to install it."""
    try:
        return importlib.import_module("picamera2").Picamera2
    except ModuleNotFoundError as error:
        raise uri.error(
            f"{error.name} is not installed: sudo apt install python3-picamera2, and make the"
            " virtual environment with --system-site-packages",
            CameraReason.MISSING_PACKAGE,
        ) from error
    except (ImportError, ValueError) as error:
        # "numpy.dtype size changed": Bookworm's was built for numpy 1.
        raise uri.error(
            f"picamera2 does not load ({error}): on Bookworm pip install 'numpy<2'"
            " 'opencv-python-headless<4.12'",
            CameraReason.MISSING_PACKAGE,
        ) from error
