"""Logs to the journal with fields under systemd, otherwise as plain lines to standard error.

It uses the native protocol of systemd-journald(8): a datagram of FIELD=value lines. A value of
several lines is sent as FIELD, its length in 8 bytes, and its bytes.
"""

import logging
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

JOURNAL_SOCKET = Path("/run/systemd/journal/socket")
IDENTIFIER = "edge-fer"
FIELDS = "journal_fields"  # the name under which a record carries its own: extra={FIELDS: {...}}
_PRIORITIES = (
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)


def log_handler() -> logging.Handler:
    """Return the journal's handler if standard error goes to the journal, else a plain one."""
    if _stderr_is_the_journal():
        try:
            return JournalHandler(JOURNAL_SOCKET)
        except OSError:
            pass  # the socket is missing or forbidden; the stream still works
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    return handler


class JournalHandler(logging.Handler):
    """Sends each record as a datagram. The constructor raises OSError if nobody listens."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, or write it to standard error if the journal is busy."""
        text = self.format(record)
        try:
            self._socket.send(encode(_fields(record, text)))
        except OSError:
            # Nor may that stop the daemon: it is full, or nobody reads it.
            with suppress(OSError):
                print(text, file=sys.stderr)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def encode(fields: dict[str, str]) -> bytes:
    """Return the datagram of these fields."""
    parts = []
    for name, value in fields.items():
        data = value.encode("utf-8", "replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


def _fields(record: logging.LogRecord, text: str) -> dict[str, str]:
    own: dict[str, str] = getattr(record, FIELDS, {})
    priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
    return {
        "MESSAGE": text,
        "PRIORITY": str(priority),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        **own,
    }


def _stderr_is_the_journal() -> bool:
    """JOURNAL_STREAM has device and inode of the stream that systemd gave us (systemd.exec(5))."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(2)
        return (int(device), int(inode)) == (status.st_dev, status.st_ino)
    except (OSError, ValueError):
        return False
