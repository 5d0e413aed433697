"""What is predicted for boards that were not at hand."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.prediction import BOARDS, Board, main, predict, rest_ms


def test_the_prediction_is_what_the_model_says() -> None:
    board = Board("b", "c", giga=(8.0, 16.0), slowness=4.0)
    found = predict(board, 80_000_000, 1.5)
    assert found.network_ms == (5.0, 10.0)
    assert found.frame_ms[0] == pytest.approx(9.0)
    assert found.frame_ms[1] == pytest.approx(19.0)
    assert found.fps[0] == pytest.approx(1000 / 19)
    assert found.fps[1] == pytest.approx(1000 / 9)


def test_the_boards_are_in_their_order() -> None:
    pi4, pi5, orin = (predict(board, 80_000_000, 1.0) for board in BOARDS)
    assert pi4.fps[1] < orin.fps[1] < pi5.fps[1]
    for one in (pi4, pi5, orin):
        assert one.fps[0] < one.fps[1]


GROWTH = {
    "sizes": {"640x480": {"tracked_ms": 1.5, "detected_ms": 3.0, "copy_ms": 0.1}},
    "threads": {"1": 0.5},
}


def test_the_rest_is_a_frame_without_the_network() -> None:
    # 1.5 ms, of each fifteenth frame 1.5 more, less the network's 0.5, and the copy.
    assert rest_ms(GROWTH) == pytest.approx(1.5 + 0.1 - 0.5 + 0.1)
    assert rest_ms(GROWTH | {"threads": {"1": 9.0}}) == pytest.approx(0.1)


def test_the_table_has_each_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "growth.json"
    path.write_text(json.dumps(GROWTH))
    main([str(path)])
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" (")[0] for row in rows] == [f"| {board.name}" for board in BOARDS]
