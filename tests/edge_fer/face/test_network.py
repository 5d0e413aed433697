import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.errors import UserError
from edge_fer.face.boxes import box_of, square_of_box
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import MIRRORED, NAMES, Square
from edge_fer.face.network import FaceNetwork, FaceReading
from edge_fer.models.check import check_files
from edge_fer.models.files import read_model_files
from edge_fer.paths import SHIPPED_EYES, SHIPPED_FACE, SHIPPED_MODEL

Grey = NDArray[np.uint8]


@pytest.fixture(scope="module")
def network() -> FaceNetwork:
    return FaceNetwork()


@pytest.fixture(scope="module")
def driver() -> Grey:
    return Scene().render(0.0)


@pytest.fixture(scope="module")
def face(network: FaceNetwork, driver: Grey) -> FaceReading:
    """Return the demo's driver, read at the second look."""
    first = network.read(driver, square_of_box(HaarDetector().detect(driver)[0]))
    return network.read(driver, first.square)


def test_the_shipped_network_computes_as_its_card_says() -> None:
    result, card, _ = check_files(read_model_files(SHIPPED_FACE))
    assert result.passed
    assert card.parameters is not None
    assert card.multiply_adds is not None
    assert card.parameters <= 300_000
    assert card.multiply_adds <= 15_000_000
    assert set(card.operators) <= {"CONV_2D", "FULLY_CONNECTED", "RESHAPE"}


def test_the_shipped_network_is_as_good_as_was_asked_for(network: FaceNetwork) -> None:
    errors = {name: error.int8 for name, error in network.card.errors.items()}
    assert errors["landmarks, tracked"] <= 0.055
    assert errors["yaw, within 40 degrees"] <= 3.0
    assert errors["pitch, within 40 degrees"] <= 3.0
    assert errors["yaw, beyond 40 degrees, drawn"] <= 6.0
    assert errors["pitch, beyond 40 degrees, drawn"] <= 6.0
    assert errors["accepted of all without a face, 97% of faces kept"] <= 0.005


def test_the_card_has_each_step_of_the_training(network: FaceNetwork) -> None:
    training = network.card.training
    for step in (training, training["started_from"]):
        assert step["settings"]["seed"] == 1
        assert len(step["loss"]) == step["epochs"]
        assert {len(digest) for digest in step["data_sha256"].values()} == {64}


@pytest.mark.parametrize("path", [SHIPPED_MODEL, SHIPPED_EYES])
def test_a_network_of_another_kind_is_refused_by_its_name(path: Path) -> None:
    with pytest.raises(UserError, match=path.stem):
        FaceNetwork(path)


def test_the_drivers_own_left_is_right_in_the_picture(face: FaceReading) -> None:
    points = face.landmarks
    assert face.presence > 0.9
    assert points.right_eye[0] < points.nose[0] < points.left_eye[0]
    assert points.right_mouth[0] < points.left_mouth[0]
    assert points.right_eye[1] < points.nose[1] < points.right_mouth[1] < face.point("chin")[1]
    assert face.point("left brow middle")[1] < points.left_eye[1]
    assert abs(face.head.yaw_deg) < 15
    assert not face.profile


def test_mirrored_pairs_are_each_others() -> None:
    for place, other in enumerate(MIRRORED):
        assert MIRRORED[other] == place
        assert NAMES[other] == NAMES[place].replace("right", "?").replace("left", "right").replace(
            "?", "left"
        )


def test_a_mirror_changes_the_signs_of_yaw_and_roll(
    network: FaceNetwork, driver: Grey, face: FaceReading
) -> None:
    (x, y), side, tilt = face.square
    mirrored = network.read(
        np.ascontiguousarray(driver[:, ::-1]), Square((driver.shape[1] - 1 - x, y), side, -tilt)
    )
    assert mirrored.head.yaw_deg == pytest.approx(-face.head.yaw_deg, abs=5.0)
    assert mirrored.head.pitch_deg == pytest.approx(face.head.pitch_deg, abs=5.0)
    assert mirrored.tilt == pytest.approx(-face.tilt, abs=math.radians(5.0))


@pytest.mark.parametrize("turn_deg", [-30.0, 20.0])
def test_a_turned_picture_turns_the_roll_and_the_points(
    network: FaceNetwork, driver: Grey, face: FaceReading, turn_deg: float
) -> None:
    centre = face.square.centre
    # OpenCV turns counter-clockwise as seen.
    there = cv2.getRotationMatrix2D(centre, -turn_deg, 1.0)
    turned = cv2.warpAffine(driver, there, driver.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    square = Square(centre, face.square.side, face.square.tilt + math.radians(turn_deg))
    found = network.read(turned.astype(np.uint8), square)
    assert found.head.roll_deg == pytest.approx(face.head.roll_deg + turn_deg, abs=5.0)
    wanted = np.array(face.points) @ there[:, :2].T + there[:, 2]
    assert np.abs(np.array(found.points) - wanted).max() < 0.06 * face.square.side


def test_the_box_is_like_the_detectors(driver: Grey, face: FaceReading) -> None:
    (detected,) = HaarDetector().detect(driver)
    box = box_of(face)
    assert box.overlap(detected) > 0.7
    assert box.width == pytest.approx(detected.width, rel=0.15)
    assert box.landmarks is not None


@pytest.mark.parametrize("grey_value", [0, 60, 128, 255])
def test_there_is_no_face_in_a_flat_frame(network: FaceNetwork, grey_value: int) -> None:
    frame = np.full((240, 320), grey_value, np.uint8)
    assert network.read(frame, Square((160.0, 120.0), 120.0, 0.0)).presence < 0.5


def test_there_is_no_face_in_noise(network: FaceNetwork) -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        frame = rng.integers(0, 256, (96, 96)).astype(np.uint8)
        assert network.read(frame, Square((48.0, 48.0), 80.0, 0.0)).presence < 0.5


@pytest.mark.parametrize(
    "square",
    [
        Square((math.nan, 50.0), 60.0, 0.0),
        Square((50.0, 50.0), math.nan, 0.0),
        Square((50.0, 50.0), 60.0, math.nan),
        Square((50.0, 50.0), math.inf, 0.0),
        Square((50.0, 50.0), 0.0, 0.0),
        Square((50.0, 50.0), -60.0, 0.0),
        Square((-1000.0, 50.0), 60.0, 0.0),
        Square((50.0, 9000.0), 60.0, 0.0),
        Square((50.0, 50.0), 1e9, 0.0),
    ],
)
def test_a_square_that_shows_nothing_has_no_face(
    network: FaceNetwork, driver: Grey, square: Square
) -> None:
    reading = network.read(driver, square)
    assert reading.presence == 0.0
    assert is_finite(reading)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(min_size=64, max_size=64),
    st.tuples(st.floats(allow_nan=True), st.floats(allow_nan=True)),
    st.floats(allow_nan=True),
    st.floats(allow_nan=True),
)
def test_any_bytes_and_any_square_give_finite_numbers(
    content: bytes, centre: tuple[float, float], side: float, tilt: float
) -> None:
    frame = np.frombuffer(content, np.uint8).reshape(8, 8)
    large = cv2.resize(frame, (64, 64)).astype(np.uint8)
    for square in (Square(centre, side, tilt), Square((32.0, 32.0), 64.0, 0.0)):
        reading = SHIPPED.read(large, square)
        assert is_finite(reading)
        assert 0.0 <= reading.presence <= 1.0
        assert reading.mouth_opening >= 0.0


def is_finite(reading: FaceReading) -> bool:
    head = reading.head
    numbers = [head.yaw_deg, head.pitch_deg, head.roll_deg, reading.mouth_opening, reading.tilt]
    return bool(np.isfinite(reading.points).all() and np.isfinite(numbers).all())


SHIPPED = FaceNetwork()
