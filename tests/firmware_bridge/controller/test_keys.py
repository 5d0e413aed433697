import io
import os
import sys

import pytest

from firmware_bridge.controller.keys import Keys


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("q"))
    with Keys() as keys:
        assert keys.pressed() == ""
    monkeypatch.setattr(sys, "stdin", None)
    with Keys() as keys:
        assert keys.pressed() == ""


def test_the_terminal_of_another_session_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with Keys() as keys:
            os.write(master, b"q\n")
            assert keys.pressed() == ""
    os.close(master)


def test_a_terminal_that_goes_is_no_key_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with Keys() as keys:
            os.write(master, b"+y")
            assert keys.pressed() == "+y"
            os.close(master)
            assert [keys.pressed(), keys.pressed()] == ["", ""]
