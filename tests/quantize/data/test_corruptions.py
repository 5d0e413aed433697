"""Corruptions keep size and type, are decided by their generator, and grow with severity."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_fer.camera.scene import PORTRAIT
from quantize.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt

KINDS = pytest.mark.parametrize("kind", CORRUPTIONS)


@pytest.fixture(scope="module")
def face() -> NDArray[np.uint8]:
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    assert portrait is not None
    face = cv2.resize(portrait[40:260, 70:290], (48, 48), interpolation=cv2.INTER_AREA)
    return np.asarray(face, np.uint8)


@given(
    kind=st.sampled_from(list(CORRUPTIONS)),
    severity=st.sampled_from(SEVERITIES),
    seed=st.integers(0, 2**32),
    size=st.sampled_from([(48, 48), (64, 56), (24, 24)]),
)
def test_any_face_keeps_its_size_and_type(
    kind: str, severity: int, seed: int, size: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    face = rng.integers(0, 256, size).astype(np.uint8)
    before = face.copy()
    changed = corrupt(face, kind, severity, rng)
    assert changed.shape == size
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(face, before)


@KINDS
def test_the_same_generator_gives_the_same_face(kind: str, face: NDArray[np.uint8]) -> None:
    first, second = (corrupt(face, kind, 3, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@KINDS
def test_each_severity_takes_more_of_the_face(kind: str, face: NDArray[np.uint8]) -> None:
    def distance(severity: int) -> float:
        changed = [corrupt(face, kind, severity, np.random.default_rng(s)) for s in range(40)]
        return float(np.mean([np.abs(one.astype(float) - face).mean() for one in changed]))

    distances = [distance(severity) for severity in SEVERITIES]
    assert distances == sorted(distances)
    assert distances[0] > 0.3


def test_a_smear_keeps_the_light(face: NDArray[np.uint8]) -> None:
    for seed in range(20):
        changed = corrupt(face, "motion blur", 5, np.random.default_rng(seed))
        assert abs(changed.mean() - face.mean()) < 6


def test_sunglasses_cover_the_eyes_and_leave_the_mouth(face: NDArray[np.uint8]) -> None:
    changed = corrupt(face, "sunglasses", 5, np.random.default_rng(1))
    np.testing.assert_array_equal(changed[26:], face[26:])
    assert changed[14:18, 8:40].max() == 0


@pytest.mark.parametrize("severity", [0, 6])
def test_there_are_five_severities(severity: int, face: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match=f"severity {severity} is not in 1..5"):
        corrupt(face, "noise", severity, np.random.default_rng(1))
