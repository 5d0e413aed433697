"""The help of each verb in a terminal of 80 columns."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from edge_fer.cli.app import app


def verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, verb in getattr(command, "commands", {}).items():
        yield from verbs(verb, (*path, name))


@pytest.mark.parametrize("verb", list(verbs(typer.main.get_command(app))), ids=" ".join)
def test_it_fits_and_breaks_no_word(verb: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*verb, "--help"], env={"COLUMNS": "80"}).output
    assert "Usage: edge-fer" in shown
    for line in shown.splitlines():
        assert len(line) <= 80, line
        assert not re.search(r"\w-$", line), f"a word is broken: {line}"
    # One style: each help begins with a capital, a digit or code.
    for option in re.findall(r"^  (--[a-z-]+)(?: [A-Z_]+| <[^>]*>)?  +([a-z]\w+ )", shown, re.M):
        assert option[1].startswith(("km/h", "mixed", "paper")), option
