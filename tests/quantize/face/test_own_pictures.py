"""A face network measured on pictures of one's own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import edge_fer
from edge_fer.errors import UserError
from edge_fer.models.kind import FACE
from edge_fer.paths import SHIPPED_FACE
from quantize.evaluation.predictors import open_predictor
from quantize.face.own_pictures import measure_own_pictures
from quantize.face.verb import evaluate_verb
from quantize.teachers.mesh import mesh_file

PICTURE = Path(edge_fer.__file__).parent / "assets" / "collins.jpg"


@pytest.fixture(scope="module", autouse=True)
def teacher() -> None:
    try:
        mesh_file()
    except UserError as error:
        pytest.skip(str(error))


def put(path: Path, image: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.asarray(image, np.uint8))


@pytest.mark.slow
def test_the_verb_is_quiet(tmp_path: Path) -> None:
    """In a process of its own, which imports TensorFlow anew."""
    put(tmp_path / "a.png", cv2.imread(str(PICTURE)))
    words = ["face", "evaluate", str(SHIPPED_FACE), "--labels", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", "from edge_fer.cli.app import main; main()", *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "landmarks" in done.stdout
    assert done.stderr == ""


def test_pictures_of_people_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = cv2.imread(str(PICTURE))
    assert picture is not None
    put(tmp_path / "anna" / "1.png", picture)
    # Tilted, so that the square of the network is turned in the picture.
    height, width = picture.shape[:2]
    there = cv2.getRotationMatrix2D((width / 2, height / 2), 15.0, 1.0)
    put(tmp_path / "2.png", cv2.warpAffine(picture, there, (width, height)))
    put(tmp_path / "nobody.png", np.full((200, 300), 120))
    (tmp_path / "notes.txt").write_text("hello")
    evaluate_verb(SHIPPED_FACE, tmp_path, seed=1, json_output=True, report=None)
    found = json.loads(capsys.readouterr().out)
    errors = found["errors"]
    assert (errors["landmarks"]["n"], found["no_face"]) == (2, 1)
    assert 0.0 < errors["landmarks"]["value"] < 0.1, "a tilted square must not turn the landmarks"
    assert errors["faces missed"]["value"] == 0.0
    assert list(found["passed_over"].values()) == [1]
    evaluate_verb(SHIPPED_FACE, tmp_path, seed=1, json_output=False, report=None)
    assert "without a face: 1" in capsys.readouterr().out


def test_pictures_that_cannot_be_measured(tmp_path: Path) -> None:
    put(tmp_path / "nobody.png", np.full((200, 300), 120))
    predictor = open_predictor(SHIPPED_FACE, FACE)
    with pytest.raises(UserError, match="no picture can be measured: 1 without a face"):
        measure_own_pictures(tmp_path, predictor)
    with pytest.raises(UserError, match="its page is about the held-out groups"):
        evaluate_verb(SHIPPED_FACE, tmp_path, seed=1, json_output=True, report=tmp_path / "docs")


def test_a_file_that_is_no_archive_is_taken_as_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, pixels=np.zeros(3))  # a zip archive by its content
    with pytest.raises(UserError, match="not a labels file"):
        evaluate_verb(SHIPPED_FACE, path, seed=1, json_output=True, report=None)
    with pytest.raises(UserError, match=r"none\.npz: cannot be read"):
        evaluate_verb(SHIPPED_FACE, tmp_path / "none.npz", seed=1, json_output=True, report=None)
