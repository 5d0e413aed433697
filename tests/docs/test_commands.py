"""Every `edge-fer` command that a text shows: its verb and its options are there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from edge_fer.cli.app import app

REPOSITORY = Path(__file__).resolve().parents[2]
TEXTS = [
    *(path for path in REPOSITORY.glob("*.md") if path.name != "CHANGELOG.md"),
    *(REPOSITORY / "docs").rglob("*.md"),
    *REPOSITORY.glob("systemd/*.md"),
]
BLOCK = re.compile(r"^(?:```|~~~)\w*\n(.*?)^(?:```|~~~)", re.M | re.S)
INLINE = re.compile(r"`(edge-fer [^`]+)`")
ROOT = typer.main.get_command(app)


def commands(text: str) -> Iterator[str]:
    """Yield each command line of `edge-fer` in blocks of code and between backticks."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|[\s/])(edge-fer [^#|;&>]*)", line)
            if found and not line.startswith(("edge-fer:", " ")):
                yield found[1]
    for command in INLINE.findall(BLOCK.sub("", text)):
        yield re.sub(r"\s+", " ", command)


def problem(line: str) -> str | None:
    """Return what is wrong with a command line, or None."""
    try:
        words = shlex.split(line.replace("'", '"') if line.count("'") % 2 else line)[1:]
    except ValueError as error:
        return str(error)
    command: Any = ROOT
    while words and getattr(command, "commands", None):
        if words[0].startswith("-"):
            break
        if words[0] in ("...", "VERB"):
            return None
        names = words[0].split("|")
        if any(name not in command.commands for name in names):
            return f"there is no verb {words[0]}"
        command, words = command.commands[names[0]], words[1:]
    known = {"--help"} | {
        name for one in command.params for name in (*one.opts, *one.secondary_opts)
    }
    options = {word.partition("=")[0].rstrip(".,:") for word in words if word.startswith("--")}
    unknown = options - known - {"--"}
    return f"no such option {sorted(unknown)}" if unknown else None


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("edge-fer monitor replay:a.log --plot a.png", None),
        ("edge-fer benchmark growth --plots", "no such option ['--plots']"),
        ("edge-fer watch slcan:x", "there is no verb watch"),
    ],
)
def test_a_wrong_command_is_found(line: str, wrong: str | None) -> None:
    assert problem(line) == wrong


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_verbs_and_options_of_the_texts_are_there(path: Path) -> None:
    lines = list(commands(path.read_text(encoding="utf-8")))
    if path.name == "README.md" and path.parent == REPOSITORY:
        assert len(lines) > 15
    wrong = {line: found for line in lines if (found := problem(line))}
    assert wrong == {}
