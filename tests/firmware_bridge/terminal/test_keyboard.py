import contextlib
import io
import os
import sys
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.terminal.keyboard import Keyboard, find_keyboard, split_keys, standard_keyboard


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Return the user's end of a terminal and the program's."""
    user, program = os.openpty()
    yield user, program
    for descriptor in (user, program):
        with contextlib.suppress(OSError):  # the test closed it
            os.close(descriptor)


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("q", ["q"]),
        ("3A0 ", ["3", "A", "0", " "]),
        ("\t/", ["\t", "/"]),
        ("\x1b", ["escape"]),
        ("\x1b[A\x1b[B", ["up", "down"]),
        ("\x1bOA\x1bOB", ["up", "down"]),  # the application mode of the cursor keys
        ("\x1b[5~\x1b[6~", ["page up", "page down"]),
        ("\r\n", ["enter", "enter"]),
        ("\x7f\x08", ["backspace", "backspace"]),
        ("a\x1b[1;5Cb", ["a", "\x1b[1;5C", "b"]),  # ctrl-right: one key, of no meaning
        ("\x1b[", ["escape", "["]),
        ("ä", ["ä"]),
        ("", []),
    ],
)
def test_what_a_terminal_sends(sent: str, keys: list[str]) -> None:
    assert split_keys(sent) == keys


@given(st.text())
def test_nothing_typed_is_lost_but_in_sequences(typed: str) -> None:
    keys = split_keys(typed)
    assert all(keys)
    if "\x1b" not in typed:
        assert len(keys) == len(typed)


@pytest.fixture
def foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every terminal be that of this session, and this process in its foreground."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())


@pytest.mark.usefixtures("foreground")
def test_keys_come_at_once_and_unseen_and_the_terminal_is_given_back(
    terminal: tuple[int, int],
) -> None:
    user, program = terminal
    before = termios.tcgetattr(program)
    with Keyboard(program) as keyboard:
        assert keyboard.pressed() == []
        os.write(user, b"r\x1b[A")
        assert keyboard.pressed() == ["r", "up"]
        modes = termios.tcgetattr(program)[3]
        assert not modes & termios.ECHO
        assert modes & termios.ISIG  # Ctrl-C stays an interrupt
    assert termios.tcgetattr(program) == before


def test_back_from_the_shell_there_are_keys_again_and_none_meanwhile(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    user, program = terminal
    before = termios.tcgetattr(program)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    with Keyboard(program) as keyboard:
        termios.tcsetattr(program, termios.TCSANOW, before)  # as a shell does after Ctrl-Z
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
        assert keyboard.pressed() == []
        assert termios.tcgetattr(program) == before

        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
        keyboard.pressed()
        os.write(user, b"q")
        assert keyboard.pressed() == ["q"]


@pytest.mark.usefixtures("foreground")
def test_a_terminal_that_goes_is_no_key_and_no_error(terminal: tuple[int, int]) -> None:
    user, program = terminal
    with Keyboard(program) as keyboard:
        os.close(user)
        assert [keyboard.pressed(), keyboard.pressed()] == [[], []]


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("q"))
    assert standard_keyboard() is None
    monkeypatch.setattr(sys, "stdin", None)
    assert standard_keyboard() is None


def test_the_terminal_of_another_session_is_left_alone(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    with os.fdopen(os.dup(program)) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert find_keyboard() is None
        assert standard_keyboard() is None
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
        assert standard_keyboard() is not None
    assert termios.tcgetattr(program) == before


def test_a_job_in_the_background_takes_no_keys(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with os.fdopen(os.dup(terminal[1])) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
        assert find_keyboard() is None
