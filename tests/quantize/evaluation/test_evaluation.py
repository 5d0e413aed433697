"""Measuring model files: predictors, the evaluation, and the verb's output."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("tensorflow", reason="needs the workstation extra")

from edge_fer.emotions import LABELS
from edge_fer.errors import UserError
from quantize.data.calibration_set import to_float_input
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.evaluation import evaluate
from quantize.evaluation.predictors import TflitePredictor, open_predictor
from quantize.evaluation.render_evaluation import render_evaluation
from quantize.verbs import evaluate as verb


def test_both_formats_know_the_classes(
    small_network_file: Path, small_int8_file: Path, small_fer2013: Fer2013
) -> None:
    of_network = evaluate(small_network_file, small_fer2013, "PublicTest")
    of_int8 = evaluate(small_int8_file, small_fer2013, "PublicTest")
    assert (of_network.format, of_int8.format) == ("keras", "tflite")
    for evaluation in (of_network, of_int8):
        assert evaluation.scores.n == 70
        assert evaluation.scores.accuracy > 0.8
        assert 0 < evaluation.scores.loss < 1.5
    assert abs(of_network.scores.loss - of_int8.scores.loss) < 0.1


def test_network_scores_are_those_of_keras(
    small_network: Any, small_network_file: Path, small_fer2013: Fer2013
) -> None:
    rows = small_fer2013.select("PublicTest")
    loss = small_network.evaluate(to_float_input(rows.images), rows.labels, verbose=0)
    evaluation = evaluate(small_network_file, small_fer2013, "PublicTest")
    assert evaluation.scores.loss == pytest.approx(loss, rel=1e-4)


def test_int8_output_is_read_as_the_runtime_gives_it(
    small_int8: bytes, small_fer2013: Fer2013
) -> None:
    predictor = TflitePredictor(small_int8, "small")
    told: list[float] = []
    images = small_fer2013.images[:5]
    answers = np.exp(predictor.log_probabilities(images, told.append))
    assert sum(told) == 5
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    for image, answer in zip(images, answers, strict=True):
        runtime = predictor._interpreters[0]
        runtime.set_tensor(
            runtime.get_input_details()[0]["index"],
            (image.astype(np.int16) - 128).astype(np.int8)[np.newaxis, ..., np.newaxis],
        )
        runtime.invoke()
        raw = runtime.get_tensor(runtime.get_output_details()[0]["index"])[0]
        stored = np.maximum((raw.astype(int) + 128) / 256, 1 / 512)
        np.testing.assert_allclose(answer, stored / stored.sum(), rtol=1e-6)


def test_each_image_has_its_own_answer_however_many_share_the_work(
    small_int8: bytes, small_fer2013: Fer2013
) -> None:
    alone, shared = (
        TflitePredictor(small_int8, "small", workers=workers).log_probabilities(
            small_fer2013.images, lambda done: None
        )
        for workers in (1, 3)
    )
    np.testing.assert_array_equal(alone, shared)
    assert len(np.unique(alone, axis=0)) > 100


def test_float_tflite_files_are_measured_too(
    small_network: Any, small_network_file: Path, small_fer2013: Fer2013, tmp_path: Path
) -> None:
    import keras
    import tensorflow as tf

    from edge_fer.quiet import quiet_output

    face = keras.Input((48, 48, 1), batch_size=1)
    whole = keras.Model(face, keras.layers.Softmax()(small_network(face)))
    path = tmp_path / "float.tflite"
    with quiet_output():
        path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(whole).convert())
    of_float = evaluate(path, small_fer2013, "PublicTest")
    of_network = evaluate(small_network_file, small_fer2013, "PublicTest")
    assert of_float.scores.loss == pytest.approx(of_network.scores.loss, rel=1e-4)
    assert of_float.scores.confusion == of_network.scores.confusion


def test_usage_without_rows(small_int8_file: Path, small_fer2013: Fer2013) -> None:
    with pytest.raises(UserError, match="no PrivateTest rows, only Training, PublicTest"):
        evaluate(small_int8_file, small_fer2013, "PrivateTest")


def test_unknown_usage(small_int8_file: Path, small_fer2013: Fer2013) -> None:
    with pytest.raises(UserError, match="usage 'Private' is unknown"):
        evaluate(small_int8_file, small_fer2013, "Private")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither a .keras or .h5 nor a .tflite file"),
        (b"hello, I am no model", "neither a .keras or .h5 nor a .tflite file"),
        (b"PK\x03\x04 cut off", "not a Keras model"),
        (b"\x1c\0\0\0TFL3" + bytes(64), "LiteRT cannot run this file"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        open_predictor(path)
    assert str(error.value).startswith(f"{path}: ")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the model"):
        open_predictor(tmp_path / "model.tflite")


def test_tflite_of_another_shape(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    from edge_fer.quiet import quiet_output

    face = keras.Input((32, 32, 1), batch_size=1)
    model = keras.Model(face, keras.layers.GlobalAveragePooling2D()(face))
    with quiet_output():
        content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    with pytest.raises(UserError, match=r"input shape \[1, 32, 32, 1\] is not \[1, 48, 48, 1\]"):
        TflitePredictor(content, "other")


def test_json_of_the_verb(
    small_int8_file: Path,
    small_fer2013: Fer2013,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    verb.evaluate_verb(small_int8_file, Path("data"), usage="PublicTest", json_output=True)
    values = json.loads(capsys.readouterr().out)
    assert values["n"] == 70
    assert (values["usage"], values["format"]) == ("PublicTest", "tflite")
    assert list(values["recall"]) == values["labels"] == list(LABELS)
    assert np.trace(values["confusion"]) / 70 == pytest.approx(values["accuracy"])
    assert {"loss", "macro_f1", "calibration_error", "f1", "model"} <= set(values)


def test_tables_fit_a_terminal_and_show_the_figures(
    small_int8_file: Path, small_fer2013: Fer2013
) -> None:
    evaluation = evaluate(small_int8_file, small_fer2013, "PublicTest")
    console = Console(width=80, record=True, quiet=False, file=None)
    with console.capture() as capture:
        console.print(render_evaluation(evaluation))
    text = capture.get()
    assert f"{evaluation.scores.accuracy:.2%}" in text
    assert all(text.count(label) >= 3 for label in LABELS)
    for label, row in zip(LABELS, evaluation.scores.confusion, strict=True):
        assert any(line.split() == [label, *map(str, row)] for line in text.splitlines()), (
            f"confusion of {label}"
        )


def test_classes_without_rows_are_shown_as_unknown(
    small_int8_file: Path, small_fer2013: Fer2013
) -> None:
    only_two = small_fer2013.rows(np.flatnonzero(small_fer2013.labels < 2))
    evaluation = evaluate(small_int8_file, only_two, "PublicTest")
    assert evaluation.to_json()["recall"]["happy"] is None
    console = Console(width=80)
    with console.capture() as capture:
        console.print(render_evaluation(evaluation))
    assert ["happy", "0", "-", "-"] in [line.split() for line in capture.get().splitlines()]


@pytest.mark.slow
def test_a_whole_public_test_in_int8(small_int8_file: Path, fer2013_csv: Path) -> None:
    from quantize.data.load import load_fer2013

    assert evaluate(small_int8_file, load_fer2013(fer2013_csv), "PublicTest").scores.n == 3_589
