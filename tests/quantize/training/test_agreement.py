"""The loss that asks for one answer for a face and its mirror image, by numbers."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.training.agreement import AgreeingCrossEntropy  # noqa: E402

TARGETS = np.eye(3, dtype=np.float32)[[0, 1, 0, 1]]


def test_the_same_answers_cost_their_cross_entropy_alone() -> None:
    logits = np.array([[2, 0, 0], [0, 1, -1]] * 2, np.float32)
    plain = keras.losses.categorical_crossentropy(TARGETS, logits, from_logits=True)
    loss = AgreeingCrossEntropy(5.0, 0.0).call(TARGETS, logits)
    np.testing.assert_allclose(loss, plain, rtol=1e-6)


def test_other_answers_cost_the_symmetric_divergence_in_both_halves() -> None:
    answers = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    logits = np.log(answers).astype(np.float32)
    plain = -np.log((answers * TARGETS).sum(axis=1))
    p, q = answers[0], answers[2]
    divergence = ((p * np.log(p / q)).sum() + (q * np.log(q / p)).sum()) / 2
    loss = AgreeingCrossEntropy(0.5, 0.0).call(TARGETS, logits)
    np.testing.assert_allclose(loss, plain + 0.5 * divergence * np.array([1, 0, 1, 0]), rtol=1e-5)


def test_a_checkpoint_brings_it_back() -> None:
    loss = AgreeingCrossEntropy(0.5, 0.1)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert (again.weight, again.label_smoothing) == (0.5, 0.1)
