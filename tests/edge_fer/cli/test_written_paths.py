"""What a verb is to write: each option for it refuses a bad place while the options are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from edge_fer.cli.app import app
from edge_fer.errors import UserError

WRITING = {"--out", "--plot", "--picture", "--record", "--report", "--run", "--curve", "--work"}


def writing_options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each verb below `command`, and behind them an option to write."""
    for name, verb in getattr(command, "commands", {}).items():
        yield from writing_options(verb, (*path, name))
    for parameter in command.params:
        for option in sorted(WRITING.intersection(parameter.opts)):
            yield (*path, option)


OPTIONS = sorted(writing_options(typer.main.get_command(app)))


def test_they_are_found() -> None:
    assert len(OPTIONS) > 30
    assert ("benchmark", "growth", "--plot") in OPTIONS


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("place", ["/dev/null/x/seen", "/proc/none/seen"])
def test_a_place_that_cannot_be_is_refused_first(words: tuple[str, ...], place: str) -> None:
    for ending in ("", ".tflite", ".npz", ".keras", ".md", ".png", ".svg"):
        result = CliRunner().invoke(app, [*words, place + ending])
        assert isinstance(result.exception, UserError), result.output
        if "end the name in" not in str(result.exception):
            break
    assert str(result.exception).startswith(f"{words[-1]} {Path(place).parent}")
    assert "cannot be made" in str(result.exception)
