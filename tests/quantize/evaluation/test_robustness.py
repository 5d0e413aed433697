"""Accuracy under corruptions: what is measured, how it is shown, and the verb's words."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from edge_fer.errors import UserError
from edge_fer.paths import SHIPPED_MODEL
from quantize.data.corruptions import CORRUPTIONS, SEVERITIES
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.render_robustness import (
    confidence_verdict,
    render_robustness,
    verdict,
)
from quantize.evaluation.robustness import (
    Robustness,
    corrupted,
    measure_robustness,
    shifted_answers,
)
from quantize.verbs import evaluate as verb


class ByLight:
    """Answers *angry* for a face that is as light as those it knows, and *happy* for others."""

    format = "light"
    side_px = 48

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        answers = np.full((len(images), 7), np.log(0.01))
        light = images.mean(axis=(1, 2))
        known = (light > 90) & (light < 110)
        answers[np.arange(len(images)), np.where(known, 0, 3)] = np.log(0.94)
        advance(len(images))
        return answers

    numbers = log_probabilities  # nobody asks for them here


def grey_rows(count: int = 6) -> Fer2013:
    return Fer2013(
        np.full((count, 48, 48), 100, np.uint8),
        np.zeros(count, np.int64),
        np.ones(count, np.uint8),
    )


def some(clean: float = 0.7, at_3: float = 0.65) -> Robustness:
    values = (clean, 0.68, at_3, 0.5, 0.3)
    return Robustness("PublicTest", 3589, 1, clean, dict.fromkeys(CORRUPTIONS, values), _sure(0.6))


def _sure(at_3: float) -> dict[str, tuple[float, ...]]:
    return dict.fromkeys(CORRUPTIONS, (0.7, 0.65, at_3, 0.5, 0.4))


def test_what_changes_the_light_is_found_and_what_does_not_is_not() -> None:
    found = measure_robustness(ByLight(), grey_rows(), "PublicTest", 1.0)
    assert list(found.accuracy) == list(CORRUPTIONS)
    assert found.accuracy["low light"] == (0,) * 5
    assert found.accuracy["overexposure"] == (0,) * 5
    for kind in ("motion blur", "defocus", "low resolution", "rotation", "box jitter", "JPEG"):
        assert found.accuracy[kind] == (1,) * 5, kind
    assert (found.usage, found.n, found.clean) == ("PublicTest", 6, 1.0)


def test_the_same_seed_gives_the_same_faces_and_another_one_others() -> None:
    face = np.tile(np.arange(48, dtype=np.uint8) * 5, (3, 48, 1))
    first, again, other = (corrupted(face, "noise", 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any(), "each face is drawn anew"


def test_mean_and_share_of_clean() -> None:
    values = {"noise": (0.7, 0.6, 0.5, 0.4, 0.3), "hand": (0.7, 0.7, 0.7, 0.6, 0.5)}
    robustness = Robustness("PublicTest", 100, 1, 0.8, values, values)
    assert robustness.mean(3) == pytest.approx(0.6)
    assert robustness.mean(5) == pytest.approx(0.4)
    assert robustness.share_of_clean == pytest.approx(0.75)
    assert not robustness.is_robust
    assert replace(robustness, clean=0.66).is_robust
    assert replace(robustness, clean=0.0).share_of_clean == 0


def test_table_has_each_figure_and_fits_a_terminal() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(render_robustness(some()))
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= 80
    for kind in (*CORRUPTIONS, "mean"):
        line = next(line for line in lines if line.startswith(kind))
        assert line.removeprefix(kind).split()[:6] == [
            "70.0%", "68.0%", "65.0%", "50.0%", "30.0%", "93%",
        ]  # fmt: skip
        assert kind == "mean" or line.rstrip().endswith("60.0%")
    assert "the goal of 90% is reached" in " ".join(capture.get().split())


def test_verdict_says_where_the_goal_is_missed() -> None:
    assert verdict(some(at_3=0.6)) == (
        "At severity 3 the mean over all corruptions is 60.00%, 85.7% of the clean 70.00%: "
        "the goal of 90% is missed."
    )


def test_confidence_above_accuracy_is_found_and_said() -> None:
    honest = some()
    assert confidence_verdict(honest).endswith(
        "confidence is not above the accuracy under any corruption."
    )
    values = {**honest.confidence, "noise": (0.7, 0.6, 0.78, 0.5, 0.4)}
    unsure = replace(honest, confidence=values, temperature=1.25)
    kind, excess = unsure.most_overconfident()
    assert (kind, round(excess, 6)) == ("noise", 0.13)
    assert confidence_verdict(unsure) == (
        "At severity 3 and temperature 1.250 the mean confidence exceeds the accuracy most under "
        "noise, by 13.0%."
    )


def test_confidence_is_that_of_the_temperature_that_is_given() -> None:
    plain, scaled = (
        measure_robustness(ByLight(), grey_rows(), "PublicTest", 1.0, temperature=temperature)
        for temperature in (1.0, 2.0)
    )
    assert plain.confidence["noise"][2] == pytest.approx(0.94)
    ratio = (0.94 / 0.01) ** 0.5
    assert scaled.confidence["noise"][2] == pytest.approx(ratio / (ratio + 6))
    assert scaled.accuracy == plain.accuracy
    at_3 = shifted_answers(ByLight(), grey_rows().images)
    assert len(at_3) == len(CORRUPTIONS)
    assert [(each.argmax(axis=1) == 0).mean() for each in at_3] == [
        values[2] for values in plain.accuracy.values()
    ]


def test_plot_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the workstation extra")
    from quantize.report.corruptions import draw_robustness

    path = tmp_path / "corruptions.png"
    draw_robustness(some(), path)
    image = cv2.imread(str(path))
    assert image is not None
    assert image.shape[1] > image.shape[0] > 400


def test_verb_measures_prints_and_draws(
    small_int8_file: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib", reason="needs the workstation extra")
    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    plot = tmp_path / "corruptions.png"
    verb.evaluate_verb(
        small_int8_file,
        Path("data"),
        usage="PublicTest",
        json_output=True,
        corruptions=True,
        plot=plot,
    )
    values = json.loads(capsys.readouterr().out)
    found = values["corruptions"]
    assert found["clean"] == values["accuracy"] > 0.8
    assert list(found["accuracy"]) == list(CORRUPTIONS)
    assert all(len(shares) == len(SEVERITIES) for shares in found["accuracy"].values())
    # The classes are bars at seven heights: turned by 20 degrees or covered, they are lost.
    assert found["mean"][4] < found["mean"][0] <= found["clean"]
    assert found["share_of_clean"] == pytest.approx(found["mean"][2] / found["clean"])
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_verb_fits_the_card_on_corrupted_faces_too(
    small_int8_file: Path,
    small_fer2013: Fer2013,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from edge_fer.models.card import load_card, write_card
    from edge_fer.models.files import card_path

    monkeypatch.setattr(verb, "read_data", lambda path, reading, rows: small_fer2013)
    model = tmp_path / "small.tflite"
    model.write_bytes(small_int8_file.read_bytes())
    card = replace(
        load_card(SHIPPED_MODEL),
        sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        temperature=1.0,
        uncertain_threshold=0.9,
    )
    write_card(card, model)

    def run(*, fit: bool) -> dict[str, Any]:
        verb.evaluate_verb(
            model, Path("data"), usage="PublicTest", json_output=True, corruptions=True, fit=fit
        )
        found: dict[str, Any] = json.loads(capsys.readouterr().out)["corruptions"]
        return found

    before, after = run(fit=False), run(fit=True)
    fitted = load_card(model)
    assert (before["temperature"], after["temperature"]) == (1.0, fitted.temperature)
    assert fitted.temperature != 1.0
    assert fitted.uncertain_threshold != 0.9
    assert fitted.sha256 == card.sha256

    def is_above(found: dict[str, Any]) -> bool:
        at_3 = [(found["confidence"][kind][2], found["accuracy"][kind][2]) for kind in CORRUPTIONS]
        # The highest temperature leaves a little more than one in seven.
        return any(sure > right + 1e-6 for sure, right in at_3 if right > 0.2)

    assert is_above(before)
    assert not is_above(after)
    card_path(model).unlink()
    with pytest.raises(UserError, match=r"--fit-confidence: .* has no card"):
        run(fit=True)


@pytest.mark.slow
def test_networks_are_measured_too(
    small_network_file: Path, small_int8_file: Path, small_fer2013: Fer2013
) -> None:
    from quantize.evaluation.predictors import open_predictor

    rows = small_fer2013.select("PublicTest")
    of_network, of_int8 = (
        measure_robustness(open_predictor(path), rows, "PublicTest", 1.0)
        for path in (small_network_file, small_int8_file)
    )
    differences = [abs(of_network.mean(severity) - of_int8.mean(severity)) for severity in (1, 3)]
    assert max(differences) < 0.1  # 13 of 130 answers of a network that is barely trained


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"plot": "a.png"}, r"--plot a.png: it draws the corruptions: add --corruptions"),
        ({"plot": "a.gif", "corruptions": True}, r"a.gif: end the name in .png"),
        ({"plot": "/dev/null/a.png", "corruptions": True}, r"/dev/null: is a file"),
        ({"network": "a.keras"}, r"--network a.keras: it is for a report: add --report"),
    ],
)
def test_wrong_words_are_said_before_the_work(words: dict[str, object], message: str) -> None:
    pytest.importorskip("matplotlib", reason="needs the workstation extra")
    paths = {key: Path(word) if isinstance(word, str) else word for key, word in words.items()}
    with pytest.raises(UserError, match=message):
        verb.evaluate_verb(
            Path("no.tflite"),
            Path("no"),
            usage="PublicTest",
            json_output=True,
            **paths,  # type: ignore[arg-type]
        )
