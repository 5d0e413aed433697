"""Face detectors on a clip of the demo's scene, in a table and as JSON."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.benchmark.faces import VERSIONS, clips_in, measure_faces
from edge_fer.camera.scene import Scene
from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.face.haar import HaarDetector
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
