"""A start says that it goes on until it is ready, and only where a service manager waits for it."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from edge_fer import starting
from tests.stories.service import seconds_in_unit

EXTENSION = b"EXTEND_TIMEOUT_USEC=2500000"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, manager: socket.socket) -> None:
    monkeypatch.setattr(starting, "_done", threading.Event())
    monkeypatch.setattr(starting, "PERIOD_S", 0.01)
    monkeypatch.setattr(starting, "LONGEST_START_S", 0.05)
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())


@pytest.mark.usefixtures("quick")
def test_it_is_said_again_and_again_but_not_for_ever(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["edge-fer", "run"])
    starting.feed_while_starting()
    assert [manager.recv(100) for _ in range(5)] == [EXTENSION] * 5
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)


@pytest.mark.usefixtures("quick")
def test_from_ready_on_it_is_silent(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["edge-fer", "run"])
    monkeypatch.setattr(starting, "PERIOD_S", 60.0)
    monkeypatch.setattr(starting, "LONGEST_START_S", 600.0)
    before = set(threading.enumerate())
    starting.feed_while_starting()
    assert manager.recv(100) == EXTENSION
    starting.started()
    (thread,) = set(threading.enumerate()) - before  # one of another test may be ending
    thread.join(60.0)
    assert not thread.is_alive()


@pytest.mark.usefixtures("quick")
def test_no_cycles_are_collected_before_ready(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["edge-fer", "run"])
    try:
        starting.feed_while_starting()
        assert manager.recv(100) == EXTENSION
        assert not gc.isenabled()
        starting.started()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_it_waits_as_long_as_the_unit_does_before_the_first_report() -> None:
    assert seconds_in_unit("TimeoutStartSec") == starting.PATIENCE_S
    # One report may be late by so much.
    assert 4 * starting.PERIOD_S < starting.PATIENCE_S


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_other_verbs_say_nothing(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["edge-fer", verb])
    before = set(threading.enumerate())
    starting.feed_while_starting()
    assert not set(threading.enumerate()) - before  # one of another test may be ending


def test_it_comes_before_what_a_slow_disk_takes_long_to_load(manager: socket.socket) -> None:
    """And a process that is stopped says nothing more."""
    code = (
        "import sys; sys.argv[1:] = ['run'];"
        " from edge_fer.starting import feed_while_starting; feed_while_starting();"
        " assert not {'typer', 'numpy', 'cv2'} & set(sys.modules); sys.stdin.read()"
    )
    environment = os.environ | {
        "NOTIFY_SOCKET": manager.getsockname(),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, env=environment, cwd="/"
    )
    try:
        assert manager.recv(100) == EXTENSION
        process.send_signal(signal.SIGSTOP)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
