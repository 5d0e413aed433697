"""Pictures of a camera that is mounted in another way, and files of a variable frame rate."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer import camera as cameras
from edge_fer.camera import check_uri, open_camera
from edge_fer.camera.base import Pace
from edge_fer.camera.uri import OPTIONS, STREAM_SCHEMES
from edge_fer.errors import UserError


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    """A folder with one picture, bright in its upper left corner."""
    grey = np.zeros((40, 60), np.uint8)
    grey[:10, :10] = 255
    cv2.imwrite(str(tmp_path / "corner.png"), grey)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "shape", "bright"),
    [
        ("", (40, 60), (5, 5)),
        ("&flip=1", (40, 60), (5, 54)),
        ("&rotate=90", (60, 40), (5, 34)),
        ("&rotate=180", (40, 60), (34, 54)),
        ("&rotate=270", (60, 40), (54, 5)),
        ("&rotate=90&flip=1", (60, 40), (5, 5)),
    ],
)
def test_the_picture_is_turned_clockwise_and_then_mirrored(
    corner: Path, options: str, shape: tuple[int, int], bright: tuple[int, int]
) -> None:
    camera = open_camera(f"file:{corner}?speed=max{options}")
    grey = camera.read()
    camera.close()
    assert grey is not None
    assert grey.shape == shape
    assert grey[bright] == 255
    assert grey.mean() == pytest.approx(255 * 100 / 2400, abs=1)


@pytest.mark.parametrize("option", ["rotate=45", "flip=yes"])
@pytest.mark.parametrize("uri", ["demo:", "v4l2:/dev/video0", "picamera:0", "jetson:0"])
def test_another_angle_is_refused(uri: str, option: str) -> None:
    with pytest.raises(UserError, match=option.split("=", maxsplit=1)[0]):
        open_camera(f"{uri}?{option}")


def turned_uri(scheme: str, options: str) -> str:
    """Return a URI of this kind of camera; the options of a URL stand in its fragment."""
    if scheme in STREAM_SCHEMES:
        return f"{scheme}://host/path?flip=9#{options}"
    return f"{scheme}:place?{options}"


class Corner:
    """Stands for a camera of any kind: 4 by 6 pixels, bright in the upper left one."""

    fps = 30.0

    def read(self) -> NDArray[np.uint8]:
        grey = np.zeros((4, 6), np.uint8)
        grey[0, 0] = 255
        return grey

    def close(self) -> None:
        pass


@pytest.mark.parametrize("scheme", OPTIONS)
def test_every_kind_of_camera_is_turned(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Backend:
        @staticmethod
        def open_uri(uri: object, *, fps: float) -> Corner:
            return Corner()

    monkeypatch.setattr(cameras, "load_backend", lambda scheme: Backend)
    bright = {"0": (0, 0), "90": (0, 3), "180": (3, 5), "270": (5, 0)}
    for rotate, (row, column) in bright.items():
        for flip in ("0", "1"):
            grey = open_camera(turned_uri(scheme, f"rotate={rotate}&flip={flip}")).read()
            assert grey is not None
            assert grey.shape == ((4, 6) if rotate in ("0", "180") else (6, 4))
            mirrored = grey.shape[1] - 1 - column
            assert grey[row, mirrored if flip == "1" else column] == 255


@pytest.mark.parametrize("scheme", OPTIONS)
@pytest.mark.parametrize("option", ["rotate=45", "rotate=-90", "flip=2", "flip=true"])
def test_every_kind_of_camera_refuses_another_turn(scheme: str, option: str) -> None:
    name, _, value = option.partition("=")
    with pytest.raises(UserError, match=rf"{name}: '{value}' is not 0 or "):
        check_uri(turned_uri(scheme, option))


def test_frames_are_paced_by_their_own_times() -> None:
    now_s, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now_s[0] += seconds

    pace = Pace(30.0, clock=lambda: now_s[0], sleep=sleep)
    for since_last_s in (0.04, 0.04, 0.2, 0.02):
        pace.wait_since_last(since_last_s)
    assert slept == [0.04, 0.2, 0.02]
    now_s[0] += 1.0  # a hold-up is not caught up on
    pace.wait_since_last(0.04)
    pace.wait_since_last(0.04)
    assert slept == [0.04, 0.2, 0.02, 0.04]


def test_a_real_file_of_a_variable_rate_is_played_by_its_own_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    av = pytest.importorskip("av", reason="needs PyAV to write a file of a variable frame rate")
    shown_ms = (0, 40, 80, 480, 520, 1120, 1140)
    path = tmp_path / "variable.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time_ms in enumerate(shown_ms):
            picture = np.full((48, 64, 3), 30 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    waited: list[float] = []
    monkeypatch.setattr(Pace, "wait_since_last", lambda _, since_s: waited.append(since_s))
    camera = open_camera(f"file:{path}")
    while camera.read() is not None:
        pass
    camera.close()
    between_s = [(now - before) / 1000 for before, now in pairwise(shown_ms)]
    assert waited[1:] == pytest.approx(between_s, abs=0.002)
