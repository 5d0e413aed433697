"""Pictures of a camera that is mounted in another way, and files of a variable frame rate."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.camera.base import Pace
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
