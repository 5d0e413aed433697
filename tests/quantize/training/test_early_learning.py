"""Early-learning regularization, against the formula."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.training.early_learning import EarlyLearning  # noqa: E402

ANSWERS = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
LOGITS = np.log(ANSWERS).astype(np.float32)
ROWS = np.array([[3], [1]], np.int32)


def layer(weight: float = 2.0, momentum: float = 0.7) -> Any:
    return EarlyLearning(5, weight, momentum)


def test_the_loss_is_the_papers_over_two_steps() -> None:
    early = layer()
    early(LOGITS, ROWS, training=True)
    first = 0.3 * ANSWERS
    expected = 2.0 * np.log(1 - (first * ANSWERS).sum(axis=1)).mean()
    np.testing.assert_allclose(early.losses, [expected], rtol=1e-5)
    early(LOGITS[::-1], ROWS, training=True)
    second = 0.7 * first + 0.3 * ANSWERS[::-1]
    expected = 2.0 * np.log(1 - (second * ANSWERS[::-1]).sum(axis=1)).mean()
    np.testing.assert_allclose(early.losses, [expected], rtol=1e-5)
    remembered = np.zeros((5, 3))
    remembered[ROWS[:, 0]] = second
    np.testing.assert_allclose(early.remembered, remembered, rtol=1e-5)


def test_what_is_remembered_has_no_gradient() -> None:
    # With all weight on the past, the gradient is that of log(1 - t p) for a fixed t.
    entry, row = keras.Input((3,)), keras.Input((1,), dtype="int32")
    dense = keras.layers.Dense(3, use_bias=False)
    early = layer(weight=1.0, momentum=0.0)
    model = keras.Model([entry, row], early(dense(entry), row))
    dense.set_weights([np.eye(3)])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=lambda true, answers: 0.0 * answers)
    model.fit([LOGITS[:1], ROWS[:1]], np.zeros((1, 3), np.float32), verbose=0)
    p = ANSWERS[0]
    by_logit = -(p * (p - (p @ p))) / (1 - p @ p)  # d log(1 - t·p) at t = p, by each logit
    expected = np.eye(3) - np.outer(LOGITS[0], by_logit)
    np.testing.assert_allclose(dense.get_weights()[0], expected, rtol=1e-3)


def test_logits_pass_and_nothing_is_remembered_outside_training() -> None:
    early = layer()
    np.testing.assert_array_equal(early(LOGITS, ROWS, training=False), LOGITS)
    assert early.losses == []
    np.testing.assert_array_equal(early.remembered, np.zeros((5, 3)))


def test_a_checkpoint_brings_it_back() -> None:
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer()))
    assert (again.rows, again.weight, again.momentum) == (5, 2.0, 0.7)
