"""Waiting for the daemon that a check or a page starts for a camera."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_fer.errors import DaemonError
from edge_fer.live.reader import wait_for_socket


def test_it_waits_for_as_long_as_the_daemon_runs(tmp_path: Path) -> None:
    path = tmp_path / "pictures.socket"
    looks = 0

    def starts_at_the_third_look() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            path.touch()
        return False

    wait_for_socket(path, starts_at_the_third_look)
    assert looks == 3


def test_a_daemon_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    answers: Iterator[bool] = iter([False, True])
    wait_for_socket(tmp_path / "pictures.socket", lambda: next(answers))
    assert next(answers, None) is None


def test_one_that_never_starts_is_named(tmp_path: Path) -> None:
    with pytest.raises(DaemonError, match="has not started within 0 s"):
        wait_for_socket(tmp_path / "pictures.socket", lambda: False, timeout_s=0.0)
