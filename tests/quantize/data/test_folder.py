"""FER2013 as folders of images."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.emotions import LABELS
from edge_fer.errors import UserError
from quantize.data.load import load_fer2013


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
    return put(folder / "train" / "fear" / "small.png", shape=(48, 40))


def fright(folder: Path) -> Path:
    return put(folder / "train" / "fright" / "1.png")


def spare(folder: Path) -> Path:
    return put(folder / "spare" / "fear" / "1.png")


def misplaced(folder: Path) -> Path:
    return put(folder / "train" / "1.png")


def broken(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "broken.jpg", b"\xff\xd8 no image")


def empty(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "empty.jpg", b"")


def notes(folder: Path) -> Path:
    return put_bytes(folder / "train" / "happy" / "notes.txt", b"hello")


WRONG_FILES = [
    (small_image, "wrong image size", "40x48 instead of 48x48"),
    (fright, "unknown label", "the folder 'fright' is none of angry, disgust"),
    (spare, "unknown usage", "the folder 'spare' is none of train, training"),
    (misplaced, "wrong place", "a file belongs at usage/class/name"),
    (broken, "not an image", "it cannot be decoded"),
    (empty, "not an image", "it cannot be decoded"),
    (notes, "not an image", "'.txt' is no suffix of an image"),
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
    put(tmp_path / "pictures" / "sad" / "1.png")
    with pytest.raises(UserError, match="no FER2013 in it"):
        load_fer2013(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the folder is empty"):
        load_fer2013(tmp_path)
