"""What the driver's seat looks like once no face is found in it."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.face.seat_look import SeatLook
from edge_fer.observation import FaceBox

# The scene's driver at 17 s, as the tracker finds it (pixels).
FACE = FaceBox(247.0, 115.0, 158.0, 158.0, 1.0)
LEFT_S = 20.0  # the scene's driver has left


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def taken(scene: Scene, time_s: float = 18.3) -> SeatLook:
    seat = SeatLook()
    seat.taken(scene.render(time_s), FACE, time_s)
    return seat


@pytest.mark.parametrize("left_s", [19.5, 20.0, 20.37, 21.9])
@pytest.mark.parametrize("taken_s", [0.5, 3.1, 17.0, 18.3])
def test_a_seat_that_was_left_looks_empty(scene: Scene, taken_s: float, left_s: float) -> None:
    seat = taken(scene, taken_s)
    seat.empty(scene.render(left_s))  # the first look has nothing to be compared with
    assert seat.empty(scene.render(left_s + 0.05)) is True


@pytest.mark.parametrize("light", [0.35, 0.6, 1.3])
def test_it_looks_empty_in_another_light(scene: Scene, light: float) -> None:
    seat = taken(scene)
    left = cv2.convertScaleAbs(scene.render(LEFT_S), alpha=light).astype(np.uint8)
    seat.empty(left)
    assert seat.empty(left) is True


def without_head(picture: NDArray[np.uint8], grey: int) -> NDArray[np.uint8]:
    covered = picture.copy()
    x, y = (round(value) for value in FACE.centre)
    cv2.ellipse(covered, (x, y), (85, 105), 0, 0, 360, grey, -1)
    return covered


@pytest.mark.parametrize("grey", [20, 110, 220])
def test_whose_head_is_covered_sits_there(scene: Scene, grey: int) -> None:
    seat = taken(scene)
    covered = without_head(scene.render(18.3), grey)
    seat.empty(covered)
    assert seat.empty(covered) is False


def test_what_moves_is_somebody(scene: Scene) -> None:
    seat = taken(scene)
    seat.empty(scene.render(18.75))
    assert seat.empty(scene.render(18.9)) is False


def test_nothing_is_known_of_a_seat_that_was_never_taken(scene: Scene) -> None:
    assert SeatLook().empty(scene.render(LEFT_S)) is None


def test_a_place_beyond_the_picture_is_not_judged(scene: Scene) -> None:
    seat = SeatLook()
    seat.taken(scene.render(18.3), FaceBox(-900.0, 115.0, 158.0, 158.0, 1.0), 18.3)
    assert seat.empty(scene.render(LEFT_S)) is None
