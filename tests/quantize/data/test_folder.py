"""FER2013 as folders of images."""

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import edge_fer
from edge_fer.emotions import LABELS
from edge_fer.errors import UserError
from edge_fer.face.crop import crop_face
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from quantize.data.classes import classes_of, data_classes
from quantize.data.fer2013 import USAGES
from quantize.data.load import Reading, load_fer2013
from quantize.verbs.reading import reading_of


def put(path: Path, *, value: int = 100, shape: tuple[int, ...] = (48, 48)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full(shape, value, np.uint8))
    return path


def test_classes_and_usages_come_from_the_folders(tmp_path: Path) -> None:
    for value, label in enumerate(LABELS):
        put(tmp_path / "train" / label / "1.png", value=value)
    put(tmp_path / "validation" / "sad" / "1.jpg", value=200)
    put(tmp_path / "PrivateTest" / "Happy" / "1.png", value=50)
    dataset = load_fer2013(tmp_path)
    assert dataset.counts() == {
        "Training": dict.fromkeys(LABELS, 1),
        "PublicTest": {label: int(label == "sad") for label in LABELS},
        "PrivateTest": {label: int(label == "happy") for label in LABELS},
    }
    of_training = dataset.select("Training")
    np.testing.assert_array_equal(of_training.images[:, 20, 20], of_training.labels)
    assert abs(int(dataset.select("PublicTest").images[0, 20, 20]) - 200) <= 2  # JPEG


def test_name_of_the_file_overrules_the_test_folder(tmp_path: Path) -> None:
    put(tmp_path / "test" / "sad" / "PrivateTest_100.jpg")
    put(tmp_path / "test" / "sad" / "PublicTest_100.jpg")
    put(tmp_path / "test" / "sad" / "other_100.jpg")
    counts = load_fer2013(tmp_path).counts()
    assert {usage: classes["sad"] for usage, classes in counts.items()} == {
        "PublicTest": 2,
        "PrivateTest": 1,
    }


def test_colour_images_become_grey(tmp_path: Path) -> None:
    put(tmp_path / "train" / "fear" / "1.png", value=77, shape=(48, 48, 3))
    assert (load_fer2013(tmp_path).images == 77).all()


def usages(folder: Path, **words: Any) -> list[str]:
    dataset = load_fer2013(folder, reading=Reading(**words))
    return sorted(USAGES[usage] for usage in dataset.usages)


def test_a_split_in_three_keeps_its_test_part_apart(tmp_path: Path) -> None:
    for usage in ("train", "Validation", "test"):
        put(tmp_path / usage / "sad" / "1.png")
    assert usages(tmp_path) == ["PrivateTest", "PublicTest", "Training"]
    assert "chooses nothing" in load_fer2013(tmp_path).notes[0]


@pytest.mark.parametrize("word", ["disgusted", "Disgust", "1", "01", "1_disgust", "disgust "])
def test_other_spellings_of_a_class(tmp_path: Path, word: str) -> None:
    put(tmp_path / "training_set" / word / "1.png")
    assert load_fer2013(tmp_path).labels.tolist() == [1]


def test_any_level_and_order_of_folders(tmp_path: Path) -> None:
    put(tmp_path / "data" / "train" / "sad" / "anna" / "3" / "1.png")
    put(tmp_path / "data" / "fear" / "test" / "1.png")
    dataset = load_fer2013(tmp_path)
    assert {
        (USAGES[u], LABELS[k]) for u, k in zip(dataset.usages, dataset.labels, strict=True)
    } == {
        ("Training", "sad"),
        ("PublicTest", "fear"),
    }


def test_links_are_followed_and_what_is_not_taken_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    put(tmp_path / "elsewhere" / "1.png")
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "sad").symlink_to(tmp_path / "elsewhere")
    (folder / "train" / "again").symlink_to(folder)
    put(folder / "train" / "fear" / "1.png")
    (folder / "train" / "fear" / "gone.png").symlink_to(tmp_path / "gone.png")
    (folder / "train" / "fear" / ".hidden.png").write_bytes(b"")
    (folder / "licence.txt").write_text("x")
    dataset = load_fer2013(folder)
    assert sorted(dataset.labels.tolist()) == [2, 4]
    assert dataset.passed_over == {
        "broken link, as train/fear/gone.png": 1,
        "file that is not an image, as licence.txt": 1,
        "hidden file, as train/fear/.hidden.png": 1,
        "link in a circle, as train/again": 1,
    }


def test_folders_of_classes_alone(tmp_path: Path) -> None:
    for person in range(10):
        for number in range(4):
            put(tmp_path / "happy" / f"person{person}_{number}.png", value=10 * person + number)
    assert usages(tmp_path, unsplit="PublicTest") == ["PublicTest"] * 40
    dataset = load_fer2013(tmp_path)
    assert dataset.names is not None
    held = {name.split("_")[0] for name in dataset.names[dataset.usages == 1].tolist()}
    learned = {name.split("_")[0] for name in dataset.names[dataset.usages == 0].tolist()}
    assert (len(held), held & learned) == (2, set())
    assert "one group of files in 5" in dataset.notes[0]


def test_numbers_from_1_have_to_be_named(tmp_path: Path) -> None:
    for number in range(1, 8):
        put(tmp_path / "train" / str(number) / "1.png", value=number)
    with pytest.raises(UserError, match="FER2013 counts from 0: say what they mean with --labels"):
        load_fer2013(tmp_path)
    order = data_classes("surprise,fear,disgust,happy,sad,angry,neutral")
    dataset = load_fer2013(tmp_path, reading=Reading(classes=order))
    assert [LABELS[label] for label in dataset.labels[np.argsort(dataset.images[:, 0, 0])]] == [
        *("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
    ]


def test_classes_of_ones_own(tmp_path: Path) -> None:
    put(tmp_path / "train" / "drowsy" / "1.png")
    put(tmp_path / "train" / "awake" / "1.png")
    with pytest.raises(UserError, match="--labels"):
        load_fer2013(tmp_path)
    dataset = load_fer2013(tmp_path, reading=Reading(classes=classes_of("awake,drowsy")))
    assert (dataset.classes, sorted(dataset.labels.tolist())) == (("awake", "drowsy"), [0, 1])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_any_size_and_depth_becomes_48_px(tmp_path: Path, depth: type) -> None:
    path = tmp_path / "train" / "fear" / "1.png"
    path.parent.mkdir(parents=True)
    wide: NDArray[Any] = np.zeros((96, 192, 4), depth)
    wide[:, 48:144, :3] = np.iinfo(depth).max  # the middle square is white
    wide[..., 3] = np.iinfo(depth).max
    assert cv2.imwrite(str(path), wide)
    dataset = load_fer2013(tmp_path)
    assert (dataset.images == 255).all()
    assert "of 1 that are not square the middle was taken" in dataset.notes[-1]


def packed(folder: Path, kind: str) -> Path:
    path = folder.with_suffix(f".{kind}")
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.rglob("*"):
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.add(folder, "data")
    return path


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archives_are_read_in_place(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "set"
    put(folder / "train" / "fear" / "1.png", value=7)
    put(folder / "test" / "sad" / "1.png", value=9)
    path = packed(folder, kind)
    from_folder, from_archive = load_fer2013(folder), load_fer2013(path)
    assert from_archive.counts() == from_folder.counts()
    assert set(from_archive.images[:, 0, 0].tolist()) == {7, 9}
    (folder / "fer2013").mkdir()
    pixels = " ".join(["5"] * 2304)
    (folder / "fer2013" / "fer2013.csv").write_text(f"emotion,pixels,Usage\n3,{pixels},Training\n")
    assert (load_fer2013(packed(folder, kind)).images == 5).all()


def test_other_archives_are_to_be_unpacked(tmp_path: Path) -> None:
    path = put_bytes(tmp_path / "fer.rar", b"Rar!\x1a\x07\x01\x00")
    with pytest.raises(UserError, match="a rar archive: unpack it"):
        load_fer2013(path)
    path = put_bytes(tmp_path / "fer.zip", b"PK\x03\x04 cut off")
    with pytest.raises(UserError, match="damaged archive"):
        load_fer2013(path)


def test_faces_are_cut_out_of_pictures_as_the_daemon_does(tmp_path: Path) -> None:
    picture = cv2.imread(str(Path(edge_fer.__file__).parent / "assets" / "collins.jpg"))
    assert picture is not None
    wide = cv2.copyMakeBorder(picture, 0, 0, 60, 100, cv2.BORDER_CONSTANT, value=(90, 90, 90))
    folder = tmp_path / "train" / "happy"
    folder.mkdir(parents=True)
    assert cv2.imwrite(str(folder / "1.png"), picture)
    assert cv2.imwrite(str(folder / "2.png"), wide)
    put(folder / "nobody.png", shape=(200, 200))
    dataset = load_fer2013(tmp_path, reading=reading_of(face_crop=True))
    assert len(dataset) == 2
    assert list(dataset.passed_over.values()) == [1]
    tracker = open_tracker(FaceConfig())
    for image, name in zip(dataset.images, ("1.png", "2.png"), strict=True):
        grey = np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE), np.uint8)
        tracker.forget()
        face = tracker.update(grey, 0.0)
        assert face is not None
        np.testing.assert_array_equal(image, crop_face(grey, face.box))


def test_litter_of_file_managers_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "train" / "fear" / "1.png")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "train" / "fear" / "Thumbs.db").write_bytes(b"x")
    assert len(load_fer2013(tmp_path)) == 1


def put_bytes(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def small_image(folder: Path) -> Path:
    return put(folder / "train" / "fear" / "small.png", shape=(8, 12))


def fright(folder: Path) -> Path:
    return put(folder / "train" / "fright" / "1.png")


def spare(folder: Path) -> Path:
    return put(folder / "spare" / "fear" / "1.png")


def misplaced(folder: Path) -> Path:
    return put(folder / "train" / "1.png")


def broken(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "broken.jpg", b"\xff\xd8 no image")


def cut_off(folder: Path) -> Path:
    path = put(folder / "train" / "happy" / "cut.png")
    path.write_bytes(path.read_bytes()[:-20])
    return path


def damaged(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "damaged.jpg", b"\xff\xd8\xff\xe0 no image")


def renamed_heic(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0")


def heic(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0")


def empty(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "empty.jpg", b"")


def web_page(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "page.jpg", b"<!DOCTYPE html><html>")


def notes(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "notes.txt", b"hello")


WRONG_FILES = [
    (small_image, "wrong image size", "12x8: 16 px are the least"),
    (fright, "unknown label", "the folder 'fright' is none of angry, disgust"),
    (spare, "unknown usage", "the folder 'spare' is none of train, training"),
    (web_page, "not an image", "it is a web page"),
    (misplaced, "wrong place", "a file belongs at usage/class/name"),
    (broken, "not an image", "it cannot be decoded"),
    (cut_off, "not an image", "it is cut off: fetch it again"),
    (damaged, "not an image", "it is damaged or cut off"),
    (renamed_heic, "not an image", "it is HEIC: save it as JPEG"),
    (heic, "not an image", "'.heic' is not read: save it as JPEG"),
    (empty, "not an image", "the file is empty"),
    (notes, "not an image", "'.txt' is not the suffix of an image"),
]


@pytest.mark.parametrize(("make", "reason", "detail"), WRONG_FILES)
def test_wrong_file_is_named_or_counted(
    tmp_path: Path, make: Callable[[Path], Path], reason: str, detail: str
) -> None:
    put(tmp_path / "train" / "angry" / "good.png")
    path = make(tmp_path)
    with pytest.raises(UserError) as error:
        load_fer2013(tmp_path)
    assert str(error.value).startswith(f"{path}: {reason}: {detail}")
    dataset = load_fer2013(tmp_path, skip_bad=True)
    assert (len(dataset), dataset.skipped) == (1, {reason: 1})


def test_a_folder_without_fer2013(tmp_path: Path) -> None:
    put(tmp_path / "pictures" / "cats" / "1.png")
    with pytest.raises(UserError, match=r"no FER2013 in it: .* \(there is pictures\)"):
        load_fer2013(tmp_path)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.csv", "b.csv"], r"of several tables, give one: a\.csv, b\.csv"),
        (["inner.zip"], r"unpack inner\.zip"),
        (["[Content_Types].xml", "xl/workbook.xml"], "a workbook: save it as CSV"),
        (["readme.txt"], r"there is readme\.txt"),
    ],
)
def test_what_there_is_instead_is_named(tmp_path: Path, names: list[str], said: str) -> None:
    for name in names:
        put_bytes(tmp_path / name, b"x")
    with pytest.raises(UserError, match=said):
        load_fer2013(tmp_path)


def test_an_empty_archive(tmp_path: Path) -> None:
    path = put_bytes(tmp_path / "a.zip", b"PK\x05\x06" + bytes(18))
    with pytest.raises(UserError, match="an empty archive"):
        load_fer2013(path)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the folder is empty"):
        load_fer2013(tmp_path)
