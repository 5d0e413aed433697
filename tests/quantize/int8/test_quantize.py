"""From a trained network to file and card."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

pytest.importorskip("tensorflow", reason="needs the workstation extra")

from edge_fer.cli.app import main
from edge_fer.errors import UserError
from edge_fer.models.card import ModelCard, load_card
from edge_fer.models.check import check_files
from edge_fer.models.files import read_model_files
from edge_fer.models.render import render_card
from quantize.data.calibration_set import DEFAULT_COUNT, choose_calibration_set
from quantize.data.fer2013 import Fer2013
from quantize.evaluation import equivalence
from quantize.evaluation.confidence import fit_confidence
from quantize.evaluation.evaluation import evaluate
from quantize.evaluation.predictors import open_predictor
from quantize.evaluation.robustness import shifted_answers
from quantize.int8.convert import convert_as
from quantize.int8.quantize import Quantized, quantize
from quantize.int8.record import tool_versions, training_record
from quantize.int8.write import write_model
from quantize.out_path import check_out_path
from quantize.verbs import quantize as verb


@pytest.fixture(scope="module")
def quantized(small_network: Any, small_fer2013: Fer2013) -> Quantized:
    return quantize(small_network, small_fer2013, "small", training={"seed": 3}, count=28, seed=1)


def test_card_says_what_was_done_and_measured(
    quantized: Quantized, small_network_file: Path, small_fer2013: Fer2013, tmp_path: Path
) -> None:
    path = tmp_path / "small.tflite"
    assert write_model(quantized.content, quantized.card, path) == tmp_path / "small.json"
    card = load_card(path)
    assert card == quantized.card
    assert card.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (card.accuracy.usage, card.accuracy.n) == ("PublicTest", 70)
    of_network = evaluate(small_network_file, small_fer2013, "PublicTest").scores
    of_int8 = evaluate(path, small_fer2013, "PublicTest").scores
    assert card.accuracy.float32 == of_network.accuracy
    assert card.accuracy.int8 == of_int8.accuracy
    assert card.confidence.calibration_error == pytest.approx(of_int8.calibration_error)
    chosen = choose_calibration_set(small_fer2013, count=28, seed=1)
    assert (card.calibration.sha256, card.calibration.count) == (chosen.sha256, 28)
    assert card.parameters == 8 * 9 + 4 * 8 + 8 * 8 * 9 + 8 + 4 * 8 + 25 * 8 * 7 + 7
    assert card.multiply_adds == 48 * 48 * 9 * 8 + 5 * 5 * 9 * 8 * 8 + 25 * 8 * 7
    assert card.operators[0] == "CONV_2D"
    assert card.training == {"seed": 3}
    rows = small_fer2013.select("PublicTest")
    answers = open_predictor(path).log_probabilities(rows.images, lambda amount: None)
    shifted = shifted_answers(open_predictor(path), rows.images)
    fitted = fit_confidence(answers, rows.labels, shifted)
    assert (card.temperature, card.uncertain_threshold, card.confidence) == (
        fitted.temperature,
        fitted.uncertain_threshold,
        fitted.measured,
    )
    assert card.confidence.coverage == pytest.approx(0.8, abs=0.1)


def test_versions_are_those_installed() -> None:
    import tensorflow as tf

    assert tool_versions()["tensorflow"] == tf.__version__
    assert set(tool_versions()) >= {"python", "keras", "numpy", "ai-edge-litert", "edge-fer"}


def test_private_rows_are_not_looked_at(small_network: Any, small_fer2013: Fer2013) -> None:
    as_private = small_fer2013.usages * 2  # Training stays 0, PublicTest becomes PrivateTest
    dataset = Fer2013(small_fer2013.images, small_fer2013.labels, as_private)
    with pytest.raises(UserError, match="no PublicTest rows"):
        quantize(small_network, dataset, "small", training={})


def test_card_that_cannot_be_written_leaves_no_model(quantized: Quantized, tmp_path: Path) -> None:
    broken = replace(quantized.card, temperature=float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        write_model(quantized.content, broken, tmp_path / "small.tflite")
    assert not list(tmp_path.iterdir())


def test_training_record_is_what_training_left(tmp_path: Path) -> None:
    model = tmp_path / "best.keras"
    assert training_record(model) == {}
    (tmp_path / "settings.json").write_text('{"settings": {"seed": 5}, "data_sha256": "ab"}')
    assert training_record(model) == {}
    (tmp_path / "state.json").write_text('{"best_epoch": 2, "history": [{}, {}, {}]}')
    assert training_record(model) == {
        "settings": {"seed": 5},
        "data_sha256": "ab",
        "best_epoch": 2,
        "epochs": 3,
    }
    (tmp_path / "state.json").write_text('{"best_epoch": NaN, "history": []}')
    assert training_record(model) == {}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.bin", "end the name in .tflite"),
        ("/dev/null/model.tflite", "is a file: name a folder"),
    ],
)
def test_out_path_is_checked_first(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_out_path(tmp_path / name)
    check_out_path(tmp_path / "new" / "model.tflite")
    assert (tmp_path / "new").is_dir()


def test_the_verb_writes_and_prints(
    small_network_file: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    out = tmp_path / "driver.tflite"
    verb.quantize_verb(
        small_network_file,
        Path("x"),
        out,
        calibration_images=14,
        seed=2,
        json_output=True,
        verify=False,  # a network of 70 images' training is not held to the limits
    )
    printed = capfd.readouterr()
    assert json.loads(printed.out) == json.loads((tmp_path / "driver.json").read_text())
    assert printed.err.splitlines() == [
        "Converting driver with 14 representative images ...",
        "Comparing layer by layer ...",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["driver.json", "driver.tflite"]
    card = load_card(out)
    assert (card.name, card.calibration.count, card.calibration.seed) == ("driver", 14, 2)


def test_without_a_word_it_is_int8_of_100_images_and_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(verb, "quantize_verb", lambda *paths, **words: asked.update(words))
    arguments = ["quantize", "best.keras", "--data", "fer2013.csv", "--out", "edge.tflite"]
    with pytest.raises(SystemExit):
        main(arguments)
    assert asked["calibration_images"] == DEFAULT_COUNT == 100
    assert (asked["verify"], asked["seed"]) == (True, 1)
    assert (asked["file_format"], asked["qat_epochs"], asked["curve"]) == ("int8", 0, None)
    with pytest.raises(SystemExit):
        main([*arguments, "--no-verify"])
    assert asked["verify"] is False


def test_what_is_not_equivalent_is_not_written(
    small_network_file: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    monkeypatch.setattr(equivalence, "MOST_ACCURACY_LOST", -1.0)
    with pytest.raises(UserError, match=r"int8 loses .* points of accuracy on 70 images"):
        verb.quantize_verb(
            small_network_file,
            Path("x"),
            tmp_path / "driver.tflite",
            calibration_images=14,
            seed=2,
            json_output=True,
        )
    assert not list(tmp_path.iterdir())


def test_card_holds_equivalence_and_golden_images(quantized: Quantized, tmp_path: Path) -> None:
    found = quantized.card.equivalence
    assert found is not None
    assert (found.usage, found.n) == ("PublicTest", 70)
    assert found.agreement > 0.9
    assert 0 < found.mean_difference < found.largest_difference < 1
    ratios = [noise.snr_db for noise in found.worst_layers]
    assert ratios == sorted(ratios)
    assert 5 < ratios[0] < 60
    path = tmp_path / "small.tflite"
    write_model(quantized.content, quantized.card, path)
    result, card, _ = check_files(read_model_files(path))
    assert result.passed
    assert card == quantized.card


@pytest.mark.parametrize(
    "file_format",
    [
        "float32",
        pytest.param("float16", marks=pytest.mark.slow),
        pytest.param("dynamic", marks=pytest.mark.slow),
        "int16x8",
    ],
)
def test_other_formats_are_for_comparison(
    file_format: str,
    small_network_file: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    out = tmp_path / "other.tflite"
    verb.quantize_verb(
        small_network_file,
        Path("x"),
        out,
        calibration_images=14,
        seed=2,
        json_output=file_format != "int16x8",
        file_format=file_format,
    )
    assert list(tmp_path.iterdir()) == [out]
    printed = capsys.readouterr().out
    if file_format == "int16x8":
        assert "same answer" in printed
        return
    result = json.loads(printed)
    assert (result["format"], result["n"]) == (file_format, 70)
    assert result["size_bytes"] == out.stat().st_size
    assert result["agreement"] > 0.9
    if file_format == "float32":
        assert result["agreement"] == 1
        assert result["largest_difference"] < 1e-4
        assert result["accuracy_before"] == result["accuracy_after"]


def test_unknown_format(small_network: Any, small_fer2013: Fer2013) -> None:
    calibration = choose_calibration_set(small_fer2013, count=14, seed=1)
    with pytest.raises(UserError, match=r"--format int4: choose one of float32, .*, int16x8"):
        convert_as(small_network, "int4", calibration)


def test_summary_of_a_card(quantized: Quantized, tmp_path: Path) -> None:
    card: ModelCard = quantized.card
    console = Console(width=80)
    with console.capture() as capture:
        console.print(render_card(card, tmp_path / "a.tflite", tmp_path / "a.json"))
    text = "".join(line.rstrip() for line in capture.get().splitlines())
    assert f"{card.accuracy.int8:.2%}" in text
    assert f"{card.parameters:,}" in text
    assert "CONV_2D" in text
    assert "same answer" in text
