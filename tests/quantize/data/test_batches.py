"""Batches: what mixup makes of faces and of what is to be answered."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.data.augmentation import NONE
from quantize.data.batches import AugmentedBatches, NumberedBatches, one_hot

ROWS = 14
# Each face has one grey of its own, so a mixture tells its parts.
GREYS = np.arange(ROWS) * 10.0
IMAGES = np.tile(GREYS.astype(np.uint8)[:, None, None], (1, 48, 48))
TARGETS = one_hot(np.arange(ROWS, dtype=np.int64) % 7)


def batches(mixup: float, *, epoch: int = 0, votes: bool = False) -> AugmentedBatches:
    return AugmentedBatches(
        IMAGES,
        TARGETS,
        side_px=48,
        batch_size=ROWS,
        augmentation=NONE,
        seed=1,
        epoch=epoch,
        votes=np.eye(ROWS, 10, dtype=np.float32) if votes else None,
        mixup=mixup,
    )


def test_without_mixup_each_face_keeps_its_own_label() -> None:
    inputs, targets = batches(0.0)[0]
    assert isinstance(targets, np.ndarray)
    rows = np.round(inputs[:, 0, 0, 0] * 255 / 10).astype(int)
    assert sorted(rows) == list(range(ROWS))
    assert np.array_equal(targets, TARGETS[rows])


def test_mirror_images_follow_in_the_same_order_with_the_same_answers() -> None:
    images = IMAGES.copy()
    images[:, :, :10] = 255
    half = {
        "side_px": 48,
        "batch_size": ROWS,
        "augmentation": NONE,
        "seed": 1,
        "epoch": 0,
        "votes": np.eye(ROWS, 10, dtype=np.float32),
    }
    inputs, targets = AugmentedBatches(images, TARGETS, **half, mirrored=True)[0]  # type: ignore[arg-type]
    alone, answers = AugmentedBatches(images, TARGETS, **half)[0]  # type: ignore[arg-type]
    assert isinstance(targets, dict)
    assert isinstance(answers, dict)
    assert np.array_equal(inputs, np.concatenate([alone, alone[:, :, ::-1]]))
    for name, values in answers.items():
        assert np.array_equal(targets[name], np.concatenate([values, values]))


@pytest.mark.parametrize("epoch", range(5))
def test_faces_and_answers_are_mixed_alike(epoch: int) -> None:
    faces, answers = batches(0.0, epoch=epoch)[0]
    inputs, targets = batches(1.0, epoch=epoch, votes=True)[0]
    assert isinstance(targets, dict)
    assert isinstance(answers, np.ndarray)
    logits = targets["logits"]
    assert np.allclose(logits.sum(axis=1), 1.0)
    assert not np.array_equal(logits, answers)
    # Some share and some partner explain a face; the same ones have to explain its answer.
    for face, own, mixed, answer in zip(faces, answers, inputs, logits, strict=True):
        explained = False
        for partner, other in zip(faces, answers, strict=True):
            gap = face[0, 0, 0] - partner[0, 0, 0]
            share = 1.0 if gap == 0 else (mixed[0, 0, 0] - partner[0, 0, 0]) / gap
            explained |= bool(np.allclose(share * own + (1 - share) * other, answer, atol=1e-4))
        assert explained
    assert targets["votes"].shape == (ROWS, 10)
    assert (np.sort(targets["votes"].sum(axis=1)) <= 1 + 1e-6).all()


def test_the_same_epoch_is_mixed_the_same_again() -> None:
    for first, second in zip(batches(0.4, epoch=3)[0], batches(0.4, epoch=3)[0], strict=True):
        assert isinstance(first, np.ndarray)
        assert isinstance(second, np.ndarray)
        assert np.array_equal(first, second)


@pytest.mark.parametrize("side_px", [48, 32])
def test_teachers_see_the_mixed_picture_of_the_student(side_px: int) -> None:
    seen: list[np.ndarray] = []

    def ask(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        # The answer is the picture's own grey, so it tells which picture was answered for.
        grey = images[:, 0, 0].astype(np.float32) / 255
        return np.column_stack([grey, 1 - grey, *[np.zeros_like(grey)] * 5])

    inputs, targets = AugmentedBatches(
        IMAGES,
        TARGETS,
        side_px=side_px,
        batch_size=ROWS,
        augmentation=NONE,
        seed=1,
        epoch=0,
        mixup=1.0,
        ask=ask,
        teacher_weight=1.0,
    )[0]
    assert isinstance(targets, np.ndarray)
    assert inputs.shape == (ROWS, side_px, side_px, 1)
    (images,) = seen
    assert images.shape == (ROWS, 48, 48)
    assert images.dtype == np.uint8
    np.testing.assert_allclose(targets[:, 0], inputs[:, 0, 0, 0], atol=1 / 255)
    assert not set(np.round(inputs[:, 0, 0, 0] * 255)) <= set(GREYS)  # mixed it was


def test_the_share_of_the_teachers_is_theirs() -> None:
    plain, labels = batches(0.0)[0]
    even = np.full((ROWS, 7), 1 / 7, np.float32)
    asked = AugmentedBatches(
        IMAGES,
        TARGETS,
        side_px=48,
        batch_size=ROWS,
        augmentation=NONE,
        seed=1,
        epoch=0,
        ask=lambda images: even,
        teacher_weight=0.25,
    )
    inputs, targets = asked[0]
    assert isinstance(labels, np.ndarray)
    assert isinstance(targets, np.ndarray)
    np.testing.assert_array_equal(inputs, plain)
    np.testing.assert_allclose(targets, 0.75 * labels + 0.25 / 7, rtol=1e-5)


@pytest.mark.parametrize("mirrored", [False, True])
def test_rows_are_numbered_where_a_loss_remembers_them(mirrored: bool) -> None:
    images = np.random.default_rng(1).integers(0, 256, (10, 48, 48)).astype(np.uint8)
    batches = AugmentedBatches(
        images,
        one_hot(np.arange(10) % 7),
        side_px=48,
        batch_size=4,
        augmentation=NONE,
        seed=1,
        epoch=0,
        mirrored=mirrored,
    )
    numbered = NumberedBatches(batches)
    assert len(numbered) == 3
    seen: list[int] = []
    for index in range(3):
        inputs, _ = numbered[index]
        assert inputs["row"].shape == (len(inputs["face"]), 1)
        for face, number in zip(inputs["face"], inputs["row"][:, 0].tolist(), strict=True):
            image = images[number] if number < 10 else images[number - 10][:, ::-1]
            np.testing.assert_allclose(face[..., 0] * 255, image, atol=1e-3)
            seen.append(number)
    assert sorted(seen) == list(range(20 if mirrored else 10))
