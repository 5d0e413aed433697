"""Recorded cameras: clips and folders of images."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.camera.file import fit
from edge_fer.errors import UserError


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Ten frames of 64x48 at 20 fps, frame n of grey value 20 n + 20."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    assert writer.isOpened()
    for number in range(10):
        writer.write(np.full((48, 64, 3), 20 * number + 20, np.uint8))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "images"
    path.mkdir()
    for number in range(3):
        cv2.imwrite(str(path / f"{number:03}.png"), np.full((30, 40), 50 * number + 50, np.uint8))
    (path / "notes.txt").write_text("no image")
    return path


def levels(uri: str, at_most: int = 100) -> list[int]:
    camera = open_camera(uri)
    found: list[int] = []
    while len(found) < at_most and (grey := camera.read()) is not None:
        assert grey.ndim == 2
        assert grey.dtype == np.uint8
        found.append(round(float(grey.mean())))
    camera.close()
    return found


def test_clip_gives_its_frames_in_order(clip: Path) -> None:
    assert levels(f"file:{clip}?speed=max") == pytest.approx(range(20, 220, 20), abs=3)


def test_clip_has_its_own_rate_and_size(clip: Path) -> None:
    camera = open_camera(f"file:{clip}?speed=max")
    assert camera.fps == pytest.approx(20.0)
    grey = camera.read()
    assert grey is not None
    assert grey.shape == (48, 64)


def test_looping_begins_again(clip: Path) -> None:
    assert levels(f"file:{clip}?speed=max&loop=1", 25)[10:20] == levels(f"file:{clip}?speed=max")


def test_rate_can_be_set_and_is_kept(clip: Path) -> None:
    camera = open_camera(f"file:{clip}?fps=50")
    start_s = time.monotonic()
    while camera.read() is not None:
        pass
    # Ten frames have nine gaps; an upper bound would only measure how busy the machine is.
    assert time.monotonic() - start_s >= 9 / 50 - 0.001
    assert camera.fps == 50


def test_folder_is_read_in_the_order_of_names(folder: Path) -> None:
    assert levels(f"file:{folder}?speed=max") == [50, 100, 150]
    assert levels(f"file:{folder}?speed=max&loop=1", 5) == [50, 100, 150, 50, 100]


def test_folder_keeps_the_size_of_its_first_image(folder: Path) -> None:
    cv2.imwrite(str(folder / "zzz.jpg"), np.full((77, 20), 200, np.uint8))
    camera = open_camera(f"file:{folder}?speed=max")
    shapes = set()
    while (grey := camera.read()) is not None:
        shapes.add(grey.shape)
    assert shapes == {(30, 40)}


@pytest.mark.parametrize("shape", [(10, 10), (1, 500), (500, 1), (48, 64), (47, 65)])
def test_fitting_never_distorts_nor_fails(shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(1).integers(100, 120, shape).astype(np.uint8)
    fitted = fit(grey, (48, 64))
    assert fitted.shape == (48, 64)
    assert 99 < fitted.mean() < 120


def test_image_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match=r"broken\.png is not an image"):
        levels(f"file:{folder}?speed=max")


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("no video")
    empty = tmp_path / "empty"
    empty.mkdir()
    for uri, wanted in (
        ("file:", "no file"),
        (f"file:{tmp_path}/gone.mp4", "there is no file"),
        (f"file:{text}", "is not a video"),
        (f"file:{empty}", "no images in the folder"),
        ("file:/dev/null", "neither a file nor a folder"),
        (f"file:{text}?speed=fast", "is not a video|speed: 'fast' is not real or max"),
        (f"file:{text}?sped=max", "unknown option 'sped': use fps, speed, loop"),
    ):
        with pytest.raises(UserError, match=wanted):
            open_camera(uri)


def test_cut_off_clip_is_no_reason_to_fail(clip: Path) -> None:
    """A recording of a device that lost its power: what is there is played, or it is said."""
    whole = clip.read_bytes()
    for length in range(0, len(whole), 997):
        clip.write_bytes(whole[:length])
        try:
            found = levels(f"file:{clip}?speed=max")
        except UserError as error:
            assert "is not a video" in str(error)  # noqa: PT017  # some lengths play, some do not
        else:
            assert found == pytest.approx(list(range(20, 220, 20))[: len(found)], abs=3)
