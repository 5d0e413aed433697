"""What the model that comes with edge-fer promises, read from its card and run here."""

from pathlib import Path

import pytest

from edge_fer.models.card import ModelCard, load_model
from edge_fer.models.check import check_files
from edge_fer.models.files import read_model_files
from edge_fer.models.operators import list_operators, operator_names, refuse_inexact
from edge_fer.paths import SHIPPED_MODEL

pytestmark = pytest.mark.skipif(
    not SHIPPED_MODEL.is_file(), reason=f"the shipped model is not there: {SHIPPED_MODEL.name}"
)


@pytest.fixture(scope="module")
def shipped() -> tuple[ModelCard, bytes]:
    return load_model(SHIPPED_MODEL)


def test_operators_are_int8_and_those_of_the_card(shipped: tuple[ModelCard, bytes]) -> None:
    card, content = shipped
    operators = list_operators(content, "edge")
    refuse_inexact(operators, "edge")
    assert operator_names(operators) == card.operators


def test_this_device_computes_what_the_card_says() -> None:
    result, _, _ = check_files(read_model_files(SHIPPED_MODEL))
    assert result.passed, result.differences


@pytest.mark.slow
def test_it_is_as_good_as_its_card_says(
    shipped: tuple[ModelCard, bytes], fer2013_csv: Path
) -> None:
    """Measured anew: the other tests here believe the card."""
    from quantize.data.load import load_fer2013
    from quantize.evaluation.confidence import fit_confidence
    from quantize.evaluation.predictors import open_predictor
    from quantize.evaluation.robustness import shifted_answers
    from quantize.evaluation.scores import score

    card, _ = shipped
    rows = load_fer2013(fer2013_csv).select(card.accuracy.usage)
    predictor = open_predictor(SHIPPED_MODEL)
    answers = predictor.log_probabilities(rows.images, lambda amount: None)

    assert card.accuracy.n == len(rows) == 3_589
    # Kernels of another machine may round an answer or two otherwise.
    assert score(answers, rows.labels).accuracy == pytest.approx(card.accuracy.int8, abs=0.001)
    fitted = fit_confidence(answers, rows.labels, shifted_answers(predictor, rows.images))
    assert fitted.temperature == pytest.approx(card.temperature, rel=0.01)
    assert fitted.uncertain_threshold == pytest.approx(card.uncertain_threshold, abs=0.005)
    measured, said = fitted.measured, card.confidence
    assert measured.calibration_error_scaled == pytest.approx(
        said.calibration_error_scaled, abs=0.003
    )
    assert measured.covered_accuracy == pytest.approx(said.covered_accuracy, abs=0.003)


def test_it_is_more_accurate_than_the_first_one_had_to_be(
    shipped: tuple[ModelCard, bytes],
) -> None:
    card, _ = shipped
    assert card.accuracy.usage == "PublicTest"
    assert card.accuracy.int8 >= 0.66
    assert card.parameters is not None
    assert card.parameters <= 1_000_000


def test_int8_behaves_as_float(shipped: tuple[ModelCard, bytes]) -> None:
    card, _ = shipped
    assert card.accuracy.float32 - card.accuracy.int8 <= 0.003
    assert card.equivalence is not None
    assert card.equivalence.agreement >= 0.97


def test_confidence_is_calibrated(shipped: tuple[ModelCard, bytes]) -> None:
    card, _ = shipped
    assert card.confidence.calibration_error_scaled <= 0.03


def test_uncertain_faces_are_worth_leaving_out(shipped: tuple[ModelCard, bytes]) -> None:
    card, _ = shipped
    assert card.confidence.coverage == pytest.approx(0.8, abs=0.01)
    assert card.confidence.covered_accuracy - card.accuracy.int8 >= 0.07
    assert 1 / 7 < card.uncertain_threshold < 1


def test_representative_set_is_the_default(shipped: tuple[ModelCard, bytes]) -> None:
    card, _ = shipped
    assert card.calibration.count == 100
