"""The Jetson's camera: the pipeline that it asks for, and what is said where it cannot be."""

from typing import Any

import cv2
import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.errors import UserError


class FakeCapture:
    """Stands for GStreamer: two grey frames, then nothing."""

    pipelines: list[str] = []  # noqa: RUF012
    opens = True

    def __init__(self, pipeline: str, backend: int) -> None:
        assert backend == cv2.CAP_GSTREAMER
        self.pipelines.append(pipeline)
        self.frames = [np.full((480, 640, 1), level, np.uint8) for level in (10, 20)]

    def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
        return self.opens

    def read(self) -> tuple[bool, Any]:
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self) -> None:
        pass


@pytest.fixture
def gstreamer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda backend: True)
    monkeypatch.setattr(FakeCapture, "pipelines", [])
    monkeypatch.setattr(FakeCapture, "opens", True)


@pytest.mark.usefixtures("gstreamer")
def test_grey_frames_of_the_converter() -> None:
    camera = open_camera("jetson:1?width=640&height=480", fps=30)
    assert camera.fps == 30
    for level in (10, 20):
        frame = camera.read()
        assert frame is not None
        assert frame.shape == (480, 640)
        assert frame.mean() == level
    with pytest.raises(UserError, match="restart nvargus-daemon"):
        camera.read()
    camera.close()
    (pipeline,) = FakeCapture.pipelines
    assert "sensor-id=1 " in pipeline
    assert "framerate=30/1" in pipeline
    assert "format=GRAY8,width=640,height=480" in pipeline
    assert pipeline.endswith("appsink drop=true max-buffers=1 sync=false")


@pytest.mark.usefixtures("gstreamer")
def test_a_sensor_that_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeCapture, "opens", False)
    with pytest.raises(UserError, match="it does not open: check the ribbon cable"):
        open_camera("jetson:0")


@pytest.mark.parametrize("path", ["", "front", "8", "-1", "0 ! filesink"])
def test_only_a_number_goes_into_the_pipeline(path: str) -> None:
    with pytest.raises(UserError, match="is not a sensor: write jetson:0"):
        open_camera(f"jetson:{path}")


def test_an_opencv_without_gstreamer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda backend: False)
    with pytest.raises(UserError, match="this OpenCV has no GStreamer: use JetPack's"):
        open_camera("jetson:0")
