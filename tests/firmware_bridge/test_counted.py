"""Singular and plural."""

import pytest

from firmware_bridge.counted import counted


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1000, "1,000 frames")],
)
def test_the_noun_is_in_its_number(number: int, text: str) -> None:
    assert counted(number, "frame") == text


def test_an_irregular_plural_is_given() -> None:
    assert counted(2, "entry", "entries") == "2 entries"
    assert counted(1, "entry", "entries") == "1 entry"
