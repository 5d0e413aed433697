"""The verbs below `edge-fer model`."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge_fer.cli import device_config
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
    assert failed.exit_code == 1
    assert f"golden image {name} is" in failed.output.replace("\n", " ")
    as_json = run("verify", tiny_model, "--json", fails=True)
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["passed"] is False


def test_install_and_rollback(tmp_path: Path, make_tiny: Callable[..., Path]) -> None:
    store = tmp_path / "store"
    models = [make_tiny(tmp_path, f"model{seed}", seed) for seed in range(2)]
    for model in models:
        shown = run("install", model, "--store", store).output
        assert f"is installed: {store}/versions/" in shown.replace("\n", "")
        assert "to use it: sudo systemctl restart edge-fer" in shown
    assert "installed already" in run("install", models[1], "--store", store).output
    shown = run("rollback", "--store", store).output
    assert "back to model0" in shown
    assert "to use it: sudo systemctl restart edge-fer" in shown
    assert load_card(store / "current" / "model.tflite").name == "model0"


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of this device's config, which a test may write."""
    path = tmp_path / "config.toml"
    monkeypatch.setattr(device_config, "DEVICE_CONFIG", path)
    return path


def test_the_store_is_that_of_the_environment(
    tmp_path: Path, device: Path, make_tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    device.write_text('[model]\nstore = "/nowhere"\n')
    monkeypatch.setenv("EDGE_FER__MODEL__STORE", str(tmp_path / "store"))
    run("install", make_tiny(tmp_path, "model0", 0))
    assert (tmp_path / "store" / "current").is_symlink()
    assert "back to the model that came with edge-fer" in run("rollback").output


def test_the_key_is_that_of_the_config(
    tmp_path: Path, device: Path, make_tiny: Callable[..., Path]
) -> None:
    pytest.importorskip("cryptography", reason="the signing extra is not installed")
    key = tmp_path / "keys" / "maker.pem"
    public = run("keygen", "--out", key).output.split('"')[1]
    device.write_text(f'[model]\nstore = "{tmp_path / "store"}"\ntrusted_key = "{public}"\n')
    model = make_tiny(tmp_path, "model0", 0)

    refused = run("install", model, fails=True)
    assert isinstance(refused.exception, UserError)
    assert "signature" in str(refused.exception)
    assert f"trusted key {public}" in run("sign", model, "--key", key).output.replace("\n", " ")
    assert "is installed" in run("install", model).output

    again = run("keygen", "--out", key, fails=True)
    assert "is there already" in str(again.exception)
    assert key.stat().st_mode & 0o077 == 0


def test_a_kind_that_is_not_known_is_refused_with_the_known_ones(device: Path) -> None:
    refused = run("rollback", "--kind", "ears", fails=True)
    assert refused.exit_code == 2
    assert "'emotions', 'eyes', 'face'" in refused.output
