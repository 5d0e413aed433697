"""The network cut off behind each operator, and what its pieces take."""

from pathlib import Path

import numpy as np
import pytest

from edge_fer.benchmark.operator_times import (
    first_operators,
    measure_operators,
    multiply_adds,
)
from edge_fer.errors import UserError
from edge_fer.models.card import load_card
from edge_fer.models.operators import list_operators
from edge_fer.models.runtime import open_interpreter
from edge_fer.paths import SHIPPED_MODEL

CONTENT = SHIPPED_MODEL.read_bytes()


def test_a_piece_gives_what_the_whole_has_at_that_place() -> None:
    whole = list_operators(CONTENT, "edge")
    face = np.random.default_rng(3).integers(-128, 128, (1, 48, 48, 1)).astype(np.int8)
    answers = []
    for count in (2, len(whole)):
        piece = first_operators(CONTENT, count)
        assert list_operators(piece, "piece") == whole[:count]
        interpreter, _ = open_interpreter(piece)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], face)
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert answers[0].shape == (1, 24, 24, 32)
    assert answers[1].shape == (1, 7)
    assert answers[1].astype(int).sum() == pytest.approx(7 * -128 + 256, abs=4)  # probabilities


def test_multiply_adds_are_those_of_the_network() -> None:
    operators = list_operators(CONTENT, "edge")
    # By hand: kernel x inputs x outputs at each place of the output.
    assert multiply_adds(operators[0]) == 3 * 3 * 1 * 32 * 48 * 48
    assert multiply_adds(operators[1]) == 0
    assert multiply_adds(operators[-2]) == 192 * 7
    average = next(each for each in operators if each.name == "DEPTHWISE_CONV_2D")
    # The card counts convolutions and dense layers; in the file the average is a convolution too.
    counted = sum(map(multiply_adds, operators)) - multiply_adds(average)
    assert counted == load_card(SHIPPED_MODEL).multiply_adds


def test_the_shares_are_of_the_whole_and_the_dear_ones_are_the_convolutions() -> None:
    times = measure_operators(SHIPPED_MODEL, 0.2)
    assert len(times.operators) == 15
    assert times.total_ms > 0
    assert sum(one.ms for one in times.operators) == pytest.approx(times.total_ms)
    assert sum(one.share for one in times.operators) == pytest.approx(1.0)
    convolutions = sum(one.share for one in times.operators if one.name == "CONV_2D")
    assert convolutions > 0.7


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        measure_operators(tmp_path / "no.tflite", 0.1)
    (tmp_path / "x.tflite").write_bytes(b"not a model")
    with pytest.raises(UserError, match="not a TFLite file"):
        measure_operators(tmp_path / "x.tflite", 0.1)
