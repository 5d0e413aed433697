"""Doubtful rows are counted: repeats, near repeats, empty pictures."""

import numpy as np
import pytest

from edge_fer.errors import UserError
from quantize.data.checks import find_doubts, notes_of
from quantize.data.classes import classes_of, data_classes, parse_labels
from quantize.data.fer2013 import Fer2013


def pictures(count: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    coarse = np.random.default_rng(2).integers(30, 220, (count, 8, 8), np.uint8)
    return coarse.repeat(6, axis=1).repeat(6, axis=2)


def dataset() -> Fer2013:
    images = pictures(8)
    images[4] = images[0]  # a test picture that is a Training picture
    images[5] = np.clip(images[1].astype(int) * 0.8 + 25, 0, 255)  # the same in another light
    images[2] = images[3]  # repeated within Training, with another label
    images[6] = 0
    labels = np.array([0, 1, 2, 3, 0, 1, 5, 6])
    return Fer2013(images, labels, np.array([0, 0, 0, 0, 1, 1, 1, 1], np.uint8))


def test_each_doubt_is_counted() -> None:
    found = find_doubts(dataset())
    assert (found.duplicates, found.near_duplicates) == (1, 1)
    assert (found.repeated, found.contradicting, found.blank) == (1, 2, 1)
    assert find_doubts(dataset(), near=False).near_duplicates is None
    assert "warning: 1 test picture is a Training picture too, byte for byte" in notes_of(
        dataset(), near=True
    )


def test_pictures_that_differ_raise_no_doubt() -> None:
    images = pictures(20)
    usages = np.array([0] * 10 + [1] * 10, np.uint8)
    clean = Fer2013(images, np.arange(20) % 7, usages)
    assert notes_of(clean, near=True) == []


def test_labels_of_the_command_line() -> None:
    assert parse_labels("Anger, happiness,CALM") == ("angry", "happy", "calm")
    for text, reason in (
        ("happy", "1 classes are not in 2..10"),
        ("a,b,a", "'a' occurs twice"),
        ("a,,b", "'' is not a name"),
        (",".join("abcdefghijk"), "11 classes"),
    ):
        with pytest.raises(UserError, match=reason):
            parse_labels(text)
    assert classes_of("happy,sad").codes[3] == "happy"  # FER2013's numbers
    assert classes_of("awake,asleep").codes == ("awake", "asleep")
    assert data_classes("neutral,happy,sad").labels[0] == "angry"
