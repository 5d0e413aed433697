"""The verbs below `edge-fer model`."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from edge_fer.cli.model import model_app
from edge_fer.errors import UserError
from edge_fer.models.card import load_card, write_card
from edge_fer.models.files import card_path


def run(*arguments: object, fails: bool = False) -> Any:
    result = CliRunner().invoke(model_app, [str(argument) for argument in arguments])
    if not fails:
        assert result.exit_code == 0, result.output
    return result


def test_show_prints_card_and_operators(tiny_model: Path) -> None:
    text = run("show", tiny_model).output
    for word in ("CONV_2D", "SOFTMAX", "per channel", "same answer 98.50%", "65.90%", "int8"):
        assert word in text


def test_show_as_json(tiny_model: Path) -> None:
    values = json.loads(run("show", tiny_model, "--json").output)
    assert values["operators"] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert values["card"] == json.loads(card_path(tiny_model).read_text())


def test_show_refuses_what_does_not_belong_together(tiny_model: Path) -> None:
    tiny_model.write_bytes(tiny_model.read_bytes() + b"!")
    error = run("show", tiny_model, fails=True).exception
    assert isinstance(error, UserError)


def test_verify(tiny_model: Path) -> None:
    assert "12 golden images as in the card, at most" in run("verify", tiny_model).output
    card = load_card(tiny_model)
    name, values = next(iter(card.golden.items()))
    write_card(
        replace(card, golden={**card.golden, name: (values[0] + 7, *values[1:])}), tiny_model
    )
    failed = run("verify", tiny_model, fails=True)
    assert isinstance(failed.exception, UserError)
    assert f"golden image {name} is" in str(failed.exception)
    as_json = run("verify", tiny_model, "--json", fails=True)
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["passed"] is False


def test_install_and_rollback(tmp_path: Path, make_tiny: Callable[..., Path]) -> None:
    store = tmp_path / "store"
    models = [make_tiny(tmp_path, f"model{seed}", seed) for seed in range(2)]
    for model in models:
        assert "is installed: restart" in run("install", model, "--store", store).output
    assert "installed already" in run("install", models[1], "--store", store).output
    assert "back to model0" in run("rollback", "--store", store).output
    assert load_card(store / "current" / "model.tflite").name == "model0"
