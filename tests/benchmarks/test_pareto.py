"""The points of the picture of accuracy against cost, from what the repository holds."""

from pathlib import Path

from edge_fer.paths import shipped_emotion_networks
from tests.benchmarks.pareto import Point, effort_of, front, searched, shipped

PAGE = (Path(__file__).parents[2] / "docs/search/search-edge.md").read_text(encoding="utf-8")


def test_trials_are_those_of_the_table() -> None:
    trials = searched(PAGE)
    assert len(trials) == PAGE.count(" trials complete") * int(
        PAGE.split(" trials complete")[0][-2:]
    )
    starred = [line.split("*")[0].strip("| ") for line in PAGE.splitlines() if "* |" in line]
    assert sorted(point.name for point in front(trials)) == sorted(starred)
    assert "epochs on" in effort_of(PAGE)


def test_a_front_has_what_no_other_beats_in_both() -> None:
    points = [Point("a", 0.7, 100), Point("b", 0.6, 50), Point("c", 0.5, 60), Point("d", 0.7, 200)]
    assert [point.name for point in front(points)] == ["b", "a"]


def test_what_ships_is_as_its_cards_say() -> None:
    points = shipped()
    assert [point.name for point in points] == [path.stem for path in shipped_emotion_networks()]
    assert all(0.5 < point.accuracy < 1 and point.note.startswith("int8") for point in points)
