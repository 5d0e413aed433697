"""The journal's own protocol, against a socket that stands for journald."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge_fer.daemon import journal
from edge_fer.daemon.journal import FIELDS, JournalHandler, encode, log_handler


@pytest.fixture
def journald(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    path = tmp_path / "socket"
    monkeypatch.setattr(journal, "JOURNAL_SOCKET", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        yield listening


def record(level: int, text: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("edge_fer.daemon.daemon", level, "daemon.py", 1, text, (), None)
    made.__dict__.update(extra)
    return made


def test_a_record_with_its_fields(journald: socket.socket) -> None:
    handler = JournalHandler(Path(journald.getsockname()))
    handler.emit(record(logging.WARNING, "camera lost", **{FIELDS: {"EDGE_FER_STATE": "x"}}))
    handler.close()
    assert journald.recv(4096).decode().splitlines() == [
        "MESSAGE=camera lost",
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=edge-fer",
        "LOGGER=edge_fer.daemon.daemon",
        "EDGE_FER_STATE=x",
    ]


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.ERROR, 3), (logging.CRITICAL, 3)],
)
def test_priorities(journald: socket.socket, level: int, priority: int) -> None:
    handler = JournalHandler(Path(journald.getsockname()))
    handler.emit(record(level, "text"))
    handler.close()
    assert f"PRIORITY={priority}\n" in journald.recv(4096).decode()


def test_several_lines_have_their_length_before_them() -> None:
    assert encode({"A": "b\nc", "D": "ä"}) == b"A\n\x03\0\0\0\0\0\0\0b\nc\n" + "D=ä\n".encode()


def test_a_journal_that_takes_nothing_is_no_silence(
    journald: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = JournalHandler(Path(journald.getsockname()))
    journald.close()
    handler.emit(record(logging.INFO, "still here"))
    handler.close()
    assert capsys.readouterr().err == "still here\n"


def test_a_standard_error_that_is_full_is_no_reason_to_stop(
    journald: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = JournalHandler(Path(journald.getsockname()))
    journald.close()
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        handler.emit(record(logging.INFO, "nobody hears it"))
        monkeypatch.undo()
        with suppress(OSError):
            full.close()
    handler.close()


def test_only_the_stream_that_systemd_gave_us_is_the_journal(
    journald: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    assert not isinstance(log_handler(), JournalHandler)
    status = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    handler = log_handler()
    assert isinstance(handler, JournalHandler)
    handler.close()
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + 1}")
    assert not isinstance(log_handler(), JournalHandler)
    monkeypatch.setenv("JOURNAL_STREAM", "nonsense")
    assert not isinstance(log_handler(), JournalHandler)
