"""Clips as another camera would have taken them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.observation import Landmarks
from tests.benchmarks.changed_clips import (
    OVERLAYS,
    Change,
    changed_picture,
    main,
    with_overlay,
)

PICTURE = np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def test_mirrored_twice_is_as_it_was() -> None:
    once = changed_picture(PICTURE, Change.MIRRORED, 0)
    assert (once[:, 0] == PICTURE[:, -1]).all()
    assert (changed_picture(once, Change.MIRRORED, 0) == PICTURE).all()


def test_dark_has_a_fifth_of_the_light() -> None:
    dark = changed_picture(PICTURE, Change.DARK, 0)
    assert dark.mean() == pytest.approx(0.2 * PICTURE.mean(), rel=0.03)


@pytest.mark.parametrize(
    ("change", "pictures"),
    [("half-rate", 5), ("mirrored", 10), ("ten-a-second", 5), ("sunglasses", 10)],
)
def test_a_folder_keeps_its_names_and_its_length(
    tmp_path: Path, change: str, pictures: int
) -> None:
    source = tmp_path / "clips" / "talking" / "one.mp4"
    source.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(source), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, (64, 48))
    for _ in range(10):
        writer.write(PICTURE)
    writer.release()
    main([str(tmp_path / "clips"), str(tmp_path / "out"), "--change", change])
    clip = cv2.VideoCapture(str(tmp_path / "out" / "talking" / "one.mp4"))
    assert clip.get(cv2.CAP_PROP_FRAME_COUNT) == pictures
    seconds = clip.get(cv2.CAP_PROP_FRAME_COUNT) / clip.get(cv2.CAP_PROP_FPS)
    assert seconds == pytest.approx(0.5)


@pytest.mark.parametrize("change", [change for change in Change if change in OVERLAYS])
def test_what_is_before_a_face_hides_what_it_says(change: Change) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    points = Landmarks((70.0, 80.0), (130.0, 80.0), (100.0, 110.0), (80.0, 140.0), (120.0, 140.0))
    shown = with_overlay(grey, points, change, 5.0)
    changed = (shown != grey).any(axis=2)
    assert changed[80, 70] == (change in (Change.SUNGLASSES, Change.COVERED))
    assert changed[140, 100] == (change in (Change.CUP, Change.COVERED))
    assert changed.any()
    # A hand goes away again.
    assert (with_overlay(grey, points, change, 1.0) == grey).all() == (change is Change.COVERED)
