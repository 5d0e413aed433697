"""A video device: what is said when it is not what it should be, and when it stops."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.camera.base import SkippingCamera
from edge_fer.camera.video4linux import to_grey
from edge_fer.errors import UserError


def test_missing_device() -> None:
    with pytest.raises(UserError, match=r"camera v4l2:/dev/video99: there is no such device"):
        open_camera("v4l2:/dev/video99")


def test_file_is_no_device(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.touch()
    with pytest.raises(UserError, match="it is not a device: for a recording write file:CLIP"):
        open_camera(f"v4l2:{path}")


def test_device_that_is_no_camera() -> None:
    with pytest.raises(UserError, match="it does not open"):
        open_camera("v4l2:/dev/null")


def test_device_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UserError, match="no permission: add this user to the group video"):
        open_camera("v4l2:/dev/null")


@pytest.mark.parametrize("query", ["width=1", "height=nine", "fps=1000", "speed=max"])
def test_wrong_options(query: str) -> None:
    with pytest.raises(UserError, match=query.partition("=")[0]):
        open_camera(f"v4l2:/dev/null?{query}")


class FakeCapture:
    """Stands for a driver: two frames, then nothing."""

    def __init__(self, path: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.properties: dict[int, float] = {}
        self.frames = [np.full((240, 320, 3), level, np.uint8) for level in (10, 20)]

    def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
        return True

    def set(self, key: int, value: float) -> bool:
        self.properties[key] = value
        return True

    def get(self, key: int) -> float:
        return self.properties.get(key, 0.0)

    def read(self) -> tuple[bool, Any]:
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def grab(self) -> bool:
        return self.read()[0]


def test_device_that_stops_is_an_error_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    camera = open_camera("v4l2:/dev/null?width=320&height=240", fps=15)
    assert camera.fps == 15
    for level in (10, 20):
        grey = camera.read()
        assert grey is not None
        assert grey.shape == (240, 320)
        assert grey.mean() == level
    with pytest.raises(UserError, match="gives no frames"):
        camera.read()


def test_a_frame_that_is_skipped_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    camera = open_camera("v4l2:/dev/null", fps=15)
    assert isinstance(camera, SkippingCamera)
    camera.skip()
    grey = camera.read()
    assert grey is not None
    assert grey.mean() == 20  # the second one
    with pytest.raises(UserError, match="gives no frames"):
        camera.skip()


class StubbornCapture(FakeCapture):
    """A driver with wishes of its own."""

    has: dict[int, float] = {}  # noqa: RUF012

    def set(self, key: int, value: float) -> bool:
        self.properties[key] = self.has.get(key, value)
        return key not in self.has

    def release(self) -> None:
        pass


@pytest.fixture
def stubborn(monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    monkeypatch.setattr(cv2, "VideoCapture", StubbornCapture)
    has: dict[int, float] = {}
    monkeypatch.setattr(StubbornCapture, "has", has)
    return has


MJPG = cv2.VideoWriter.fourcc(*"MJPG")


@pytest.mark.parametrize(
    ("key", "value", "query", "words"),
    [
        (cv2.CAP_PROP_FRAME_WIDTH, 640, "width=320", "width: the camera gives 640"),
        (cv2.CAP_PROP_FRAME_HEIGHT, 480, "height=240", "height: the camera gives 480"),
        (cv2.CAP_PROP_FPS, 15, "fps=30", "fps: the camera gives 15"),
        (cv2.CAP_PROP_FOURCC, MJPG, "format=YUYV", "format: the camera gives MJPG"),
        (cv2.CAP_PROP_EXPOSURE, 156, "exposure=50", "exposure: the camera gives 156"),
    ],
)
def test_what_the_uri_asks_for_is_read_back(
    stubborn: dict[int, float], key: int, value: float, query: str, words: str
) -> None:
    open_camera("v4l2:/dev/null").close()
    stubborn[key] = value
    open_camera("v4l2:/dev/null").close()  # the driver may choose what nobody asked for
    with pytest.raises(UserError, match=words) as caught:
        open_camera(f"v4l2:/dev/null?{query}")
    assert "v4l2-ctl --device /dev/null" in str(caught.value)


def test_a_rate_that_is_nearly_right_will_do(stubborn: dict[int, float]) -> None:
    stubborn[cv2.CAP_PROP_FPS] = 29.97
    assert open_camera("v4l2:/dev/null?fps=30").fps == 29.97


def test_exposure_is_fixed_or_left_to_the_camera(stubborn: dict[int, float]) -> None:
    camera: Any = open_camera("v4l2:/dev/null?exposure=50")
    assert camera._capture.properties[cv2.CAP_PROP_AUTO_EXPOSURE] == 1
    assert camera._capture.properties[cv2.CAP_PROP_EXPOSURE] == 50
    camera = open_camera("v4l2:/dev/null?exposure=auto")
    assert camera._capture.properties[cv2.CAP_PROP_AUTO_EXPOSURE] == 3
    assert cv2.CAP_PROP_EXPOSURE not in camera._capture.properties


@pytest.mark.parametrize("query", ["format=H264", "exposure=0", "exposure=off"])
def test_wrong_format_or_exposure(query: str) -> None:
    with pytest.raises(UserError, match=query.partition("=")[0]):
        open_camera(f"v4l2:/dev/null?{query}")


def test_each_format_becomes_grey() -> None:
    grey = np.array([[0, 16, 126, 235, 255]], np.uint8)
    assert to_grey(grey) is grey
    assert to_grey(grey[:, :, None]).tolist() == grey.tolist()
    yuyv = np.dstack([grey, np.full_like(grey, 128)])
    assert to_grey(yuyv).tolist() == [[0, 0, 128, 255, 255]]
    assert to_grey(np.dstack([grey] * 3)).tolist() == grey.tolist()


def test_luma_is_taken_without_a_way_over_colours(stubborn: dict[int, float]) -> None:
    for pixels, converts in (("YUYV", 0), ("GREY", 0), ("MJPG", None)):
        camera: Any = open_camera(f"v4l2:/dev/null?format={pixels}")
        assert camera._capture.properties.get(cv2.CAP_PROP_CONVERT_RGB) == converts
