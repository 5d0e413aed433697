"""Golden images on this device, in this process and in one of its own."""

import errno
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_fer.errors import ModelError, ModelReason, UserError
from edge_fer.models import check as model_check
from edge_fer.models.card import load_card, write_card
from edge_fer.models.check import (
    check_apart,
    check_files,
    check_model_apart,
    require_passed,
)
from edge_fer.models.classifier import Classifier
from edge_fer.models.files import card_path, read_model_files
from edge_fer.models.golden import COUNT


def spoil_golden(model: Path, amount: int) -> None:
    card = load_card(model)
    name, values = next(iter(card.golden.items()))
    write_card(
        replace(card, golden={**card.golden, name: (values[0] + amount, *values[1:])}), model
    )


def test_this_device_computes_what_the_card_says(tiny_model: Path) -> None:
    result, card, runtime = check_files(read_model_files(tiny_model))
    assert result.passed
    assert len(result.differences) == COUNT
    assert card == load_card(tiny_model)
    assert runtime in ("ai-edge-litert", "tflite-runtime")


def test_device_that_computes_otherwise(tiny_model: Path) -> None:
    spoil_golden(tiny_model, 5)
    result, _, runtime = check_files(read_model_files(tiny_model))
    assert not result.passed
    with pytest.raises(UserError, match=r"golden image \w+ is [456] units off with"):
        require_passed(tiny_model, result, runtime)


def test_card_without_golden_images(tiny_model: Path) -> None:
    write_card(replace(load_card(tiny_model), golden={}), tiny_model)
    with pytest.raises(UserError, match="outputs of 0 golden images"):
        check_files(read_model_files(tiny_model))


def test_apart_gives_the_same(tiny_model: Path) -> None:
    result, runtime = check_model_apart(tiny_model)
    here, _, runtime_here = check_files(read_model_files(tiny_model))
    assert (result, runtime) == (here, runtime_here)


def test_apart_passes_errors_on(tiny_model: Path) -> None:
    card_path(tiny_model).unlink()
    with pytest.raises(UserError, match=r"tiny\.json: the model card is missing") as error:
        check_model_apart(tiny_model)
    assert "\n" not in str(error.value)


def start(code: str) -> Callable[..., list[str]]:
    def command(module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-I", "-c", code]

    return command


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.kill(os.getpid(), 11)", "died of SIGSEGV"),
        ("raise MemoryError", "code 1: MemoryError"),
        ("while True: pass", "not done within 1 s"),
        ("import time; x = bytearray(700 << 20); time.sleep(60)", "more than 192 MB of memory"),
    ],
)
def test_apart_survives_the_other_process(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    monkeypatch.setattr(model_check, "python_module", start(code))
    with pytest.raises(ModelError, match=message) as died:
        check_model_apart(tiny_model, timeout_s=1.0 if "while" in code else 60.0)
    assert died.value.reason is ModelReason.CHECK_DIED


def test_apart_where_no_process_can_be_started(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: Any, **options: Any) -> Any:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(UserError, match="cannot be started"):
        check_model_apart(tiny_model)


def test_what_is_checked_are_the_bytes_that_were_read(tiny_model: Path) -> None:
    files = read_model_files(tiny_model)
    tiny_model.write_bytes(b"another file")
    card_path(tiny_model).write_text("{}")
    assert check_apart(files)[0].passed
    assert Classifier(files).card == check_files(files)[1]
