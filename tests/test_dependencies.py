"""Each dependency has bounds with a reason, and a version that the suite passed with."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
PINNED = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
NOT_PINNED = {"tflite-runtime", "picamera2"}  # for other Pythons, and from apt


def requirements() -> Iterator[str]:
    project = tomllib.loads(PROJECT)["project"]
    yield from project["dependencies"]
    for extra in project["optional-dependencies"].values():
        yield from (one for one in extra if not one.startswith("edge-fer["))


@pytest.mark.parametrize("requirement", sorted(set(requirements())))
def test_it_is_bounded_for_a_reason_and_pinned(requirement: str) -> None:
    name = re.split(r"[\[<>=]", requirement)[0]

    assert re.search(r">=\d[\d.]*,<\d", requirement), "both bounds"
    pinned = re.search(rf"^{name}==(\S+)$", PINNED, re.MULTILINE)
    assert pinned is not None or name in NOT_PINNED
    lines = PROJECT.splitlines()
    at = next(index for index, line in enumerate(lines) if f'"{requirement}"' in line)
    # Behind it, or above where an extra has this one alone.
    assert "  # " in lines[at] or lines[at - 1].startswith("# ")
