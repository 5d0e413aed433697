import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.face.boxes import square_of_box
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import Square
from edge_fer.face.searching import CascadeSearch, DetectorSearch, open_cascades
from edge_fer.observation import FaceBox, Landmarks

Grey = NDArray[np.uint8]


class Marks:
    """Finds the brightest pixel of a frame, as a face of 40 pixels; counts its calls."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, ...]] = []

    def detect(self, grey: Grey) -> list[FaceBox]:
        self.frames.append(grey.shape)
        row, column = np.unravel_index(int(grey.argmax()), grey.shape)
        return [FaceBox(float(column) - 20, float(row) - 20, 40.0, 40.0, 1.0)]

    def detect_reduced(self, small: Grey, scale: float) -> list[FaceBox]:
        assert scale == 1.0  # as the frame is smaller than what is searched
        return self.detect(small)


def frame_with_mark(x: int, y: int) -> Grey:
    frame = np.zeros((120, 160), np.uint8)
    cv2.circle(frame, (x, y), 3, 255, -1)
    return cv2.GaussianBlur(frame, (0, 0), 2.0).astype(np.uint8)


def centre_of(square: Square) -> tuple[float, float]:
    """Return the middle of the box that the square was made from."""
    down = square.side * 0.133
    (x, y), _, tilt = square
    return x + down * math.sin(tilt), y - down * math.cos(tilt)


def test_each_way_leads_back_to_the_frame() -> None:
    frontal, profile = Marks(), Marks()
    search = CascadeSearch(frontal, profile)
    frame = frame_with_mark(100, 40)
    tilts = []
    for _ in range(6):
        (square,) = search.propose(frame)
        assert centre_of(square) == pytest.approx((100, 40), abs=2.5)
        tilts.append(round(math.degrees(square.tilt)))
    assert sorted(tilts) == [-25, 0, 0, 0, 0, 25]
    assert len(frontal.frames) == 4
    assert len(profile.frames) == 2


def test_one_turn_is_one_detection() -> None:
    frontal, profile = Marks(), Marks()
    search = CascadeSearch(frontal, profile)
    search.propose(frame_with_mark(50, 50))
    assert len(frontal.frames) + len(profile.frames) == 1


def test_it_begins_with_the_frontal_cascade_again() -> None:
    frontal, profile = Marks(), Marks()
    search = CascadeSearch(frontal, profile)
    search.propose(frame_with_mark(50, 50))
    search.restart()
    search.propose(frame_with_mark(50, 50))
    assert len(frontal.frames) == 2


def test_a_detector_with_landmarks_gives_the_tilt() -> None:
    class Tilted:
        def detect(self, grey: Grey) -> list[FaceBox]:
            points = Landmarks((20, 20), (40, 40), (20, 40), (5, 35), (25, 55))
            return [FaceBox(0, 0, 60, 60, 1.0, points)] * 5

    squares = DetectorSearch(Tilted()).propose(frame_with_mark(50, 50))
    assert len(squares) == 3  # no more are looked at in one frame
    assert math.degrees(squares[0].tilt) == pytest.approx(45, abs=1)


@pytest.mark.parametrize("turn_deg", [-25.0, 25.0])
def test_the_cascades_find_a_turned_face(turn_deg: float) -> None:
    driver = Scene().render(0.0)
    height, width = driver.shape
    there = cv2.getRotationMatrix2D((width / 2, height / 2), -turn_deg, 1.0)
    turned = cv2.warpAffine(driver, there, (width, height), borderMode=cv2.BORDER_REPLICATE)
    known = square_of_box(HaarDetector().detect(driver)[0])
    wanted = there[:, :2] @ known.centre + there[:, 2]
    search = open_cascades(48)
    found = [square for _ in range(6) for square in search.propose(turned.astype(np.uint8))]
    assert any(
        math.dist(square.centre, wanted) < 0.15 * known.side
        and math.degrees(square.tilt) == pytest.approx(turn_deg)
        for square in found
    )


def test_the_frontal_cascades_second_look_has_more_contrast_in_the_dark() -> None:
    seen: list[Grey] = []

    class Keeps(Marks):
        def detect(self, grey: Grey) -> list[FaceBox]:
            seen.append(grey.copy())
            return super().detect(grey)

    y, x = np.mgrid[:120, :160]
    frame = np.full((120, 160), 120, np.uint8)
    faint = np.rint(20 + 4 * np.sin(x / 3) * np.sin(y / 3)).astype(np.uint8)
    frame[40:80, 40:120] = faint[40:80, 40:120]
    search = CascadeSearch(Keeps(), Marks())
    for _ in range(3):
        search.propose(frame)
    first, second = (picture[44:76, 44:116].astype(float).std() for picture in seen)
    assert second > 1.5 * first
