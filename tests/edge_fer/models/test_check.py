"""Golden images on this device, in this process and in one of its own."""

import json
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_fer.errors import UserError
from edge_fer.models import check as model_check
from edge_fer.models.card import card_path, load_card, write_card
from edge_fer.models.check import check_model, check_model_apart, require_model
from edge_fer.models.golden import COUNT


def spoil_golden(model: Path, amount: int) -> None:
    card = load_card(model)
    name, values = next(iter(card.golden.items()))
    write_card(
        replace(card, golden={**card.golden, name: (values[0] + amount, *values[1:])}), model
    )


def test_this_device_computes_what_the_card_says(tiny_model: Path) -> None:
    result, card, runtime = check_model(tiny_model)
    assert result.passed
    assert len(result.differences) == COUNT
    assert card == require_model(tiny_model) == load_card(tiny_model)
    assert runtime in ("ai-edge-litert", "tflite-runtime")


def test_device_that_computes_otherwise(tiny_model: Path) -> None:
    spoil_golden(tiny_model, 5)
    result, _, _ = check_model(tiny_model)
    assert not result.passed
    with pytest.raises(UserError, match=r"golden image \w+ is [456] units off with"):
        require_model(tiny_model)


def test_card_without_golden_images(tiny_model: Path) -> None:
    write_card(replace(load_card(tiny_model), golden={}), tiny_model)
    with pytest.raises(UserError, match="outputs of 0 golden images"):
        check_model(tiny_model)


def test_apart_gives_the_same(tiny_model: Path) -> None:
    result, runtime = check_model_apart(tiny_model)
    assert (result, runtime) == (check_model(tiny_model)[0], check_model(tiny_model)[2])


def test_apart_passes_errors_on(tiny_model: Path) -> None:
    card_path(tiny_model).unlink()
    with pytest.raises(UserError, match=r"tiny\.json: the model card is missing") as error:
        check_model_apart(tiny_model)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (subprocess.CompletedProcess([], -signal.SIGSEGV, "", ""), "died of SIGSEGV"),
        (subprocess.CompletedProcess([], 1, "", "Traceback\nMemoryError"), "code 1: MemoryError"),
        (subprocess.TimeoutExpired([], 30), "not done within 30 s"),
    ],
)
def test_apart_survives_the_other_process(
    monkeypatch: pytest.MonkeyPatch, result: Any, message: str
) -> None:
    def run(*arguments: Any, **options: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(UserError, match=message):
        check_model_apart(Path("model.tflite"))


def test_main_prints_json(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert model_check.main([str(tiny_model)]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"runtime", "differences"}
