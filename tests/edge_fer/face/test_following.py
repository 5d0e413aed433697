import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.face.boxes import square_of_box
from edge_fer.face.following import (
    AGAIN_PRESENCE,
    FAINT_PRESENCE,
    FOUND_PRESENCE,
    HOLD_S,
    KEPT_PRESENCE,
    SAME_PERSON_S,
    NetworkTracker,
)
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import Square
from edge_fer.face.network import FaceNetwork, FaceReading
from edge_fer.face.searching import open_cascades
from edge_fer.face.seat import SEAT_OF_SIDE, WHOLE_FRAME, SeatRegion, seat_of

Grey = NDArray[np.uint8]


class Proposals:
    """Proposes the same squares each time and counts how often it is asked."""

    def __init__(self, *squares: Square) -> None:
        self.squares = list(squares)
        self.asked = 0

    def propose(self, grey: Grey) -> list[Square]:
        self.asked += 1
        return self.squares

    def restart(self) -> None:
        pass


@pytest.fixture(scope="module")
def network() -> FaceNetwork:
    return FaceNetwork()


@pytest.fixture(scope="module")
def driver() -> Grey:
    return Scene().render(0.0)


@pytest.fixture(scope="module")
def square(driver: Grey) -> Square:
    return square_of_box(HaarDetector().detect(driver)[0])


def moved(frame: Grey, right: float, down: float, turn_deg: float = 0.0) -> Grey:
    height, width = frame.shape
    there = cv2.getRotationMatrix2D((width / 2, height / 2), -turn_deg, 1.0)
    there[:, 2] += np.array((right, down))
    return cv2.warpAffine(frame, there, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8
    )


def test_a_face_that_is_followed_is_not_searched_for(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    search = Proposals(square)
    tracker = NetworkTracker(network, search)
    for number in range(20):
        face = tracker.update(moved(driver, 4.0 * number, 2.0 * number), number / 30)
        assert face is not None
        assert face.reading is not None
        assert face.detected == (number == 0)
        x, y = square.centre
        wanted = (x + 4.0 * number, y + 2.0 * number)
        assert math.dist(face.reading.square.centre, wanted) < 0.15 * square.side
    assert search.asked == 1


def test_a_head_that_tilts_is_followed(network: FaceNetwork, driver: Grey, square: Square) -> None:
    tracker = NetworkTracker(network, Proposals(square))
    for number in range(30):
        face = tracker.update(moved(driver, 0, 0, 2.0 * number), number / 30)
    assert face is not None
    assert face.reading is not None
    assert face.reading.head.roll_deg == pytest.approx(58.0, abs=8.0)


def test_presence_ends_the_track_at_once(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    search = Proposals(square)
    tracker = NetworkTracker(network, search)
    assert tracker.update(driver, 0.0) is not None
    empty = np.full_like(driver, 90)
    for number in range(1, 30):
        assert tracker.update(empty, number / 30) is None
    assert search.asked > 10


def test_after_a_moment_without_it_the_face_is_found_where_it_was(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    search = Proposals(square)
    tracker = NetworkTracker(network, search)
    tracker.update(driver, 0.0)
    search.squares = []
    assert tracker.update(np.full_like(driver, 90), 0.1) is None
    face = tracker.update(driver, HOLD_S - 0.1)
    assert face is not None
    assert not face.detected


class Dimmed(FaceNetwork):
    """Reads as the network does, but for the presence, which `most` limits."""

    most = 1.0

    def read(self, grey: Grey, square: Square) -> FaceReading:
        reading = super().read(grey, square)
        return replace(reading, presence=min(reading.presence, self.most))


def test_a_face_that_is_hardly_seen_is_followed_unseen_and_returns(
    driver: Grey, square: Square
) -> None:
    network, search = Dimmed(), Proposals(square)
    tracker = NetworkTracker(network, search)
    for number in range(15):
        assert tracker.update(driver, number / 30) is not None
    search.squares = []
    network.most = KEPT_PRESENCE - 0.1
    for number in range(15, 45):  # a second, in which it moves by more than half of its width
        assert tracker.update(moved(driver, 6.0 * (number - 14), 0), number / 30) is None
    frame = moved(driver, 6.0 * 30, 0)
    network.most = KEPT_PRESENCE + 0.05
    assert tracker.update(frame, 1.5) is None, "as little as where it was lost: it would flicker"
    network.most = AGAIN_PRESENCE
    face = tracker.update(frame, 1.53)
    assert face is not None
    assert face.reading is not None
    assert not face.detected
    wanted = (square.centre[0] + 180.0, square.centre[1])
    assert math.dist(face.reading.square.centre, wanted) < 0.2 * square.side


@pytest.mark.parametrize("seconds", [1.0, SAME_PERSON_S + 0.5])
def test_what_was_a_face_for_a_moment_must_be_found_anew(
    driver: Grey, square: Square, seconds: float
) -> None:
    network, search = Dimmed(), Proposals(square)
    tracker = NetworkTracker(network, search)
    for number in range(3 if seconds < SAME_PERSON_S else 15):
        tracker.update(driver, number / 30)
    search.squares = []
    network.most = FAINT_PRESENCE + 0.01
    for number in range(15, 15 + round(30 * seconds)):
        assert tracker.update(driver, number / 30) is None
    network.most = FOUND_PRESENCE - 0.1
    assert tracker.update(driver, 0.6 + seconds) is None


def test_a_proposal_without_a_face_counts_for_nothing(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    beside = Square((square.side, 40.0), square.side / 2, 0.0)
    assert NetworkTracker(network, Proposals(beside)).update(driver, 0.0) is None


def test_a_face_outside_of_the_seat_is_not_taken(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    x = square.centre[0] / driver.shape[1]
    elsewhere = SeatRegion(x + 0.05, 0.0, 1.0, 1.0)
    assert NetworkTracker(network, Proposals(square), seat=elsewhere).update(driver, 0.0) is None


def test_another_seat_lets_a_followed_face_go(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    x = square.centre[0] / driver.shape[1]
    tracker = NetworkTracker(network, Proposals(square))
    assert tracker.update(driver, 0.0) is not None
    assert tracker.look_in(SeatRegion(x + 0.05, 0.0, 1.0, 1.0))
    assert tracker.update(driver, 0.1) is None
    assert tracker.look_in(WHOLE_FRAME)
    assert not tracker.look_in(WHOLE_FRAME)
    assert tracker.update(driver, 0.2) is not None


def test_of_two_faces_the_larger_is_followed(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    height, width = driver.shape
    both = np.hstack([cv2.resize(driver, (width // 2, height // 2))] * 2).astype(np.uint8)
    both = np.vstack([both, driver[: height // 2]]).astype(np.uint8)
    both = np.hstack([driver, both[:height]]).astype(np.uint8)
    small = Square((width + square.centre[0] / 2, square.centre[1] / 2), square.side / 2, 0.0)
    face = NetworkTracker(network, Proposals(small, square)).update(both, 0.0)
    assert face is not None
    assert face.box.centre[0] < width


def test_forgetting_searches_anew(network: FaceNetwork, driver: Grey, square: Square) -> None:
    search = Proposals(square)
    tracker = NetworkTracker(network, search)
    tracker.update(driver, 0.0)
    tracker.forget()
    face = tracker.update(driver, 0.01)
    assert face is not None
    assert face.detected
    assert search.asked == 2


@pytest.mark.parametrize("shape", [(1, 1), (8, 300), (300, 8)])
def test_a_frame_of_any_shape(network: FaceNetwork, shape: tuple[int, int]) -> None:
    tracker = NetworkTracker(network, open_cascades(48))
    frame = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    for number in range(7):
        assert tracker.update(frame, number / 10) is None


def two_heads(driver: Grey, square: Square, ratio: float = 1.0) -> tuple[Grey, Square, Square]:
    """Return a picture of two heads side by side, and where each is; the right one `ratio` wide."""
    (x, y), side, tilt = square
    width = driver.shape[1]
    left = moved(driver, width * 0.22 - x, 0.0)
    there = np.array([[ratio, 0.0, 0.78 * width - ratio * x], [0.0, ratio, (1.0 - ratio) * y]])
    right = cv2.warpAffine(driver, there, (width, driver.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    both = np.hstack((left[:, : width // 2], right[:, width // 2 :])).astype(np.uint8)
    return (
        both,
        Square((0.22 * width, y), side, tilt),
        Square((0.78 * width, y), ratio * side, tilt),
    )


@pytest.mark.parametrize(("side", "chosen"), [("left", 1), ("right", 0)])
def test_of_two_heads_the_one_on_the_drivers_side_is_taken(
    network: FaceNetwork, driver: Grey, square: Square, side: str, chosen: int
) -> None:
    picture, *heads = two_heads(driver, square)
    tracker = NetworkTracker(network, Proposals(*heads), seat=SEAT_OF_SIDE[side])
    face = tracker.update(picture, 0.0)
    assert face is not None
    assert math.dist(face.box.centre, heads[chosen].centre) < 0.3 * heads[chosen].side


def test_a_passenger_who_is_seen_alone_is_nobody(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    picture, passenger, _ = two_heads(driver, square)
    tracker = NetworkTracker(network, Proposals(passenger), seat=SEAT_OF_SIDE["left"])
    assert [tracker.update(picture, number / 30) for number in range(90)] == [None] * 90


def test_of_two_heads_the_larger_is_taken_and_of_equal_ones_that_in_the_middle(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    picture, left, right = two_heads(driver, square, 0.7)
    face = NetworkTracker(network, Proposals(right, left)).update(picture, 0.0)
    assert face is not None
    assert math.dist(face.box.centre, left.centre) < 0.3 * left.side
    picture, left, right = two_heads(driver, square)
    nearer_right = SeatRegion(0.3, 0.0, 1.0, 1.0)
    face = NetworkTracker(network, Proposals(left, right), seat=nearer_right).update(picture, 0.0)
    assert face is not None
    assert math.dist(face.box.centre, right.centre) < 0.3 * right.side


def test_a_named_region_counts_before_that_of_the_side() -> None:
    assert seat_of("0.1 0 0.9 1", "left") == SeatRegion(0.1, 0.0, 0.9, 1.0)
    assert seat_of("", "left") == SEAT_OF_SIDE["left"]
    # A camera straight before the wheel has the driver in the middle, on whichever side that is.
    assert all(seat.holds((320.0, 240.0), (480, 640)) for seat in SEAT_OF_SIDE.values())


def test_two_faces_in_one_square_are_one_face_or_none(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    picture, left, right = two_heads(driver, square)
    middle = (left.centre[0] + right.centre[0]) / 2, left.centre[1]
    for side in (1.0, 1.5, 2.0, 3.0):
        reading = network.read(picture, Square(middle, side * left.side, 0.0))
        assert np.isfinite(reading.points).all()
        # What is followed from there is one of the two, and stays it.
        tracker = NetworkTracker(network, Proposals(Square(middle, side * left.side, 0.0)))
        found = [tracker.update(picture, number / 30) for number in range(12)]
        places = [face.box.centre for face in found if face is not None]
        if places:
            nearest = [
                min((0, 1), key=lambda n: math.dist((left, right)[n].centre, place))
                for place in places
            ]
            assert len(set(nearest)) == 1
            assert math.dist(places[-1], (left, right)[nearest[-1]].centre) < 0.4 * left.side


@pytest.mark.parametrize(("x", "y"), [(-0.55, 0.5), (1.55, 0.5), (0.5, -0.6), (0.5, 1.7), (9, 9)])
def test_a_square_outside_of_the_picture_is_no_face(
    network: FaceNetwork, driver: Grey, square: Square, x: float, y: float
) -> None:
    height, width = driver.shape
    outside = Square((x * width, y * height), square.side, 0.0)
    assert network.read(driver, outside).presence < 0.5
    assert NetworkTracker(network, Proposals(outside)).update(driver, 0.0) is None
