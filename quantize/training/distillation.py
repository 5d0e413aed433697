"""Soft targets: what trained networks answer for the Training rows, mixed with the labels.

Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network"; with networks of the
student's own kind as teachers, Furlanello et al. 2018, "Born Again Neural Networks". A third of
FER2013's labels are not what most people see in the face: an answer says how sure one can be.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quantize.data.views import mean_over_views


class Teacher(Protocol):
    """A trained network."""

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return float64[n, 7] for `images` (uint8[n, 48, 48])."""
        ...


def mean_answers(
    teachers: Sequence[Teacher],
    images: NDArray[np.uint8],
    advance: Callable[[float], None] = lambda done: None,
    *,
    count: int = 1,
) -> NDArray[np.float32]:
    """Return the mean probabilities, float32[n, 7], of all teachers over `count` views of `images`.

    A mirrored or shifted face has the same expression: the mean over its views (`VIEWS`) is the
    better teacher. `advance` is called for each of the count x n x teachers answers. ValueError
    without a teacher.
    """
    if not teachers:
        raise ValueError("no teacher")

    def answer(teacher: Teacher, view: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.exp(teacher.log_probabilities(view, advance))

    answers = [mean_over_views(partial(answer, teacher), images, count) for teacher in teachers]
    return np.asarray(np.mean(answers, axis=0), np.float32)


def soft_targets(
    labels: NDArray[np.float32], answers: NDArray[np.float32], weight: float
) -> NDArray[np.float32]:
    """Mix labels (float32[n, 7], one-hot) with the teachers' answers, which get `weight` (0..1)."""
    return np.asarray((1.0 - weight) * labels + weight * answers, np.float32)
