"""What the model that comes with edge-fer promises, read from its card and run here."""

import pytest

from edge_fer.model_card import ModelCard, load_model
from edge_fer.model_check import check_model
from edge_fer.operators import list_operators, operator_names, refuse_inexact
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
    result, _, _ = check_model(SHIPPED_MODEL)
    assert result.passed, result.differences


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
