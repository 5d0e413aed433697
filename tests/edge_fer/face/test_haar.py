"""The Haar detector on the demo's portrait; real clips are with the tracker."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.condition import judge, measure
from edge_fer.camera.scene import Scene
from edge_fer.errors import UserError
from edge_fer.face import haar
from edge_fer.face.cutting import shrink
from edge_fer.face.haar import (
    CASCADE,
    MIN_NEIGHBOURS,
    PROFILE_CASCADE,
    HaarDetector,
    cascade_path,
)
from edge_fer.face.searching import open_cascades
from edge_fer.observation import CameraCondition, FaceBox


@pytest.fixture(scope="module")
def detector() -> HaarDetector:
    return HaarDetector()


@pytest.fixture(scope="module")
def driver() -> NDArray[np.uint8]:
    return Scene().render(1.0)


@pytest.fixture(scope="module")
def face(detector: HaarDetector, driver: NDArray[np.uint8]) -> FaceBox:
    (found,) = detector.detect(driver)
    return found


def test_face_is_found_where_it_is(face: FaceBox) -> None:
    # Between the eyes is at x = 320 + sway, y = 162 or so; measured in the picture.
    assert face.centre[0] == pytest.approx(330, abs=20)
    assert face.centre[1] == pytest.approx(190, abs=25)
    assert 110 < face.width < 170
    assert face.score >= MIN_NEIGHBOURS


def test_empty_cabin_and_cover_have_no_face(detector: HaarDetector) -> None:
    scene = Scene()
    assert detector.detect(scene.render(20.5)) == []
    assert detector.detect(scene.render(14.0)) == []


@pytest.mark.parametrize("light", [0.35, 0.2, 0.17, 0.15, 0.13])
def test_as_long_as_it_is_not_called_dark_a_face_is_seen(
    detector: HaarDetector, light: float
) -> None:
    """Else a driver in the dusk would be no driver."""
    random = np.random.default_rng(6)
    for time_s in (0.5, 2.0, 4.0, 6.5):
        dimmed = Scene().render(time_s) * light + random.normal(0, 2.5, (480, 640))
        grey = dimmed.clip(0, 255).astype(np.uint8)
        if judge(measure(grey)) is CameraCondition.GOOD:
            assert len(detector.detect(grey)) == 1
        else:
            assert light < 0.15


def test_empty_dim_cabin_has_no_face(detector: HaarDetector) -> None:
    random = np.random.default_rng(7)
    for light in (0.3, 0.15, 0.05, 0.0):
        dimmed = Scene().render(20.5) * light + random.normal(0, 4, (480, 640))
        assert detector.detect(dimmed.clip(0, 255).astype(np.uint8)) == []


def test_noise_has_no_face(detector: HaarDetector) -> None:
    random = np.random.default_rng(2)
    for _ in range(5):
        assert detector.detect(random.integers(0, 256, (480, 640)).astype(np.uint8)) == []


def test_largest_face_comes_first(detector: HaarDetector, driver: NDArray[np.uint8]) -> None:
    head = driver[60:310, 200:460]
    both = np.full((480, 640), 90, np.uint8)
    both[20:270, 20:280] = head
    both[20:210, 400:598] = shrink(head, 198, 190)
    widths = [box.width for box in detector.detect(both)]
    assert len(widths) == 2
    assert widths[0] > 1.15 * widths[1]


def test_smaller_faces_than_wanted_are_left_out(driver: NDArray[np.uint8]) -> None:
    assert HaarDetector(min_face_px=250).detect(driver) == []


def test_near_a_known_face_it_is_found_again(
    detector: HaarDetector, driver: NDArray[np.uint8], face: FaceBox
) -> None:
    for shift, size in ((0, 1.0), (25, 1.0), (-25, 1.0), (0, 1.25), (0, 0.8)):
        guess = FaceBox(face.x + shift, face.y, face.width * size, face.height * size, 1.0)
        found = detector.detect_near(driver, guess)
        assert found is not None, (shift, size)
        assert found.overlap(face) > 0.7, (shift, size)


def test_near_a_wrong_place_there_is_none(
    detector: HaarDetector, driver: NDArray[np.uint8], face: FaceBox
) -> None:
    for x, y in ((0, 300), (600, 400), (-500, -500), (5000, 5000)):
        assert detector.detect_near(driver, FaceBox(x, y, face.width, face.height, 1.0)) is None


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (10, 2000), (2000, 10), (48, 64)])
def test_any_frame_size_can_be_searched(detector: HaarDetector, shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(4).integers(0, 256, shape).astype(np.uint8)
    assert detector.detect(grey) == []


def test_missing_or_wrong_cascade_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no face cascade"):
        HaarDetector(cascade=tmp_path / "gone.xml")
    wrong = tmp_path / "wrong.xml"
    wrong.write_text("<?xml version='1.0'?><opencv_storage><a>1</a></opencv_storage>")
    with pytest.raises(UserError, match="no face cascade"):
        HaarDetector(cascade=wrong)


@pytest.fixture
def system_opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An OpenCV as Debian and JetPack ship it: no cv2.data; returns the system's empty folder."""
    real = Path(cv2.__file__).parent / "data"
    folder = tmp_path / "haarcascades"
    folder.mkdir()
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path / "cv2")])
    monkeypatch.setitem(sys.modules, "cv2.data", None)  # its import fails
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: package)
    monkeypatch.setattr(haar, "SYSTEM_FOLDERS", (folder,))
    for name in (CASCADE, PROFILE_CASCADE):
        (folder / name).write_bytes((real / name).read_bytes())
    return folder


def test_the_cascades_of_a_system_opencv_are_found(system_opencv: Path) -> None:
    assert cascade_path(CASCADE) == system_opencv / CASCADE
    assert open_cascades(48) is not None


def test_where_no_cascade_is_the_package_is_named(system_opencv: Path) -> None:
    (system_opencv / PROFILE_CASCADE).unlink()
    with pytest.raises(UserError, match="apt install opencv-data"):
        open_cascades(48)


def test_nothing_imports_cv2_data() -> None:
    """Its import is what fails with a system's OpenCV: in no module of the device."""
    sources = Path(haar.__file__).parents[1].rglob("*.py")
    assert not [path for path in sources if "import cv2.data" in path.read_text(encoding="utf-8")]
