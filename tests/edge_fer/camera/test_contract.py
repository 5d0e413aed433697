"""What every camera does, whatever is behind it: grey frames of one size, at a rate, and closed."""

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.camera import _BACKENDS, open_camera
from edge_fer.camera.slots import SlotWriter, create_memory
from edge_fer.errors import UserError
from edge_fer.redaction import NETWORK_SCHEMES
from tests.edge_fer import fake_picamera2
from tests.edge_fer.camera import test_jetson, test_video4linux
from tests.edge_fer.camera.test_stream import Mjpeg

Opener = Callable[[pytest.MonkeyPatch, Path], str]


def folder(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    for level in (10, 20, 30):
        cv2.imwrite(str(path / f"{level}.png"), np.full((48, 64), level, np.uint8))
    return f"file:{path}?speed=max"


def demo(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    return "demo:?speed=max"


def v4l2(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    monkeypatch.setattr(cv2, "VideoCapture", test_video4linux.FakeCapture)
    monkeypatch.setattr(test_video4linux.FakeCapture, "release", lambda self: None, False)
    return "v4l2:/dev/null"


def picamera(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    monkeypatch.setitem(sys.modules, "picamera2", fake_picamera2)
    return "picamera:0"


def jetson(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    monkeypatch.setattr(cv2, "VideoCapture", test_jetson.FakeCapture)
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda backend: True)
    return "jetson:0"


@pytest.fixture(scope="module")
def network_camera() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Mjpeg) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/video?user=a"
        serving.shutdown()


OPENERS: dict[str, Opener] = {
    "file": folder,
    "demo": demo,
    "v4l2": v4l2,
    "picamera": picamera,
    "jetson": jetson,
}


@pytest.mark.parametrize("scheme", [*OPENERS, "http"])
def test_frames_go_as_they_are_into_the_shared_memory(
    scheme: str, network_camera: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uri = network_camera if scheme == "http" else OPENERS[scheme](monkeypatch, tmp_path)
    camera = open_camera(uri, fps=25)
    assert 1 <= camera.fps <= 120
    first = camera.read()
    assert first is not None
    assert first.ndim == 2
    assert first.dtype == np.dtype(np.uint8)
    writer = SlotWriter(create_memory(), first.shape)
    writer.write(first, 1.0)
    kept = first.copy()
    second = camera.read()
    assert second is not None
    writer.write(second, 2.0)
    assert (first == kept).all()  # a frame is not written again behind its reader's back
    camera.close()


@pytest.mark.parametrize("scheme", [*_BACKENDS])
def test_what_cannot_be_is_one_line(scheme: str) -> None:
    with pytest.raises(UserError) as caught:
        open_camera(f"{scheme}:no such thing?speed=1")
    uri = f"{scheme}:***" if scheme in NETWORK_SCHEMES else f"{scheme}:no such thing"
    assert str(caught.value).startswith(f"camera {uri}")
    assert "\n" not in str(caught.value)
