"""What finds a face: YuNet where its file is, else the cascades; and what follows it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_fer.camera.scene import Scene
from edge_fer.errors import ModelError
from edge_fer.face.opening import detector_name, open_search, open_tracker
from edge_fer.face.searching import CascadeSearch, DetectorSearch
from edge_fer.face.settings import FaceConfig
from edge_fer.face.yunet import FILE_NAME


def test_by_default_it_is_asked_for_nothing_and_the_cascades_search(tmp_path: Path) -> None:
    assert FaceConfig().detector == "auto"
    assert detector_name(FaceConfig(), tmp_path) == "haar"
    assert isinstance(open_search(FaceConfig(), tmp_path), CascadeSearch)


def test_where_its_file_is_yunet_searches_without_being_asked(
    yunet_model: Path, tmp_path: Path
) -> None:
    shutil.copy(yunet_model, tmp_path / FILE_NAME)
    assert detector_name(FaceConfig(), tmp_path) == "yunet"
    assert isinstance(open_search(FaceConfig(), tmp_path), DetectorSearch)
    assert isinstance(open_search(FaceConfig(detector="haar"), tmp_path), CascadeSearch)
    # The file's own place counts as well.
    assert detector_name(FaceConfig(model=str(yunet_model)), tmp_path / "nowhere") == "yunet"


def test_what_is_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=FILE_NAME):
        open_search(FaceConfig(detector="yunet"), tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"another file")
    with pytest.raises(ModelError, match="edge-fer model fetch yunet"):
        open_search(FaceConfig(), tmp_path)


@pytest.mark.parametrize("finds", ["cascades", "yunet"])
def test_the_demos_driver_is_found_and_followed_by_the_network(
    finds: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if finds == "yunet":
        shutil.copy(request.getfixturevalue("yunet_model"), tmp_path / FILE_NAME)
    tracker, scene = open_tracker(FaceConfig(), store=tmp_path), Scene()
    for number in range(4):
        face = tracker.update(scene.render(number / 30), number / 30)
        assert face is not None
        assert face.reading is not None
        assert face.detected == (number == 0)
        assert np.isfinite(face.reading.points).all()
