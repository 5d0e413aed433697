"""YuNet on the demo's portrait: boxes as the other detector's, landmarks, and its file."""

import os
import socket
import threading
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.cli.app import main
from edge_fer.daemon.opening import open_networks
from edge_fer.errors import UserError
from edge_fer.face import fetching, yunet
from edge_fer.face.fetching import fetch_yunet
from edge_fer.face.haar import HaarDetector
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.face.yunet import YuNetDetector
from edge_fer.models.settings import ModelConfig
from edge_fer.observation import FaceBox


@pytest.fixture(scope="module")
def detector(yunet_model: Path) -> YuNetDetector:
    return YuNetDetector(yunet_model)


@pytest.fixture(scope="module")
def driver() -> NDArray[np.uint8]:
    return Scene().render(1.0)


@pytest.fixture(scope="module")
def face(detector: YuNetDetector, driver: NDArray[np.uint8]) -> FaceBox:
    (found,) = detector.detect(driver)
    return found


def test_the_box_is_that_of_the_cascade(face: FaceBox, driver: NDArray[np.uint8]) -> None:
    (other,) = HaarDetector().detect(driver)
    assert face.overlap(other) > 0.7


def test_landmarks_lie_as_in_a_face(face: FaceBox) -> None:
    points = face.landmarks
    assert points is not None
    assert face.x < points.right_eye[0] < points.nose[0] < points.left_eye[0] < face.x + face.width
    assert points.right_mouth[0] < points.nose[0] < points.left_mouth[0]
    assert max(points.right_eye[1], points.left_eye[1]) < points.nose[1] < points.left_mouth[1]


def test_near_a_known_face_it_is_found_again_with_the_same_landmarks(
    detector: YuNetDetector, driver: NDArray[np.uint8], face: FaceBox
) -> None:
    assert face.landmarks is not None
    for shift, size in ((0, 1.0), (25, 1.0), (-25, 1.0), (0, 1.25), (0, 0.8)):
        guess = FaceBox(face.x + shift, face.y, face.width * size, face.height * size, 1.0)
        found = detector.detect_near(driver, guess)
        assert found is not None, (shift, size)
        assert found.overlap(face) > 0.7, (shift, size)
        assert found.landmarks is not None
        assert np.allclose(found.landmarks.nose, face.landmarks.nose, atol=0.08 * face.width)


def test_a_tilted_head_is_followed_upright(
    detector: YuNetDetector, driver: NDArray[np.uint8], face: FaceBox
) -> None:
    turn = cv2.getRotationMatrix2D(face.centre, -30.0, 1.0)
    height, width = driver.shape
    tilted = cv2.warpAffine(driver, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    tracker_s_box, found = face, None
    for _ in range(8):  # each frame begins with what the one before knew of the tilt
        found = detector.detect_near(tilted.astype(np.uint8), tracker_s_box)
        assert found is not None
        tracker_s_box = found
    assert found is not None
    assert face.landmarks is not None
    assert found.landmarks is not None
    for one, other in (
        (face.landmarks.right_eye, found.landmarks.right_eye),
        (face.landmarks.left_eye, found.landmarks.left_eye),
    ):
        assert np.allclose(turn @ (*one, 1.0), other, atol=0.1 * face.width)
    tilt_deg = np.degrees(found.landmarks.tilt - face.landmarks.tilt)
    assert tilt_deg == pytest.approx(30.0, abs=8.0)


def test_a_small_face_is_found_where_it_is_wanted(
    yunet_model: Path, driver: NDArray[np.uint8]
) -> None:
    detector = YuNetDetector(yunet_model, min_face_px=24)
    small = cv2.resize(driver, (160, 120), interpolation=cv2.INTER_AREA).astype(np.uint8)
    (found,) = detector.detect(small)
    assert detector.detect_near(small, found) is not None
    assert YuNetDetector(yunet_model).detect(small) == []


def test_empty_pictures_and_noise_have_no_face(
    detector: YuNetDetector, driver: NDArray[np.uint8], face: FaceBox
) -> None:
    random = np.random.default_rng(2)
    for _ in range(3):
        assert detector.detect(random.integers(0, 256, (480, 640)).astype(np.uint8)) == []
    assert detector.detect(np.full((480, 640), 128, np.uint8)) == []
    for x, y in ((0, 300), (-500, -500), (5000, 5000)):
        assert detector.detect_near(driver, FaceBox(x, y, face.width, face.height, 1.0)) is None


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (10, 2000), (2000, 10), (48, 64)])
def test_any_frame_size_can_be_searched(detector: YuNetDetector, shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(4).integers(0, 256, shape).astype(np.uint8)
    assert detector.detect(grey) == []


def test_another_file_and_no_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model fetch yunet"):
        YuNetDetector(tmp_path / "gone.onnx")
    other = tmp_path / "other.onnx"
    other.write_bytes(b"something else")
    with pytest.raises(UserError, match="sha256"):
        YuNetDetector(other)
    with pytest.raises(UserError, match="cannot read YuNet"):
        open_tracker(FaceConfig(detector="yunet", model=str(tmp_path / "gone.onnx")))


@pytest.mark.parametrize("kind", ["pipe", "device", "5 GB"])
def test_what_has_no_end_holds_up_no_start(kind: str, tmp_path: Path) -> None:
    path = tmp_path / yunet.FILE_NAME
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(5 << 30)
    with pytest.raises(UserError, match="cannot read YuNet"):
        YuNetDetector(path)
    store = ModelConfig(store=str(tmp_path))
    for detector in ("yunet", "auto"):
        face = FaceConfig(detector=detector)
        networks = open_networks(store, face, stand_in=True)
        assert networks.parts.detector_failed or (detector == "auto" and kind != "5 GB")


def test_fetch_brings_the_file_and_leaves_it_where_it_is_right(
    tmp_path: Path, yunet_model: Path
) -> None:
    url = yunet_model.resolve().as_uri()
    (tmp_path / yunet.FILE_NAME).write_bytes(b"half of it")
    path = fetch_yunet(tmp_path, url=url)
    assert path.read_bytes() == yunet_model.read_bytes()
    assert fetch_yunet(tmp_path, url="nonsense:") == path


def test_fetch_keeps_nothing_of_another_file(tmp_path: Path) -> None:
    source = tmp_path / "page.html"
    source.write_text("<h1>Not found</h1>")
    folder = tmp_path / "models"
    folder.mkdir()
    with pytest.raises(UserError, match="sha256"):
        fetch_yunet(folder, url=source.as_uri())
    assert list(folder.iterdir()) == []


def test_fetch_from_what_does_not_speak_http(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(b"220 mail\r\nready\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(UserError, match=r"cannot be downloaded \(220 mail\)"):
            fetch_yunet(tmp_path, url=f"http://127.0.0.1:{server.getsockname()[1]}/file")
        thread.join()
    assert list(tmp_path.iterdir()) == []


def test_fetch_without_a_network_says_in_one_line_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = partial(fetch_yunet, url=f"http://localhost:1/{yunet.FILE_NAME}")
    monkeypatch.setattr(fetching, "fetch_yunet", nowhere)
    with pytest.raises(SystemExit) as end:
        main(["model", "fetch", "yunet", "--store", str(tmp_path)])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "on a machine with a network" in said
    assert str(tmp_path / yunet.FILE_NAME) in said
    with pytest.raises(SystemExit):
        main(["model", "fetch", "yunet", "--store", "/dev/null/gone"])
    assert "--store /dev/null/gone: cannot be made (Not a directory)" in capsys.readouterr().err
