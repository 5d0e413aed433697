"""From patches to a trained, converted and measured eye network."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.models.card import load_model
from edge_fer.models.check import require_model
from edge_fer.models.kind import EYES
from quantize.eyes.patches import load_patches


def drawn(is_open: bool, rng: np.random.Generator) -> NDArray[np.uint8]:
    """An eye: a dark line, or a dark spot."""
    image = np.full((24, 24), rng.integers(120, 200), np.uint8)
    place = (int(rng.integers(10, 15)), int(rng.integers(10, 15)))
    if is_open:
        cv2.circle(image, place, 5, 30, -1)
    else:
        cv2.line(image, (3, place[1]), (21, place[1]), 30, 2)
    return image


def write_patches(folder: Path, people: int = 40) -> Path:
    """Write patches as the collection names them; two people have two pictures."""
    rng = np.random.default_rng(5)
    for side, letter in (("Left", "L"), ("Right", "R")):
        for name, is_open in ((f"open{side}Eyes", True), (f"closed{side}Eyes", False)):
            (folder / name).mkdir(parents=True)
            for number in range(people):
                file = (
                    f"Ann_B-Cee{chr(97 + number // 2)}_000{number % 2 + 1}_{letter}.jpg"
                    if is_open
                    else f"closed_eye_{number:04}.png_face_{number % 3}_{letter}.jpg"
                )
                cv2.imwrite(str(folder / name / file), drawn(is_open, rng))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_patches(tmp_path_factory.mktemp("patches") / "dataset_B_Eye_Images")


def test_zip_and_folder_hold_the_same(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "patches.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.jpg"):
            archive.write(file, file.relative_to(folder.parent))
    from_zip, from_folder = load_patches(path), load_patches(folder)
    assert len(from_zip) == 160
    assert from_zip.digest() == from_folder.digest()
    assert from_zip.sources == from_folder.sources


def test_no_source_is_on_both_sides_and_both_labels_are(folder: Path) -> None:
    patches = load_patches(folder)
    training, held = patches.split(1)
    assert len(training) + len(held) == len(patches)
    assert not set(training.sources) & set(held.sources)
    assert np.bincount(held.labels).tolist() == [16, 16]
    # All pictures of a person, and both eyes of a picture, go together.
    assert {held.sources.count(source) for source in held.sources} == {2, 4}
    assert patches.split(1)[1].digest() == held.digest()
    assert patches.split(2)[1].digest() != held.digest()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("openLeftEyes/who.jpg", b"x", "cannot be split"),
        ("closedLeftEyes/closed_1.jpg", b"x", "cannot be split"),
        ("openLeftEyes/A_B_0001_L.jpg", b"", "no image"),
        ("openLeftEyes/A_B_0001_L.jpg", None, "32x24 and not 24x24"),
    ],
)
def test_a_file_that_is_no_patch_is_named(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is None:
        content = cv2.imencode(".jpg", np.zeros((24, 32), np.uint8))[1].tobytes()
    path = tmp_path / "patches.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"dataset_B_Eye_Images/{name}", content)
    with pytest.raises(UserError, match=message):
        load_patches(path)


def test_what_is_no_collection_is_said(tmp_path: Path) -> None:
    for make, message in (
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_bytes(b"no zip"), "neither a folder nor a zip"),
        (lambda path: path.mkdir(), "no patch of open eyes"),
    ):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        _made(make, path)
        with pytest.raises(UserError, match=message):
            load_patches(path)


def _made(make: Callable[[Path], object], path: Path) -> None:
    make(path)


@pytest.mark.parametrize(
    ("out", "said"), [("eyes.h5", "end the name in .keras"), ("no/eyes.keras", "no folder")]
)
def test_a_name_that_cannot_be_written_is_said_before_the_work(
    folder: Path, tmp_path: Path, out: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["eyes", "train", "--data", str(folder), "--out", str(tmp_path / out)])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_train_quantize_evaluate(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="needs the workstation extra")
    network, out = tmp_path / "eyes.keras", tmp_path / "eyes.tflite"
    data = ["--data", str(folder)]
    main_returns(["eyes", "train", *data, "--out", str(network), "--epochs", "8", "--seed", "3"])
    main_returns(["eyes", "quantize", str(network), *data, "--out", str(out), "--json"])
    capsys.readouterr()
    card, _ = load_model(out, EYES)
    assert card.accuracy.n == 32
    assert card.accuracy.int8 > 0.8
    assert card.training["settings"]["seed"] == 3
    assert "by the person" in card.training["split"]
    assert card.training["data_sha256"] == load_patches(folder).split(3)[0].digest()
    require_model(out)
    for model in (network, out):
        main_returns(["eyes", "evaluate", str(model), *data, "--seed", "3", "--json"])
        measured = json.loads(capsys.readouterr().out)
        assert measured["labels"] == ["open", "closed"]
        assert measured["n"] == 32
    assert measured["accuracy"] == card.accuracy.int8
    network.with_suffix(".training.json").unlink()
    with pytest.raises(SystemExit):
        main(["eyes", "quantize", str(network), *data, "--out", str(out)])
    assert "held out" in capsys.readouterr().err


def main_returns(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
