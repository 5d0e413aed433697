"""What a report says of a model's answers: comparison, mistakes, saliency, confidence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.models.card import Accuracy, ModelCard, load_card
from quantize.report.command import shown
from quantize.report.comparison import comparison_section
from quantize.report.data_section import choose_by_class
from quantize.report.measured import Measured
from quantize.report.mistakes import mistakes_section, surest_mistakes
from quantize.report.reliability import reliability_bins
from quantize.report.risk_coverage import area, at_threshold, risk_coverage
from quantize.report.saliency import choose, occlusion, saliency_section
from quantize.report.subject import Subject
from quantize.report.summary import summary_section, wilson_interval

SHIPPED = Path(__file__).resolve().parents[3] / "edge_fer" / "models" / "edge.tflite"


def answers_of(*rows: tuple[int, float]) -> NDArray[np.float64]:
    """Return log-probabilities of answers with their confidence; the rest is spread evenly."""
    probabilities = np.empty((len(rows), 7))
    for row, (answer, confidence) in zip(probabilities, rows, strict=True):
        row[:] = (1 - confidence) / 6
        row[answer] = confidence
    return np.log(probabilities)


def test_comparison_has_the_published_figures_and_says_where_ours_come_from(
    subject: Subject, measured: Measured
) -> None:
    text = comparison_section(subject, measured)
    published = ("72.70%", "72.11%", "71.86%", "71.60%", "71.16%", "70.80%", "68.20%", "68.18%")
    for accuracy in published:
        assert text.count(f"| {accuracy} |") == 1, accuracy
    assert "| 72.16% | unknown | 5,173,959 | 3,862,759,168 |" in text
    assert "| validation data | 69.96% | 1.08 | 5,173,959 | 3,862,759,168 |" in text
    assert f"**`small.tflite`** | PublicTest, n = 70 | **{measured.scores.accuracy:.2%}**" in text
    assert "**`best.keras`, float** | PublicTest, n = 70 |" in text
    assert "PublicTest also chose the checkpoint" in text
    accuracies = [float(line.split("|")[3].strip(" *%")) for line in text.splitlines()[2:14]]
    assert accuracies == sorted(accuracies, reverse=True)


def test_summary_says_when_card_or_network_are_others(subject: Subject, measured: Measured) -> None:
    card = load_card(SHIPPED)
    assert measured.against_float is not None
    exact, int8 = measured.against_float.scores.accuracy, measured.scores.accuracy

    def summary(float32: float, of_file: float) -> str:
        stated = Accuracy("PublicTest", 70, float32, of_file)
        described: ModelCard = replace(card, accuracy=stated)
        return summary_section(replace(subject, card=described), measured)

    assert "**" not in summary(exact, int8).split("Its card states")[1]
    assert "the data are others" in summary(exact, int8 - 0.1)
    assert "not the one that the file was converted from" in summary(exact - 0.1, int8)
    assert "has no card" in summary_section(subject, measured)


def test_wilson_interval() -> None:
    # 81 of 263: the example of Newcombe 1998, method 3.
    assert wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_surest_mistakes_come_first() -> None:
    answers = answers_of((0, 0.9), (1, 0.5), (2, 0.7), (3, 0.99), (4, 0.6))
    labels = np.array([0, 0, 0, 0, 0])
    assert surest_mistakes(answers, labels, 3).tolist() == [3, 2, 4]
    assert surest_mistakes(answers, np.arange(5), 3).tolist() == []


def test_too_few_faces_are_not_shown(subject: Subject, measured: Measured, tmp_path: Path) -> None:
    right_but_two = measured.rows.labels.copy()
    right_but_two[:2] = (right_but_two[:2] + 1) % 7
    answers = answers_of(*((int(label), 0.9) for label in right_but_two))
    few = replace(
        measured, answers=answers, calibrated=replace(measured.calibrated, scaled=answers)
    )
    text = mistakes_section(few, tmp_path, with_faces=True)
    assert "2 answers are wrong: too few for a contact sheet" in text
    only_one = replace(
        few, rows=few.rows.rows(np.array([5])), answers=answers[5:6], calibrated=few.calibrated
    )
    assert "too few answers" in saliency_section(subject, only_one, tmp_path, with_faces=True)
    assert not list(tmp_path.iterdir()), "no face is drawn by itself"


def test_saliency_shows_one_right_and_one_wrong_answer_a_label(measured: Measured) -> None:
    for right in (True, False):
        chosen = choose(measured, right=right, seed=2)
        assert len(chosen) == 7
        for label, row in enumerate(chosen):
            if row is not None:
                assert measured.rows.labels[row] == label
                assert bool(measured.right[row]) == right


def test_saliency_is_where_the_evidence_was() -> None:
    def by_corner(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        lit = images[:, 4:8, 36:40].mean(axis=(1, 2)) / 255
        return answers_of(*((3, 0.2 + 0.7 * float(share)) for share in lit))

    face = np.zeros((48, 48), np.uint8)
    face[4:8, 36:40] = 255
    found = occlusion(face, by_corner, hidden_px=12, step_px=3)
    assert found.shape == (48, 48)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert row < 16
    assert column > 28
    assert abs(found[24:, :24]).max() < 1e-9


def test_reliability_bins() -> None:
    answers = answers_of((0, 0.95), (0, 0.97), (1, 0.5), (2, 0.5))
    low, high = reliability_bins(answers, np.array([0, 1, 1, 0]))
    assert (low.n, low.accuracy, high.n, high.accuracy) == (2, 0.5, 2, 0.5)
    assert low.confidence == pytest.approx(0.5)
    assert high.confidence == pytest.approx(0.96)


def test_risk_over_coverage() -> None:
    answers = answers_of((0, 0.9), (0, 0.8), (0, 0.8), (0, 0.5))
    coverage, risk = risk_coverage(answers, np.array([0, 1, 0, 1]))
    assert coverage.tolist() == [0.25, 0.75, 1.0], "equal confidences are covered together"
    assert risk.tolist() == pytest.approx([0, 1 / 3, 1 / 2])
    assert area(coverage, risk) == pytest.approx(0.5 / 3 + 0.25 / 2)


def test_threshold_lies_on_the_curve(measured: Measured) -> None:
    covered, wrong = at_threshold(measured)
    coverage, risk = risk_coverage(measured.calibrated.scaled, measured.rows.labels)
    assert (covered, wrong) in [pytest.approx(point) for point in zip(coverage, risk, strict=True)]
    sure = replace(measured, calibrated=replace(measured.calibrated, threshold=1.1))
    assert at_threshold(sure) == (0.0, 0.0)


def test_faces_of_the_sheet_are_of_their_class() -> None:
    labels = np.array([0, 1, 1, 1, 6, 6])
    chosen = choose_by_class(labels, 2, seed=1)
    assert [len(rows) for rows in chosen] == [1, 2, 0, 0, 0, 0, 2]
    for label, rows in enumerate(chosen):
        assert (labels[rows] == label).all()
    again = choose_by_class(labels, 2, seed=1)
    assert all((one == two).all() for one, two in zip(chosen, again, strict=True))


def test_paths_as_a_page_may_name_them(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(Path("runs/edge/best.keras")) == "runs/edge/best.keras"
    assert shown(tmp_path / "docs") == "docs"
    assert shown(Path("/home/somebody/fer2013.csv")) == "fer2013.csv"
    assert shown(Path("../fer2013.csv")) == "fer2013.csv"
