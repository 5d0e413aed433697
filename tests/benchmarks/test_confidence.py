"""What confidence is compared with on faces that have no labels."""

import numpy as np
import pytest

from tests.benchmarks.confidence import agreement


def test_the_answer_of_the_network_is_looked_up_with_its_teachers() -> None:
    answers = np.log([[0.8, 0.2], [0.6, 0.4], [0.45, 0.55]])
    mirrored = np.log([[0.7, 0.3], [0.3, 0.7], [0.4, 0.6]])
    teachers = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    found = agreement(answers, mirrored, teachers, threshold=0.6)
    assert found.n == 3
    assert found.confidence == pytest.approx((0.8 + 0.6 + 0.55) / 3)
    assert found.teachers_probability == pytest.approx((0.9 + 0.2 + 0.7) / 3)
    assert found.same_as_teachers == found.same_as_mirrored == pytest.approx(2 / 3)
    assert found.answered == pytest.approx(2 / 3)
    assert found.confidence_answered == pytest.approx(0.7)
    assert found.teachers_probability_answered == pytest.approx(0.55)
