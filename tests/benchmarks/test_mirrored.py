"""Each second face mirrored."""

import numpy as np

from tests.benchmarks.mirrored import InTurn, accuracies, mirror

FACES = np.random.default_rng(1).integers(0, 256, (4, 48, 48)).astype(np.uint8)


def test_each_second_face_is_mirrored() -> None:
    in_turn, plain = InTurn(), InTurn().card.labels
    assert len(plain) == 7
    first, second, third = (in_turn.classify(FACES[0]) for _ in range(3))
    assert (first == third).all()
    assert (InTurn().classify(mirror(FACES[0])) == second).all()


def test_the_mean_of_a_face_and_its_mirror_image_does_not_know_which_is_which() -> None:
    labels = np.zeros(4, np.int64)
    found, other = accuracies(FACES, labels), accuracies(FACES[:, :, ::-1], labels)
    assert (found.plain, found.mirrored) == (other.mirrored, other.plain)
    assert found.both == other.both
