"""Frames at the wanted rate, and a camera process that is restarted."""

import logging
import time
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge_fer.camera.base import Frame
from edge_fer.camera.process import CameraProcess
from edge_fer.camera.scene import Scene
from edge_fer.daemon.frames import FrameSource, Silence
from edge_fer.errors import CameraError, CameraReason
from edge_fer.observation import CameraCondition

PATIENCE_S = 60.0  # for a busy machine


def collect(source: FrameSource, wanted: type[Any]) -> Any:
    until_s = time.monotonic() + PATIENCE_S
    while not isinstance(event := source.next(0.1, None), wanted):
        assert time.monotonic() < until_s
    return event


def test_a_camera_that_was_never_there_is_an_error_for_a_person() -> None:
    with CameraProcess("file:/nowhere.mp4") as camera:
        source = FrameSource(camera, "file:/nowhere.mp4", keep_trying=False)
        with pytest.raises(CameraError, match="there is no file") as refused:
            collect(source, Frame)
    assert refused.value.reason is CameraReason.NOT_FOUND


def test_it_is_tried_again_for_a_vehicle_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "frames"
    with CameraProcess(f"file:{folder}?loop=1") as camera:
        source = FrameSource(camera, "the camera", keep_trying=True)
        silences: list[Silence] = []
        while sum(each.restarted for each in silences) < 2:
            silences.append(collect(source, Silence))
        assert {each.camera for each in silences} <= {
            CameraCondition.STARTING,
            CameraCondition.LOST,
        }
        assert silences[-1].camera is CameraCondition.LOST
        assert source.error is not None
        assert source.error.reason is CameraReason.NOT_FOUND
        warned = [each for each in caplog.records if each.levelno == logging.WARNING]
        assert len(warned) == 1
        assert not source.opened

        folder.mkdir()
        cv2.imwrite(str(folder / "0.png"), Scene().render(1.0))
        frame = collect(source, Frame)
        assert frame.grey.shape == (480, 640)
        assert source.opened
        assert source.error is None


def test_a_stopped_camera_is_dark_and_comes_back() -> None:
    with CameraProcess("demo:?loop=1") as camera:
        source = FrameSource(camera, "demo:", keep_trying=False)
        first = collect(source, Frame)
        source.stop(0.4)
        assert camera.pid is None
        source.start()
        assert not source.opened
        assert collect(source, Frame).sequence > first.sequence
