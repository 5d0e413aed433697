"""Squares all over the frame: what no detector proposes is found all the same."""

import math

import cv2
import numpy as np
import pytest

from edge_fer.camera.scene import Scene
from edge_fer.face.following import NetworkTracker
from edge_fer.face.landmarks import Square
from edge_fer.face.network import FaceNetwork
from edge_fer.face.scanning import SIDES, SQUARES_A_TURN, Scan
from edge_fer.face.seat import SeatRegion


class NoProposals:
    """A detector that finds nothing."""

    def propose(self, grey: object) -> list[Square]:
        return []

    def restart(self) -> None:
        pass


@pytest.fixture(scope="module")
def network() -> FaceNetwork:
    return FaceNetwork()


def all_squares(shape: tuple[int, int]) -> list[Square]:
    scan, found = Scan(), []
    first = scan.next(shape)
    turn = first
    while True:
        assert 0 < len(turn) <= SQUARES_A_TURN
        found += turn
        turn = scan.next(shape)
        if turn == first:
            return found


@pytest.mark.parametrize("shape", [(480, 640), (960, 540), (300, 400)])
def test_each_place_lies_near_the_middle_of_a_square_of_each_size(shape: tuple[int, int]) -> None:
    height, width = shape
    squares = all_squares(shape)
    for share in SIDES:
        side = share * min(shape)
        centres = [square.centre for square in squares if square.side == side]
        for x in np.linspace(side / 2, width - side / 2, 12):
            for y in np.linspace(side / 2, height - side / 2, 12):
                assert min(math.dist(centre, (x, y)) for centre in centres) <= side / 2


def test_a_frame_of_another_size_is_begun_anew() -> None:
    scan = Scan()
    scan.next((480, 640))
    assert scan.next((960, 540)) == Scan().next((960, 540))


@pytest.mark.parametrize(
    ("seat", "there"), [(SeatRegion(0, 0, 1, 1), True), (SeatRegion(0, 0, 0.2, 1), False)]
)
def test_a_face_that_no_detector_proposes_is_found_in_the_seat(
    network: FaceNetwork, seat: SeatRegion, there: bool
) -> None:
    grey = Scene().render(0.0)
    tracker = NetworkTracker(network, NoProposals(), seat=seat, scan=Scan())
    turns = len(all_squares(grey.shape)) // SQUARES_A_TURN + 1
    found = [tracker.update(grey, turn / 30) for turn in range(2 * turns)]
    assert any(face is not None for face in found) is there


def test_where_there_is_no_face_none_is_found(network: FaceNetwork) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (24, 32)).astype(np.uint8)
    grey = cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    tracker = NetworkTracker(network, NoProposals(), scan=Scan())
    assert all(tracker.update(grey, turn / 30) is None for turn in range(20))
