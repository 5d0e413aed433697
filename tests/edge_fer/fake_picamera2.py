"""A picamera2 without a camera: the calls that the backend uses, behaving as 0.3 does.

`test_camera_picamera.py` holds the signatures against the real package's source where that is
installed. What is modelled: requests that have to be released, jobs whose waiting has a time-out,
a YUV420 array of h * 3/2 rows that are longer than the picture is wide, and sizes made even.
"""

from concurrent.futures import Future
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

STRIDE_MULTIPLE = 64


class Job:
    """Work for the camera's own thread; here it is done or never will be."""

    def __init__(self, result: "CompletedRequest | None") -> None:
        self._future: Future[CompletedRequest] = Future()
        if result is not None:
            self._future.set_result(result)

    def get_result(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "this would wait for ever on a camera that is stuck"
        return self._future.result(timeout=min(timeout, 0.01))


class CompletedRequest:
    """One frame of all streams; until it is released the camera is short of a buffer."""

    def __init__(self, camera: "Picamera2", number: int) -> None:
        self._camera, self._number = camera, number
        self._held = True

    def get_metadata(self) -> dict[str, Any]:
        assert self._held
        frozen = self._camera.sensor_stands_still
        return {"SensorTimestamp": 1_000_000 if frozen else 33_000_000 * (self._number + 1)}

    def make_array(self, name: str) -> NDArray[np.uint8]:
        assert self._held
        config = self._camera.camera_configuration()[name]
        assert config["format"] == "YUV420"
        (width, height), stride = config["size"], config["stride"]
        planes = np.full((height * 3 // 2, stride), 128, np.uint8)  # grey has no colour
        planes[:height, :width] = np.arange(width) % 256
        planes[:height, width:] = 77  # what is behind the end of a row is nobody's
        planes[0, 0] = self._number % 256
        return planes

    def release(self) -> None:
        assert self._held, "released twice"
        self._held = False
        self._camera.held -= 1


class Picamera2:
    """One process has one camera at a time."""

    present: ClassVar[int] = 1
    opened: ClassVar["Picamera2 | None"] = None

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        names = ("imx708", "imx219")
        return [{"Model": names[n], "Num": n, "Id": f"/base/{n}"} for n in range(Picamera2.present)]

    def __init__(
        self,
        camera_num: int = 0,
        verbose_console: Any = None,
        tuning: Any = None,
        allocator: Any = None,
    ) -> None:
        if Picamera2.opened is not None:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        Picamera2.opened = self
        self.tuning = tuning
        self.held = 0
        self.stuck = False
        self.sensor_stands_still = False
        self._configuration: dict[str, Any] = {}
        self._started = False
        self._number = 0

    def create_preview_configuration(
        self,
        main: Any = {},  # noqa: B006 - as in the original
        lores: Any = None,
        raw: Any = {},  # noqa: B006
        transform: Any = None,
        colour_space: Any = "Sycc",
        buffer_count: int = 4,
        controls: Any = {},  # noqa: B006
        display: Any = "main",
        encode: Any = "main",
        queue: bool = True,
        sensor: Any = {},  # noqa: B006
        use_case: str = "preview",
    ) -> dict[str, Any]:
        main = {"format": "XBGR8888", "size": (640, 480)} | main
        lores = {"format": "YUV420", "size": main["size"]} | lores
        for stream in (main, lores):
            stream["size"] = tuple(side - side % 2 for side in stream["size"])
        assert lores["size"] <= main["size"]
        return {
            "main": main,
            "lores": lores,
            "colour_space": colour_space,
            "buffer_count": buffer_count,
            "queue": queue,
            "controls": {"FrameDurationLimits": (100, 83_333)} | controls,
        }

    def configure(self, camera_config: Any = None) -> None:
        assert camera_config is not None
        assert not self._started
        width = camera_config["lores"]["size"][0]
        camera_config["lores"]["stride"] = -(-width // STRIDE_MULTIPLE) * STRIDE_MULTIPLE
        self._configuration = camera_config

    def camera_configuration(self) -> dict[str, Any]:
        return self._configuration

    def start(self, config: Any = None, show_preview: Any = False) -> None:
        assert self._configuration, "Camera has not been configured"
        self._started = True

    def capture_request(
        self, wait: Any = None, signal_function: Any = None, flush: Any = None
    ) -> Any:
        assert self._started
        assert wait is False, "the waiting form has no time-out"
        if self.stuck or self.held >= self._configuration["buffer_count"]:
            return Job(None)
        self.held += 1
        self._number += 1
        return Job(CompletedRequest(self, self._number - 1))

    def wait(self, job: Job, timeout: float | None = None) -> Any:
        return job.get_result(timeout=timeout)

    def close(self) -> None:
        Picamera2.opened = None
        self._started = False
