import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.monitor.controls import (
    HELP,
    MAX_FILTER_LENGTH,
    MOST_SIDEWAYS_CELLS,
    PAGE_ROWS,
    SIDEWAYS_CELLS,
    Controls,
    Page,
    Wish,
    key_line,
    press,
)
from firmware_bridge.terminal.keyboard import split_keys

NAMED = (
    "up",
    "down",
    "page up",
    "page down",
    "left",
    "right",
    "escape",
    "enter",
    "backspace",
    "\t",
    "\x1b[1;5C",
)
KEYS = st.lists(st.sampled_from(NAMED) | st.characters(), max_size=30)


def after(*keys: str) -> Controls:
    controls = Controls()
    for key in keys:
        controls, _ = press(controls, key)
    return controls


def test_tab_turns_the_page_there_and_back() -> None:
    assert after("\t").page is Page.FRAMES
    assert after("\t", "\t") == Controls()


def test_help_comes_and_goes() -> None:
    assert after("?").page is after("h").page is Page.HELP
    assert after("?", "?").page is after("?", "escape").page is Page.OVERVIEW
    assert after("?", "\t").page is Page.FRAMES
    assert after("\t", "escape").page is Page.FRAMES


def test_signals_scroll_from_their_beginning_and_never_beyond() -> None:
    signals = after("s", "page down", "down", "up")
    assert (signals.page, signals.first_signal) == (Page.SIGNALS, PAGE_ROWS)
    assert not signals.paused
    assert after("s", "page up").first_signal == 0
    assert after("s", "page down", "s", "s").first_signal == 0
    assert after("s", "escape").page is after("s", "s").page is Page.OVERVIEW
    end = after("s", *["page down"] * 99)
    assert end == after("s", *["page down"] * 98)


def test_space_pauses_and_goes_on_at_the_newest() -> None:
    assert after(" ").paused
    assert after(" ", " ") == Controls()
    gone_on = after("up", "up", " ")
    assert (gone_on.paused, gone_on.scrolled_rows) == (False, 0)


def test_who_goes_back_wants_to_read() -> None:
    back = after("up", "page up", "down")
    assert (back.page, back.paused, back.scrolled_rows) == (Page.FRAMES, True, PAGE_ROWS)
    assert after("up", "page down").scrolled_rows == 0  # not beyond the newest
    assert after("down") == after("page down") == Controls()


def test_a_filter_is_typed_and_applied() -> None:
    typing = after("c", "/", *"3a0 q")
    assert (typing.page, typing.typed, typing.filter_text) == (Page.FRAMES, "3a0 q", "")

    applied = after("/", *"3a0 qx", "backspace", "backspace", "enter")
    assert (applied.typed, applied.filter_text) == (None, "3a0")

    kept = press(press(press(applied, "/")[0], "x")[0], "escape")[0]
    assert (kept.typed, kept.filter_text) == (None, "3a0")
    emptied = press(press(applied, "/")[0], "enter")[0]
    assert emptied.filter_text == ""


def test_keys_that_are_typed_do_nothing_else() -> None:
    controls = after("/")
    for key in "qrc ?\t":
        controls, wish = press(controls, key)
        assert wish is Wish.NOTHING
    assert controls.typed == "qrc ?"
    assert not controls.changed_only
    for key in ("up", "\x1b[1;5C", "\x01"):
        assert press(controls, key) == (controls, Wish.NOTHING)


def test_the_signals_of_frames_move_sideways() -> None:
    moved = after("right", "right", "left", "right")
    assert (moved.page, moved.sideways) == (Page.FRAMES, 2 * SIDEWAYS_CELLS)
    assert not moved.paused
    assert after("left").sideways == 0
    assert after(*["right"] * 100, "left").sideways < MOST_SIDEWAYS_CELLS
    assert split_keys("\x1b[C\x1b[D\x1bOC\x1bOD") == ["right", "left"] * 2


def test_only_changes_and_all_again() -> None:
    assert after("c").changed_only
    assert after("c").page is Page.FRAMES
    assert not after("c", "C").changed_only


def test_what_others_are_asked_for() -> None:
    for key, wish in (("q", Wish.QUIT), ("Q", Wish.QUIT), ("r", Wish.RECORD), ("x", Wish.NOTHING)):
        assert press(Controls(), key) == (Controls(), wish)


@pytest.mark.parametrize(
    ("controls", "shown"),
    [
        (Controls(), ("tab", "frames")),
        (Controls(Page.FRAMES), ("tab", "overview")),
        (Controls(), ("space", "pause")),
        (Controls(paused=True), ("space", "go on")),
        (Controls(Page.FRAMES, changed_only=True), ("c", "all")),
        (Controls(), ("s", "signals")),
        (Controls(Page.SIGNALS), ("s", "overview")),
        (Controls(typed=""), ("enter", "apply")),
    ],
)
def test_the_last_line_says_what_a_key_does_now(controls: Controls, shown: tuple[str, str]) -> None:
    assert shown in key_line(controls)


def test_every_key_of_the_last_line_is_in_the_help() -> None:
    assert {key for key, _ in key_line(Controls())} <= {key for key, _ in HELP}


@given(KEYS)
def test_whatever_is_pressed_the_view_stays_one(keys: list[str]) -> None:
    controls = after(*keys)

    assert controls.scrolled_rows >= 0
    assert controls.paused or controls.scrolled_rows == 0
    assert len(controls.typed or "") <= MAX_FILTER_LENGTH
    assert controls.filter_text.isprintable()
    if controls.typed is not None:
        assert controls.page is Page.FRAMES
