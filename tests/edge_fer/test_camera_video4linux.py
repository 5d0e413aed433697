"""A video device: what is said when it is not what it should be, and when it stops."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.errors import UserError


def test_missing_device() -> None:
    with pytest.raises(UserError, match=r"camera v4l2:/dev/video99: there is no such device"):
        open_camera("v4l2:/dev/video99")


def test_file_is_no_device(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.touch()
    with pytest.raises(UserError, match="it is no device: for a recording write file:CLIP"):
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
