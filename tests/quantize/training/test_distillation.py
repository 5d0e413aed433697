"""Teachers' answers soften the labels; a training with teachers is another training."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from quantize.training.distillation import mean_answers, soft_targets


class Sided:
    """Answers class 0 as surely as the left half of a face is bright; the others share the rest."""

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        first = 0.1 + 0.8 * images[:, :, :24].mean(axis=(1, 2)) / 255.0
        advance(len(images))
        answers = np.column_stack([first, *[(1 - first) / 6] * 6])
        return np.asarray(np.log(answers), np.float64)


def test_a_face_and_its_mirror_count_alike() -> None:
    left = np.zeros((1, 48, 48), np.uint8)
    left[:, :, :24] = 255
    answers = mean_answers([Sided()], np.concatenate([left, left[:, :, ::-1]]), count=2)
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-6)
    assert answers[0, 0] == pytest.approx(0.5)
    assert answers.dtype == np.float32


def test_several_teachers_are_averaged_and_progress_is_told() -> None:
    class Sure:
        def log_probabilities(
            self, images: NDArray[np.uint8], advance: Callable[[float], None]
        ) -> NDArray[np.float64]:
            advance(len(images))
            answers = np.tile([0.4, *[0.1] * 6], (len(images), 1))
            return np.asarray(np.log(answers), np.float64)

    told: list[float] = []
    faces = np.zeros((3, 48, 48), np.uint8)
    answers = mean_answers([Sided(), Sure()], faces, told.append, count=2)
    assert answers[0, 0] == pytest.approx((0.1 + 0.4) / 2)
    assert sum(told) == 12
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, rtol=1e-6)


def test_without_a_teacher_there_is_no_answer() -> None:
    with pytest.raises(ValueError, match="no teacher"):
        mean_answers([], np.zeros((1, 48, 48), np.uint8))


def test_targets_are_a_mixture() -> None:
    label = np.eye(7, dtype=np.float32)[[2]]
    answer = np.full((1, 7), 1 / 7, np.float32)
    np.testing.assert_array_equal(soft_targets(label, answer, 0.0), label)
    np.testing.assert_array_equal(soft_targets(label, answer, 1.0), answer)
    mixed = soft_targets(label, answer, 0.5)
    assert mixed.sum() == pytest.approx(1.0)
    assert mixed[0, 2] == pytest.approx(0.5 + 0.5 / 7)


@pytest.mark.slow
def test_a_student_learns_what_its_teachers_say_and_not_the_labels(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="the workstation extra is not installed")
    from quantize.data.batches import one_hot
    from quantize.data.fer2013 import Fer2013
    from quantize.evaluation.predictors import KerasPredictor
    from quantize.networks.network_file import load_network
    from quantize.training.settings import Stage, TrainingSettings
    from quantize.training.train import train

    rng = np.random.default_rng(1)
    truth = np.tile(np.arange(7, dtype=np.int64), 16)
    images = rng.integers(0, 100, (len(truth), 48, 48)).astype(np.uint8)
    for image, number in zip(images, truth, strict=True):
        image[6 * number : 6 * number + 8] += 120
    # The labels are wrong throughout, the teachers right.
    data = Fer2013(
        np.concatenate([images, images[:28]]),
        np.concatenate([(truth + 1) % 7, truth[:28]]),
        np.repeat([0, 1], [len(truth), 28]).astype(np.uint8),
    )
    settings = TrainingSettings(
        stages=(Stage(48, 8),),
        batch_size=28,
        warmup_epochs=0.2,
        average_decay=0.9,
        teachers_sha256=("ab",),
        teacher_weight=1.0,
    )
    settings = replace(
        settings, augmentation=replace(settings.augmentation, erase_probability=0, shift=0, scale=0)
    )
    train(data, tmp_path / "run", settings, answers=one_hot(truth))
    student = KerasPredictor(load_network(tmp_path / "run" / "best.keras"))
    said = student.log_probabilities(images, lambda done: None).argmax(axis=1)
    assert (said == truth).mean() > 0.8
