"""Face detectors on a clip of the demo's scene, in a table and as JSON."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.benchmark.faces import VERSIONS, NetworkFinder, clips_in, measure_faces
from edge_fer.camera.scene import Scene
from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import Square
from edge_fer.face.network import FaceNetwork
from edge_fer.face.tracking import FaceTracker


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one second of the driver at the wheel."""
    folder = tmp_path_factory.mktemp("clips")
    writer = cv2.VideoWriter(
        str(folder / "driver.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480), isColor=False
    )
    for number in range(10):
        writer.write(Scene().render(1.0 + number / 10))
    writer.release()
    (folder / "notes.txt").write_text("no clip")
    return folder


def test_a_face_that_is_there_is_found_and_followed(clips: Path) -> None:
    (clip,) = clips_in(clips)
    figures = measure_faces(clip, "as it is", "haar", HaarDetector(), FaceTracker(HaarDetector()))
    assert (figures.clip, figures.frames) == ("driver", 10)
    assert figures.found == figures.followed == 1.0
    assert figures.landmarks == 0.0
    assert figures.search_ms > 0
    assert figures.frame_ms > 0


class Nothing:
    """Proposes no face."""

    def propose(self, grey: NDArray[np.uint8]) -> list[Square]:
        return []

    def restart(self) -> None:
        """It has one kind of search."""


def test_what_the_cascades_miss_is_searched_with_the_network_as_in_the_daemon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_fer.benchmark.faces.open_cascades", lambda least_px: Nothing())
    network = FaceNetwork()
    (face,) = NetworkFinder(network).detect(Scene().render(1.0))
    assert 180 < face.x + face.width / 2 < 460  # the driver is in the middle of 640
    assert NetworkFinder(network).detect(np.full((480, 640), 90, np.uint8)) == []


def test_versions_are_what_they_are_called() -> None:
    grey = Scene().render(1.0)
    changed = {name: change(grey) for name, change in VERSIONS.items()}
    assert all(one.shape == grey.shape and one.dtype == np.uint8 for one in changed.values())
    assert (changed["as it is"] == grey).all()
    assert changed["a tenth of the light"].mean() == pytest.approx(grey.mean() / 10, rel=0.1)
    assert (changed["a tenth of the light"] == VERSIONS["a tenth of the light"](grey)).all()
    assert np.abs(np.diff(changed["blurred"].astype(int))).mean() < (
        0.7 * np.abs(np.diff(grey.astype(int))).mean()
    )


@pytest.mark.slow
def test_the_verb_prints_both_detectors(
    clips: Path, yunet_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "faces", str(clips), "--yunet", str(yunet_model), "--json"])
    assert end.value.code == 0
    figures = json.loads(capsys.readouterr().out)
    assert {(one["version"], one["detector"]) for one in figures} == {
        (version, detector) for version in VERSIONS for detector in ("network", "haar", "yunet")
    }
    (plain,) = (
        one for one in figures if (one["version"], one["detector"]) == ("as it is", "yunet")
    )
    assert plain["landmarks"] == 1.0


def test_one_detector_may_be_measured_alone(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "faces", str(clips), "--detector", "network", "--json"])
    assert end.value.code == 0
    figures = json.loads(capsys.readouterr().out)
    assert [(one["version"], one["detector"]) for one in figures] == [
        (version, "network") for version in VERSIONS
    ]
    assert all(one["landmarks"] == 1.0 for one in figures if one["version"] == "as it is")


def test_what_is_no_folder_of_clips_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="no such folder"):
        clips_in(tmp_path / "gone")
    with pytest.raises(UserError, match="no clip in it"):
        clips_in(tmp_path)
    (tmp_path / "broken.mp4").write_bytes(b"not a video")
    with pytest.raises(SystemExit):
        main(["benchmark", "faces", str(tmp_path)])
    assert "no frame can be read" in capsys.readouterr().err
