"""From faces to labels, samples, a short training, an int8 file and a page."""

import csv
import io
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

from edge_fer.camera.scene import Scene
from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.face.haar import HaarDetector
from edge_fer.face.landmarks import MIRRORED, Square
from edge_fer.face.outputs import PITCH, POINTS, PRESENCE, PROFILE, ROLL, YAW
from edge_fer.face.rotation import angles_of, rotation_matrix
from edge_fer.models.card import load_measuring
from edge_fer.models.kind import FACE
from quantize.face.canonical import CanonicalFace
from quantize.face.evaluation import held_out_images, measure
from quantize.face.labels import FaceLabels, Picture, label, read_faces
from quantize.face.labels import Square as Start
from quantize.face.limits import presence_in_sights, profile_limits
from quantize.face.samples import (
    NEGATIVE_KINDS,
    FaceSource,
    SampleSettings,
    empty_sample,
    face_sample,
)
from quantize.face.sights import SIGHTS
from quantize.face.splits import split, turned_heads
from quantize.face.targets import MESH_POINTS, eye_distance, mouth_opening, stretched_yaw
from quantize.face.turned import HeadTurner
from quantize.teachers.mesh import MeshTeacher, mesh_file, square_of

Grey = NDArray[np.uint8]
SIDE = FACE.side_px
CROP = 192


@pytest.fixture(scope="module", autouse=True)
def _needs_the_mesh() -> None:
    try:
        mesh_file()
    except UserError as error:
        pytest.skip(str(error))


def crops(count: int) -> list[Grey]:
    """Return crops around the demo's driver: two face boxes wide."""
    scene = Scene()
    found = []
    for number in range(count):
        grey = scene.render(number / 10)
        box = HaarDetector().detect(grey)[0]
        side = round(1.6 * box.width)
        (x, y), half = box.centre, side // 2
        part = grey[max(round(y) - half, 0) :, max(round(x) - half, 0) :][:side, :side]
        found.append(cv2.resize(part, (CROP, CROP)).astype(np.uint8))
    return found


def picture_of(grey: Grey, group: str, source: str = "somebody/faces") -> Picture:
    return Picture(grey, Start((96.0, 100.0), 150.0, 0.0), group, source, "MIT")


@pytest.fixture(scope="module")
def labels() -> FaceLabels:
    """Twelve pictures of six groups, and four as of FER2013."""
    greys = crops(12)
    pictures = [picture_of(grey, f"g{number // 2}") for number, grey in enumerate(greys)]
    small = [cv2.resize(grey[24:168, 24:168], (48, 48)).astype(np.uint8) for grey in greys[:4]]
    pictures += [
        Picture(grey, Start((23.5, 26.0), 62.0, 0.0), "FER2013", "FER2013", "") for grey in small
    ]
    return label(pictures, seed=1, workers=1, done=lambda more: None)


@pytest.fixture(scope="module")
def source(labels: FaceLabels) -> FaceSource:
    return FaceSource(labels)


def test_the_teacher_finds_the_face_wherever_the_square_is(labels: FaceLabels) -> None:
    teacher, picture = MeshTeacher(), labels.picture(0)
    mesh = labels.meshes[0]
    (x, y), side, tilt = square_of(mesh)
    for off, share, turn in ((0.05, 1.1, 0.1), (-0.05, 0.9, -0.1)):
        found, score = teacher.read(picture, (x + off * side, y), share * side, tilt + turn)
        assert score > 0.9
        off_px = np.linalg.norm(found[MESH_POINTS, :2] - mesh[MESH_POINTS, :2], axis=1)
        assert off_px.mean() < 0.08 * eye_distance(mesh)


def test_labels_are_kept_as_they_were(labels: FaceLabels, tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    labels.save(path)
    again = FaceLabels.load(path)
    assert again.digest() == labels.digest()
    assert (again.picture(3) == labels.picture(3)).all()
    assert (again.canonical.points == labels.canonical.points).all()
    assert again.mouths.tolist() == labels.mouths.tolist()
    assert again.mouth_teacher == labels.mouth_teacher


def test_what_is_no_labels_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        FaceLabels.load(tmp_path / "gone.npz")
    other = tmp_path / "other.npz"
    np.savez(other, something=np.zeros(3))
    with pytest.raises(UserError, match="face label"):
        FaceLabels.load(other)
    other.write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"other\.npz"):
        FaceLabels.load(other)


def test_mirrored_pairs_of_the_mesh_are_those_of_the_landmarks(labels: FaceLabels) -> None:
    mirrored = labels.canonical.mirrored
    assert (mirrored[mirrored] == np.arange(len(mirrored))).all()
    assert (mirrored[MESH_POINTS] == MESH_POINTS[list(MIRRORED)]).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(-80, 80), st.floats(-60, 60), st.floats(-170, 170))
def test_the_fit_to_the_canonical_face_gives_the_rotation(
    yaw: float, pitch: float, roll: float
) -> None:
    rng = np.random.default_rng(1)
    canonical = CanonicalFace(rng.normal(0, 1, (468, 3)), np.arange(468))
    rotation = rotation_matrix(yaw, pitch, roll)
    mesh = (40.0 * canonical.points @ rotation.T + (90, 80, 5)).astype(np.float32)
    assert angles_of(canonical.rotation(mesh)) == pytest.approx((yaw, pitch, roll), abs=0.01)


def test_a_turned_head_has_the_angles_that_it_was_turned_to(labels: FaceLabels) -> None:
    turner, background = HeadTurner(labels.canonical), np.full((CROP, CROP), 90, np.uint8)
    for yaw, pitch in ((60.0, 0.0), (-50.0, 10.0), (0.0, 30.0)):
        wanted = rotation_matrix(yaw, pitch, 0.0)
        image, mesh = turner.turn(labels.picture(0), labels.meshes[0], wanted, background)
        assert image.shape == (CROP, CROP)
        # The mesh is not the canonical face itself: its fit differs a little.
        assert angles_of(labels.canonical.rotation(mesh)) == pytest.approx(
            (yaw, pitch, 0.0), abs=1.0
        )
        assert 0.3 < (image != 90).mean() < 0.98


def test_the_stretch_of_yaw_is_odd_and_rises() -> None:
    read = np.linspace(-60, 60, 121)
    true = np.array([stretched_yaw(float(yaw)) for yaw in read])
    assert np.allclose(true, -true[::-1])
    assert (np.diff(true) >= 0).all()
    assert stretched_yaw(20.0) == pytest.approx(20.0, abs=0.6)
    assert stretched_yaw(48.0) > 54


def test_the_split_is_by_group_and_leaves_the_test_clips_out(labels: FaceLabels) -> None:
    sources = labels.sources.astype("U40")
    sources[0] = "incluit/OpenVino-Driver-Behaviour"
    natural, fer, held = split(replace(labels, sources=sources), 1)
    assert not set(natural.groups.tolist()) & set(held.groups.tolist())
    assert set(fer.groups.tolist()) == {"FER2013"}
    assert len(held) >= 1
    assert len(natural) + len(held) == 11
    again = split(replace(labels, sources=sources), 1)
    assert again[0].digest() == natural.digest()


def test_targets_follow_the_square(source: FaceSource) -> None:
    (x, y), side, tilt = source.squares[0]
    plain = source.target(0, Square((x, y), side, tilt), mirrored=False)
    assert plain.roll_deg == pytest.approx(0.0, abs=0.01)
    aside = source.target(0, Square((x + 0.1 * side, y), side, tilt), mirrored=False)
    assert aside.points[:, 0] == pytest.approx(plain.points[:, 0] - 0.1, abs=0.02)
    turned = source.target(0, Square((x, y), side, tilt + math.radians(20)), mirrored=False)
    assert turned.roll_deg == pytest.approx(-20.0)
    assert (turned.yaw_deg, turned.pitch_deg) == (plain.yaw_deg, plain.pitch_deg)
    mirrored = source.target(0, Square((x, y), side, tilt), mirrored=True)
    assert mirrored.yaw_deg == -plain.yaw_deg
    assert mirrored.points[0] == pytest.approx(plain.points[3] * (-1, 1))


def test_the_mirrored_picture_has_nearly_the_mirrored_labels(labels: FaceLabels) -> None:
    picture = np.ascontiguousarray(labels.picture(0)[:, ::-1])
    mesh = labels.canonical.mirror(labels.meshes[0], CROP)
    found, _ = MeshTeacher().read(picture, *square_of(mesh))
    off_px = np.linalg.norm(found[:, :2] - mesh[:, :2], axis=1)
    assert off_px.mean() < 0.05 * eye_distance(mesh)
    assert mouth_opening(mesh) == pytest.approx(mouth_opening(labels.meshes[0]), abs=0.02)


def test_samples_are_squares_and_the_same_for_the_same_seed(source: FaceSource) -> None:
    other = np.zeros((SIDE, SIDE), np.uint8)

    def made(seed: int) -> list[Grey]:
        rng = np.random.default_rng(seed)
        found = [
            face_sample(source, row, SIDE, SampleSettings(), rng, other)[0] for row in range(8)
        ]
        found += [empty_sample(source, 1, SIDE, rng, found[0], kind) for kind in NEGATIVE_KINDS]
        return found

    first, again = made(3), made(3)
    assert all(image.shape == (SIDE, SIDE) and image.dtype == np.uint8 for image in first)
    assert all((one == other_one).all() for one, other_one in zip(first, again, strict=True))
    assert not all((one == other_one).all() for one, other_one in zip(first, made(4), strict=True))


def test_a_hidden_face_is_no_face(source: FaceSource) -> None:
    rng = np.random.default_rng(2)
    other = np.zeros((SIDE, SIDE), np.uint8)
    covering = SampleSettings(cover_probability=1.0)
    targets = [face_sample(source, 0, SIDE, covering, rng, other)[1] for _ in range(120)]
    absent = [target for target in targets if target.presence == 0.0]
    assert absent
    assert all(target.face_weight == 0.0 for target in absent)
    assert any(target.presence == 1.0 and target.face_weight == 1.0 for target in targets)


@pytest.mark.slow
def test_perfect_answers_have_no_error(labels: FaceLabels) -> None:
    from quantize.face.training import encode

    images = held_out_images(labels, seed=1, empty=12)
    values = np.zeros((len(images.images), len(FACE.labels)))
    for row, target in enumerate(images.targets):
        values[row, POINTS] = target.points.ravel()
        values[row, [YAW, PITCH, ROLL]] = target.yaw_deg, target.pitch_deg, target.roll_deg
        values[row, [PRESENCE, PROFILE]] = target.presence, target.profile
        assert np.isfinite(encode(target)).all()
    errors = measure(values, images)
    assert errors["landmarks, tracked"].value == pytest.approx(0.0)
    assert errors["yaw, within 40 degrees"].value == pytest.approx(0.0)
    assert errors["accepted of all without a face, 97% of faces kept"].value == 0.0
    values[:, YAW] += 7.0
    values[:, PRESENCE] = 1.0
    errors = measure(values, images)
    assert errors["yaw, within 40 degrees"].value == pytest.approx(7.0)
    assert errors["accepted of all without a face, 97% of faces kept"].value == 1.0


def test_mirrored_batches_are_mirrored(source: FaceSource) -> None:
    from quantize.face.training import encode, mirrored

    square = source.squares[0]
    plain, other = (source.target(0, square, mirrored=flag) for flag in (False, True))
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    images, targets = mirrored(image, encode(plain)[np.newaxis])
    assert targets[0] == pytest.approx(encode(other), abs=1e-5)
    assert (images[0, :, ::-1] == image[0]).all()


def write_faces(folder: Path, greys: list[Grey]) -> None:
    """Write a folder as `shared/faces` has it."""
    fields = [
        "file",
        "source",
        "licence",
        "path",
        "frame_time",
        "group",
        "box_x",
        "box_y",
        "box_w",
        "box_h",
    ]
    fields += [f"{name}_{axis}" for name in ("reye", "leye") for axis in "xy"]
    table = io.StringIO()
    rows = csv.DictWriter(table, fields)
    rows.writeheader()
    with zipfile.ZipFile(folder / "faces.zip", "w") as archive:
        for number, grey in enumerate(greys):
            name = f"{number:05}.jpg"
            archive.writestr(name, cv2.imencode(".jpg", grey)[1].tobytes())
            rows.writerow(
                dict.fromkeys(fields, "")
                | {"file": name, "source": "a/b", "licence": "MIT", "group": f"g{number // 2}"}
                | {"box_x": 55, "box_y": 55, "box_w": 80, "box_h": 96}
                | {"reye_x": 75, "reye_y": 85, "leye_x": 115, "leye_y": 85}
            )
    (folder / "faces.csv").write_text(table.getvalue())


def test_faces_are_read_and_bad_ones_named(tmp_path: Path) -> None:
    write_faces(tmp_path, crops(2))
    pictures = list(read_faces(tmp_path))
    assert [picture.group for picture in pictures] == ["g0", "g0"]
    text = (tmp_path / "faces.csv").read_text()
    (tmp_path / "faces.csv").write_text(text.replace("00001.jpg", "00007.jpg"))
    with pytest.raises(UserError, match="line 3"):
        list(read_faces(tmp_path))
    (tmp_path / "faces.csv").write_text("file,group\n00000.jpg,g0\n")
    with pytest.raises(UserError, match="expected the columns"):
        list(read_faces(tmp_path))
    (tmp_path / "faces.zip").write_bytes(b"nothing")
    with pytest.raises(UserError, match="zip"):
        list(read_faces(tmp_path))
    with pytest.raises(UserError, match="cannot be read"):
        list(read_faces(tmp_path / "gone"))


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    assert end.value.code == 0


@pytest.mark.slow
def test_label_train_quantize_evaluate_and_install(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    noisy_csv: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A training of seconds: what it learns is little, but each file is there and fits the next."""
    from quantize.face import training, verb

    write_faces(tmp_path, crops(14))
    labels, run_folder = tmp_path / "labels.npz", tmp_path / "run"
    run("face", "label", "--faces", tmp_path, "--data", noisy_csv, "--out", labels, "--workers", 1)
    monkeypatch.setattr(verb, "TURNED", 20)
    monkeypatch.setattr("quantize.face.splits._MOST_SPREAD", 10.0)
    monkeypatch.setattr("quantize.face.splits._LEAST_SCORE", 0.0)
    monkeypatch.setattr("quantize.face.evaluation.TURNED", 20)
    small = replace(training.FaceTraining(), steps_per_epoch=3, batch_size=16)
    monkeypatch.setattr(training, "FaceTraining", lambda **kw: replace(small, **kw))
    run("face", "train", "--labels", labels, "--out", run_folder, "--epochs", 2)
    assert len(json.loads((run_folder / "history.json").read_text())) == 2
    # It goes on where it was.
    run("face", "train", "--labels", labels, "--out", run_folder, "--epochs", 3)
    assert len(json.loads((run_folder / "history.json").read_text())) == 3
    with pytest.raises(SystemExit):
        main(["face", "train", "--labels", str(labels), "--out", str(run_folder), "--rows", "8"])
    assert "a training with other options or faces" in capsys.readouterr().err
    train = [
        "face",
        "train",
        "--labels",
        str(labels),
        "--epochs",
        "1",
        "--out",
        str(tmp_path / "b"),
    ]
    for initial in (tmp_path / "gone.keras", labels):
        with pytest.raises(SystemExit) as end:
            main([*train, "--initial", str(initial)])
        assert end.value.code == 2
        assert f"--initial {initial}: " in capsys.readouterr().err
    run(*train, "--initial", run_folder / "face.keras")
    record = json.loads((tmp_path / "b" / "training.json").read_text())
    assert record["initial"]["file"] == "face.keras"
    assert record["started_from"]["epochs"] == len(record["started_from"]["loss"]) == 3
    out = tmp_path / "face.tflite"
    run("face", "quantize", run_folder, "--labels", labels, "--out", out, "--rows", 1)
    assert len(load_measuring(out, FACE)[0].training["loss"]) == 3
    assert load_measuring(out, FACE)[0].errors["landmarks, tracked"].n == 1
    run("face", "quantize", run_folder, "--labels", labels, "--out", out)
    run("model", "verify", out)
    run("model", "install", out, "--store", tmp_path / "store")
    run("face", "evaluate", out, "--labels", labels, "--rows", 8, "--report", tmp_path / "docs")
    page = (tmp_path / "docs" / "face-network.md").read_text()
    for heading in ("By landmark", "Presence in the dark", "When a head counts as a profile"):
        assert heading in page
    assert (tmp_path / "docs" / "face-network.png").stat().st_size > 10_000
    capsys.readouterr()


def test_turned_heads_are_turned(labels: FaceLabels) -> None:
    heads = turned_heads(labels, seed=1, count=30)
    yaws = [angles_of(rotation.astype(np.float64))[0] for rotation in heads.rotations]
    assert len(heads) == 30
    assert max(map(abs, yaws)) > 50
    assert heads.picture(4).shape == (CROP, CROP)


def test_presence_is_measured_in_each_sight(labels: FaceLabels) -> None:
    shown: list[Grey] = []

    def perfect(squares: Grey) -> NDArray[np.float64]:
        """Call each other batch faces: that is the order in which they come."""
        values = np.zeros((len(squares), len(FACE.outputs)))
        values[:, PRESENCE] = len(shown) % 2 == 0
        shown.append(squares)
        return values

    found = presence_in_sights(perfect, labels, seed=1, empty=12)
    assert [one.sight for one in found] == list(SIGHTS)
    for one in found:
        assert (one.threshold, one.accepted, one.found, one.false) == (1.0, 0.0, 1.0, 0.0)
    assert [len(squares) for squares in shown] == [len(labels), 12] * len(SIGHTS)
    # Few pixels leave few details, and all squares are brought to the same range of grey values.
    details = [float(np.abs(np.diff(squares.astype(float))).mean()) for squares in shown[::2]]
    assert details[5] < details[4] < details[3] < details[0]


def test_a_profile_limit_misses_more_and_calls_fewer_the_higher_it_is(labels: FaceLabels) -> None:
    def always_37_degrees(squares: Grey) -> NDArray[np.float64]:
        values = np.zeros((len(squares), len(FACE.outputs)))
        values[:, PRESENCE], values[:, YAW] = 1.0, 37.0
        values[:, POINTS] = np.random.default_rng(1).uniform(-0.3, 0.3, POINTS.stop)
        return values

    for one in profile_limits(always_37_degrees, labels, seed=1, turned=20):
        called = one.limit_deg <= 37
        assert one.missed == (0.0 if called else 1.0)
        assert one.false_drawn == one.false_seen == (1.0 if called else 0.0)
