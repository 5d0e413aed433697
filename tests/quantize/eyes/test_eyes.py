"""From pictures of eyes to a labelled, trained, converted and measured eye network."""

import csv
import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_fer.cli.app import main
from edge_fer.errors import DataError
from edge_fer.models.card import load_measuring
from edge_fer.models.check import check_files
from edge_fer.models.files import read_model_files
from edge_fer.models.kind import EYES
from quantize.eyes.cabin import CabinSettings, in_a_cabin
from quantize.eyes.figures import as_cut, measure_against
from quantize.eyes.patches import (
    CEW,
    ELSEWHERE,
    INFRARED,
    NATURAL,
    SIDE_PX,
    EyePatches,
    load_patches,
    places_elsewhere,
    save_patches,
    with_common_height,
)


def drawn(side: int, width: float, *, is_open: bool, look: float = 0.0) -> NDArray[np.uint8]:
    """Draw an eye of `width` px in the middle: lids around a dark iris, or a line."""
    image = np.full((side, side), 170, np.uint8)
    centre = (side // 2, side // 2)
    axes = (round(width / 2), max(round(width / 6), 2))
    if is_open:
        cv2.ellipse(image, centre, axes, 0, 0, 360, 230, -1)
        cv2.circle(image, (round(centre[0] + look * width / 2), centre[1]), axes[1], 40, -1)
        cv2.ellipse(image, centre, axes, 0, 180, 360, 60, 1)
    else:
        cv2.ellipse(image, centre, (axes[0], axes[1] // 2), 0, 10, 170, 50, 1)
    return image


def patches(people: int = 36) -> EyePatches:
    """Return drawn eyes of each source, with what the teacher and labels would say."""
    rng = np.random.default_rng(3)
    rows: list[tuple[object, ...]] = []
    for person in range(people):
        for left in (False, True):
            for source in (NATURAL, INFRARED, CEW, ELSEWHERE):
                is_open, look = bool(rng.random() < 0.5), float(rng.uniform(-0.4, 0.4))
                image = drawn(SIDE_PX, SIDE_PX / 2.3, is_open=is_open, look=look)
                if source == ELSEWHERE:
                    image = rng.integers(90, 110, image.shape, np.uint8)
                natural = source == NATURAL
                rows.append(
                    (
                        image,
                        (0.36 if is_open else 0.14) if natural else math.nan,
                        look if natural and is_open else math.nan,
                        0.0 if natural and is_open else math.nan,
                        float(not is_open) if source in (INFRARED, CEW) else math.nan,
                        {NATURAL: math.nan, ELSEWHERE: 0.0}.get(source, 1.0),
                        0.03 if natural else math.nan,
                        40.0,
                        0.0,
                        source,
                        left,
                        f"{'test:' if person == 0 and natural else ''}{source}:{person}",
                        f"{person}",
                    )
                )
    columns = list(zip(*rows, strict=True))
    kinds = [np.uint8, *[np.float32] * 8, np.uint8, np.bool_, np.str_, np.str_]
    return EyePatches(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True)))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eyes") / "eyes.npz"
    save_patches(patches(), path)
    return path


def test_pictures_read_back_as_they_were_written(data: Path) -> None:
    assert load_patches(data).digest() == patches().digest()
    assert replace(patches(), left=~patches().left).digest() != patches().digest()


def test_no_person_is_on_both_sides_and_test_people_are_held_out(data: Path) -> None:
    training, held = load_patches(data).split(1)
    assert len(training) + len(held) == len(patches())
    assert not set(training.group.tolist()) & set(held.group.tolist())
    assert "test:0:0" in held.group
    assert set(np.unique(held.source)) == {NATURAL, INFRARED, CEW, ELSEWHERE}
    assert 0.05 < len(held) / len(patches()) < 0.35
    assert patches().split(1)[1].digest() == held.digest()
    assert patches().split(2)[1].digest() != held.digest()


@pytest.mark.parametrize(
    ("opening", "doubt", "closed", "visible"),
    [
        (0.36, 0.03, 0.0, 1.0),
        (0.12, 0.03, 1.0, 1.0),
        (0.12, 0.50, 1.0, 1.0),  # behind closed lids the teacher guesses where the iris is
        (0.20, 0.03, math.nan, 1.0),
        (0.36, 0.14, 0.0, math.nan),
        (0.36, 0.50, math.nan, 0.0),
    ],
)
def test_what_the_teachers_answers_are_worth(
    opening: float, doubt: float, closed: float, visible: float
) -> None:
    one = patches(1).rows(np.array([0]))
    said = replace(
        one, opening=np.array([opening], np.float32), doubt=np.array([doubt], np.float32)
    )
    assert said.source[0] == NATURAL
    _, found_closed, found_visible = said.known(0)
    assert found_closed == pytest.approx(closed, nan_ok=True)
    assert found_visible == pytest.approx(visible, nan_ok=True)


def test_both_eyes_of_a_face_are_taught_the_same_height() -> None:
    faces = patches(3)
    natural = np.flatnonzero(faces.source == NATURAL)
    pairs = [natural[faces.face[natural] == face] for face in ("0", "1", "2")]
    opening, upwards, doubt = faces.opening.copy(), faces.upwards.copy(), faces.doubt.copy()
    for pair, (one, other) in zip(pairs, ((0.1, 0.2), (-0.1, 0.3), (0.1, 0.3)), strict=True):
        opening[pair], upwards[pair] = 0.36, (one, other)
    opening[pairs[1][1]] = 0.12  # closed: where its iris is, the teacher guesses
    doubt[pairs[2][0]] = 0.4  # not seen
    eyes = replace(faces, opening=opening, upwards=upwards, doubt=doubt)
    common = with_common_height(eyes)
    assert common.upwards[pairs[0]].tolist() == pytest.approx([0.15, 0.15])
    assert common.upwards[pairs[1]].tolist() == pytest.approx([-0.1, 0.3])
    assert common.upwards[pairs[2]].tolist() == pytest.approx([0.1, 0.3])
    assert eyes.upwards[pairs[0]].tolist() == pytest.approx([0.1, 0.2])


@given(
    st.floats(20, 120),
    st.floats(-0.6, 0.6),
    st.integers(0, 10_000),
)
def test_places_elsewhere_have_no_eye_in_their_middle(
    apart: float, tilt: float, number: int
) -> None:
    right = np.array([60.0, 80.0])
    left = right + apart * np.array([math.cos(tilt), math.sin(tilt)])
    down = apart * np.array([-math.sin(tilt), math.cos(tilt)])
    points = {"reye": right, "leye": left, "nose": (right + left + down) / 2}
    points |= {"rmouth": right + down, "lmouth": left + down}
    row = {
        f"{name}_{axis}": str(at[i]) for name, at in points.items() for i, axis in enumerate("xy")
    }
    places = list(places_elsewhere(row, number))
    assert places == list(places_elsewhere(row, number))
    assert places
    for middle, width, _ in places:
        # Half of the eye's width is where its lids end.
        assert min(math.dist(middle, right), math.dist(middle, left)) > 0.5 * width


def test_faces_with_eyes_too_near_have_no_places_elsewhere() -> None:
    row = {
        f"{name}_{axis}": ""
        for name in ("reye", "leye", "nose", "rmouth", "lmouth")
        for axis in "xy"
    }
    assert not list(places_elsewhere(row, 1))


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=60)
def test_whatever_a_cabin_does_is_a_patch_with_a_verdict(seed: int, is_open: bool) -> None:
    image = drawn(SIDE_PX, SIDE_PX / 2.3, is_open=is_open)
    before = image.copy()
    changes = CabinSettings(unchanged=0.0, hidden=0.4, hair=0.4, reflection=0.4, infrared=0.4)
    changed = in_a_cabin(image, 30.0, (-0.1, 0.0), changes, np.random.default_rng(seed))
    assert changed.image.shape == (EYES.side_px, EYES.side_px)
    assert changed.image.dtype == np.uint8
    assert math.isnan(changed.visible) or changed.visible in (0.0, 1.0)
    assert 0.0 <= changed.sharpness <= 1.0
    np.testing.assert_array_equal(image, before)


def test_a_perfect_network_has_no_errors_and_a_blind_one_has_all() -> None:
    eyes = patches()
    perfect = np.zeros((len(eyes), len(EYES.outputs)))
    perfect[:, 0] = np.nan_to_num(eyes.opening)
    perfect[:, 1] = np.nan_to_num(eyes.inwards)
    truth = np.array([eyes.known(row) for row in range(len(eyes))])
    perfect[:, 3:] = np.nan_to_num(truth[:, 1:])
    errors = measure_against(eyes)(perfect)
    assert errors["open and closed mistaken, CEW"].value == 0
    assert errors["open and closed mistaken, infra-red"].value == 0
    assert errors["lid opening correlates"].value == pytest.approx(1.0)
    assert errors["clear eyes refused"].value == 0
    assert errors["hidden eyes accepted"].value == 0
    assert errors["gaze x correlates"].value == pytest.approx(1.0)
    blind = perfect.copy()
    blind[:, 3:] = 1 - blind[:, 3:]
    wrong = measure_against(eyes)(blind)
    assert wrong["open and closed mistaken, natural"].value == 1
    assert wrong["wide open called closed"].value == 1
    assert wrong["hidden eyes accepted"].value == 1


def test_what_is_no_file_of_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_patches(tmp_path / "gone.npz")
    other = tmp_path / "other.npz"
    np.savez(other, images=np.zeros(3))
    for content in (b"no zip", other.read_bytes()):
        path = tmp_path / "wrong.npz"
        path.write_bytes(content)
        with pytest.raises(DataError, match="`edge-fer eyes prepare` writes one"):
            load_patches(path)


@pytest.mark.parametrize(
    ("out", "said"),
    [("eyes.h5", "end the name in .keras"), ("/dev/null/eyes.keras", "is a file: name a folder")],
)
def test_a_name_that_cannot_be_written_is_said_before_the_work(
    data: Path, tmp_path: Path, out: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["eyes", "train", "--data", str(data), "--out", str(tmp_path / out)])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def write_collections(folder: Path) -> None:
    """Write a few pictures in the layout of each collection."""
    eyes = [("0_right.jpg", "right", "a/b"), ("0_left.jpg", "left", "a/b")]
    rows = [
        {"file": name, "face": "0.jpg", "group": "g", "side": side, "eye_px": "40", "yaw_deg": "0"}
        | {"source": source, "licence": "MIT"}
        for name, side, source in eyes
    ]
    _write(folder, "eye_patches", rows, drawn(96, 96 / 2.3, is_open=True))
    infrared = [{"file": "s1.png", "label": "closed", "person": "s1", "w": "86"}]
    _write(folder, "eyes_ir", infrared, drawn(86, 52, is_open=False))
    places = {"reye_x": "60", "reye_y": "80", "leye_x": "100", "leye_y": "80"}
    places |= {"nose_x": "80", "nose_y": "102"}
    places |= {"rmouth_x": "66", "rmouth_y": "124", "lmouth_x": "94", "lmouth_y": "124"}
    faces = [
        {"file": f"{number}.jpg", "group": "g", "source": "incluit/x"} | places
        for number in range(8)
    ]
    _write(folder, "faces", faces, drawn(160, 40, is_open=True))
    with zipfile.ZipFile(folder / "dataset_B_Eye_Images.zip", "w") as archive:
        names = (
            "openLeftEyes/A_B_0001_L.jpg",
            "closedRightEyes/closed_eye_0001.jpg_face_1_R.jpg",
        )
        for name in names:
            content = cv2.imencode(".jpg", drawn(24, 19, is_open="open" in name))[1].tobytes()
            archive.writestr(f"dataset_B_Eye_Images/{name}", content)


def _write(folder: Path, name: str, rows: list[dict[str, str]], picture: NDArray[np.uint8]) -> None:
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for row in rows:
            archive.writestr(row["file"], cv2.imencode(".png", picture)[1].tobytes())


def test_prepare_labels_and_cuts_each_collection(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("PIL", reason="the teacher's package is not installed")
    write_collections(tmp_path)
    out = tmp_path / "eyes.npz"
    main_returns(
        ["eyes", "prepare", "--eyes", str(tmp_path), "--faces", str(tmp_path), "--out", str(out)]
    )
    found = load_patches(out)
    natural = found.rows(np.flatnonzero(found.source == NATURAL))
    assert natural.left.tolist() == [False, True]
    # The picture of the left eye is that of the right one; mirrored, its iris is where it was.
    assert natural.opening[0] == pytest.approx(natural.opening[1], abs=0.05)
    assert 0.1 < natural.opening[0] < 0.6
    assert found.closed[found.source == CEW].tolist() == [1.0, 0.0]
    assert found.closed[found.source == INFRARED].tolist() == [1.0]
    elsewhere = found.rows(np.flatnonzero(found.source == ELSEWHERE))
    assert len(elsewhere) >= 16  # three a face, where there is room
    assert all(group.startswith("test:") for group in elsewhere.group.tolist())
    assert as_cut(found).shape == (len(found), EYES.side_px, EYES.side_px)
    (tmp_path / "eyes_ir.zip").write_bytes(b"damaged")
    with pytest.raises(SystemExit) as end:
        main(["eyes", "prepare", "--eyes", str(tmp_path), "--faces", str(tmp_path)])
    assert end.value.code == 2


@pytest.mark.slow
def test_train_resume_quantize_evaluate(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("tensorflow", reason="needs the workstation extra")
    # A few steps leave the averaged weights near their random beginning.
    monkeypatch.setattr("quantize.int8.measuring.LEAST_AGREEMENT", 0.8)
    network, out = tmp_path / "eyes.keras", tmp_path / "eyes.tflite"
    given = ["--data", str(data)]
    main_returns(["eyes", "train", *given, "--out", str(network), "--epochs", "12", "--seed", "3"])
    main_returns(["eyes", "quantize", str(network), *given, "--out", str(out), "--json"])
    capsys.readouterr()
    card, _ = load_measuring(out, EYES)
    assert card.errors["open and closed mistaken, CEW"].n > 0
    assert card.training["settings"]["seed"] == 3
    assert len(card.training["loss"]) == 12
    assert card.training["data_sha256"] == load_patches(data).split(3)[0].digest()
    assert check_files(read_model_files(out))[0].passed
    for model in (network, out):
        main_returns(["eyes", "evaluate", str(model), *given, "--seed", "3", "--json"])
        figures = json.loads(capsys.readouterr().out)["figures"]
        assert figures["lid opening off by"]["unit"] == "of the eye's width"
    assert figures["hidden eyes accepted"]["value"] == card.errors["hidden eyes accepted"].int8
    page = tmp_path / "page.md"
    main_returns(["eyes", "evaluate", str(out), *given, "--seed", "3", "--report", str(page)])
    assert "| open and closed mistaken, CEW |" in page.read_text(encoding="utf-8")
    few = ["--data", str(data), "--rows", "40"]
    small = str(tmp_path / "small.keras")
    main_returns(["eyes", "train", *few, "--out", small, "--epochs", "1"])
    monkeypatch.setattr("quantize.int8.measuring.LEAST_AGREEMENT", 0.1)
    main_returns(["eyes", "quantize", small, *few, "--out", str(out)])
    card, _ = load_measuring(out, EYES)
    assert card.training["settings"]["rows"] == 40
    assert card.equivalence is not None
    assert card.equivalence.n == min(40, len(load_patches(data).split(1)[1]))
    other = tmp_path / "other.npz"
    save_patches(patches(20), other)
    with pytest.raises(SystemExit):
        main(["eyes", "quantize", str(network), "--data", str(other), "--out", str(out)])
    assert "not the pictures" in capsys.readouterr().err
    network.with_suffix(".training.json").unlink()
    with pytest.raises(SystemExit):
        main(["eyes", "quantize", str(network), *given, "--out", str(out)])
    assert "held out" in capsys.readouterr().err


def main_returns(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
