"""A tracked frame of two source trees, in turns."""

from pathlib import Path

import pytest

from tests.benchmarks.tracked_frame import Tracked, measure

ROOT = Path(__file__).resolve().parents[2]


def test_the_figures_are_the_fastest_tenth_and_the_median() -> None:
    assert Tracked.of([float(number) for number in range(11)]) == Tracked(11, 1.0, 5.0)


@pytest.mark.slow
def test_each_tree_tracks_the_face_in_a_process_of_its_own() -> None:
    one, other = measure([ROOT, ROOT], 10)
    assert one.frames == other.frames == 10
    assert 0.0 < one.fastest_tenth_ms <= one.median_ms
