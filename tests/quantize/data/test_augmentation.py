"""Augmentation keeps size and range, and is decided by its seed alone."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantize.data.augmentation import AugmentationSettings, augment, resize

STILL = AugmentationSettings(
    flip=False,
    rotation_deg=0,
    scale=0,
    shift=0,
    contrast=0,
    brightness=0,
    gamma=0,
    erase_probability=0,
    corrupt_probability=0,
)


def face(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (48, 48)).astype(np.uint8)


@given(seed=st.integers(0, 2**32), side=st.sampled_from([32, 40, 48]))
def test_any_draw_keeps_size_and_range(seed: int, side: int) -> None:
    image = augment(face(seed), side, AugmentationSettings(), np.random.default_rng(seed))
    assert image.shape == (side, side)
    assert image.dtype == np.float32
    assert 0.0 <= image.min() <= image.max() <= 1.0


def test_the_same_seed_gives_the_same_image_and_another_seed_another() -> None:
    draws = [
        augment(face(0), 48, AugmentationSettings(), np.random.default_rng(seed))
        for seed in (5, 5, 6)
    ]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_without_any_change_the_image_is_the_face() -> None:
    image = augment(face(3), 48, STILL, np.random.default_rng(0))
    np.testing.assert_allclose(image, face(3) / 255.0, atol=1e-6)


def test_a_flip_mirrors_left_and_right_exactly() -> None:
    flipped = replace(STILL, flip=True)
    images = [augment(face(3), 48, flipped, np.random.default_rng(seed)) for seed in range(20)]
    mirrored = [np.allclose(image, face(3)[:, ::-1] / 255.0, atol=1e-5) for image in images]
    plain = [np.allclose(image, face(3) / 255.0, atol=1e-5) for image in images]
    assert any(mirrored)
    assert any(plain)
    assert all(m != p for m, p in zip(mirrored, plain, strict=True))


def test_erasing_covers_one_rectangle_with_one_grey() -> None:
    erasing = replace(STILL, erase_probability=1)
    image = augment(face(4), 48, erasing, np.random.default_rng(1))
    rows, columns = np.nonzero(np.abs(image - face(4) / 255.0) > 1e-6)
    inside = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert np.ptp(inside) == 0
    assert 7 * 7 <= inside.size <= 19 * 19


def test_resize_at_the_same_size_only_scales() -> None:
    np.testing.assert_array_equal(resize(face(1), 48), face(1).astype(np.float32) / 255.0)
