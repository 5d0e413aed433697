"""Each promise of SECURITY.md names tests that are there."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def test_each_promise_names_its_tests() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text().partition("## Six promises")[2]
    promises = re.split(r"^\d\. ", text, flags=re.MULTILINE)[1:]
    assert len(promises) == 6
    for promise in promises:
        named = re.findall(r"`(tests/[^`]+)`", promise)
        assert named, promise
        for name in named:
            assert "def test_" in (REPOSITORY / name).read_text(), name


def test_the_page_with_the_reasons_is_there() -> None:
    assert "# Security" in (REPOSITORY / "docs" / "security.md").read_text()
