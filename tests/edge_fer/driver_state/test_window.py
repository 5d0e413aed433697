"""The window of recent time: its sums, what it forgets, and that it stays small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.driver_state.window import BUCKETS, Window


def filled(held: list[bool], step_s: float, *, length_s: float = 60.0) -> Window:
    window = Window(length_s, max_age_s=3 * length_s)
    for k, holds in enumerate(held):
        window = window.add(
            (k + 1) * step_s, seen_s=step_s, held_s=step_s if holds else 0.0, events=int(holds)
        )
    return window


@given(st.lists(st.booleans(), min_size=1, max_size=900), st.sampled_from([1 / 15, 0.1, 0.25]))
def test_it_sums_the_newest_seconds(held: list[bool], step_s: float) -> None:
    window = filled(held, step_s)
    # Of the oldest stretch it forgets all or nothing.
    newest = round(60.0 / step_s)
    stretch = round(60.0 / BUCKETS / step_s) + 1
    least, most = sum(held[-newest:]), sum(held[-newest - stretch :])
    assert least <= window.events <= most
    assert window.held_s == pytest.approx(window.events * step_s)
    assert window.seen_s <= 60.0 + 60.0 / BUCKETS + 1e-6
    assert window.is_full == (len(held) * step_s >= 60.0 - 1e-6)


def test_it_does_not_grow() -> None:
    assert len(filled([True] * 5000, 0.1).full) == BUCKETS


def test_what_is_too_old_is_forgotten_however_little_was_seen_since() -> None:
    window = filled([True] * 300, 0.1)
    for k in range(12):
        window = window.add(500.0 + k / 10, seen_s=0.1, held_s=0.0)
    assert window.held_s == 0.0
    assert window.seen_s <= 1.2 + 1e-6


def test_another_length_begins_anew() -> None:
    window = filled([True] * 50, 0.1)
    assert window.lasting(60.0, 180.0) is window
    assert window.lasting(30.0, 180.0).seen_s == 0.0
