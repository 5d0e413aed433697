"""Publishes the daemon's status to local programs: a socket in the runtime directory, and a file.

A separate thread does both. A slow disk or a client that does not read therefore cannot block the
vision loop, which only hands over its latest status.
"""

import contextlib
import errno
import fcntl
import json
import logging
import os
import select
import socket
import threading
import time
from pathlib import Path
from typing import Any

from edge_fer.daemon.status import Status, StatusAnswer, as_prometheus
from edge_fer.errors import DaemonError, DaemonReason
from edge_fer.paths import status_sockets
from firmware_bridge.local_socket import is_left_behind, listen_at

FILE_EVERY_S = 15.0  # as often as Prometheus usually looks
ANSWER_S = 0.5  # for a client to take its answer
_FILE_ACCESS = 0o640
_ACCESS = 0o660  # only the group may read the driver's state
_AFTER_ERROR_S = 0.05
_BACKLOG = 64  # callers that wait while one is answered
_MOST_BYTES = 1 << 16  # of an answer; it has some two kilobytes

_log = logging.getLogger(__name__)


class StatusServer:
    """Answers each connection with the latest status as one line of JSON, and closes it."""

    def __init__(
        self,
        socket_path: Path | None,
        prometheus_file: Path | None,
        *,
        driver_state_in_file: bool = True,
    ) -> None:
        self._path = socket_path
        self._file, self._driver_state = prometheus_file, driver_state_in_file
        self._file_failed = False
        self._latest: tuple[Status, float] | None = None
        self._stopping = threading.Event()
        self._listener, self._lock = (None, -1) if socket_path is None else _listen(socket_path)
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)
        if self._listener is not None or prometheus_file is not None:
            self._thread.start()

    def publish(self, status: Status, now_s: float) -> None:
        """Hand over the status at the monotonic time `now_s`; never waits, never raises."""
        self._latest = status, now_s

    def stop(self) -> None:
        """Stop the thread, and remove socket and file."""
        self._stopping.set()
        if self._thread.ident is None:
            return
        if self._listener is not None and self._path is not None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(self._path))  # the thread waits for somebody
        self._thread.join(ANSWER_S)
        if self._listener is not None and self._path is not None:
            with contextlib.suppress(OSError):
                self._listener.close()
                self._path.unlink(missing_ok=True)
                os.close(self._lock)
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.unlink()  # stale figures are worse than none

    def _run(self) -> None:
        next_file_s = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._answer(ANSWER_S)
            # A client that went away, or does not read; or no memory for its answer.
            except (OSError, MemoryError) as error:
                _log.debug("status: %s", error)
                # If no descriptor is left, the caller stays in the queue and wakes the thread for
                # ever.
                self._stopping.wait(_AFTER_ERROR_S)
            if self._file is not None and time.monotonic() >= next_file_s and self._latest:
                next_file_s = time.monotonic() + FILE_EVERY_S
                self._write(self._file, self._latest[0])

    def _answer(self, wait_s: float) -> None:
        if self._listener is None:
            self._stopping.wait(wait_s)
            return
        ready, _, _ = select.select([self._listener], [], [], wait_s)
        if not ready:
            return
        client, _ = self._listener.accept()
        with client:
            client.settimeout(ANSWER_S)
            client.sendall(self._text().encode())

    def _text(self) -> str:
        latest = self._latest
        if latest is None:
            return "{}\n"
        status, told_s = latest
        # The age says whether the vision loop still runs: this thread does in any case.
        answer = StatusAnswer(status, time.monotonic() - told_s)
        return json.dumps(answer.to_json()) + "\n"

    def _write(self, path: Path, status: Status) -> None:
        temporary = path.with_name(f".{path.name}.new")
        try:
            # Renamed, so that a collector never reads a part of it. Not synced, because it is
            # useless after a power cut.
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()  # of a process that was killed
            # Must be a new file: in a folder that others may write to, it could be a link.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, _FILE_ACCESS), "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), _FILE_ACCESS)
                file.write(as_prometheus(status, driver_state=self._driver_state))
            temporary.replace(path)
            self._file_failed = False
        except (OSError, MemoryError) as error:
            if not self._file_failed:
                self._file_failed = True
                why = getattr(error, "strerror", None) or "no memory"
                _log.warning("health.prometheus_file: %s: %s", path, why)


def _listen(path: Path) -> tuple[socket.socket | None, int]:
    """Return a listening socket and the lock of its folder.

    None, with a log line, if that is impossible: a daemon never takes another one's socket.
    """
    try:
        path.parent.mkdir(mode=0o755, exist_ok=True)
        lock = _lock(path.parent)
    except BlockingIOError:
        _log.warning("status: another daemon has %s", path.parent)
        return None, -1
    except OSError as error:
        _log.warning("status: no socket at %s: %s", path, error.strerror)
        return None, -1
    listener = listen_at(path, "status", access=_ACCESS, most_waiting=_BACKLOG)
    if listener is None:
        os.close(lock)
        return None, -1
    return listener, lock


def _lock(folder: Path) -> int:
    """Lock the folder and return its descriptor; BlockingIOError if another daemon holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def ask(path: Path | None = None) -> StatusAnswer | None:
    """Return the status of the daemon at `path`, or at the first of the usual places.

    None while it is starting. Raises DaemonError if there is no daemon, or one of another version.
    """
    places = status_sockets() if path is None else (path,)
    values = _fetch(places)
    return StatusAnswer.from_json(values) if values else None


def _fetch(paths: tuple[Path, ...]) -> dict[str, Any]:
    found = next((item for item in paths if _is_there(item)), None)
    if found is None:
        places = " or ".join(map(str, paths)) or "socket of this user"
        raise DaemonError(
            DaemonReason.NOT_RUNNING,
            f"status: no daemon runs here (there is no {places}): start it first",
        )
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(4 * ANSWER_S)
            client.connect(str(found))
            answer = json.loads(_receive(client) or b"{}")
    except PermissionError as error:
        raise DaemonError(
            DaemonReason.NO_PERMISSION,
            f"status: {found}: permission denied: sudo edge-fer status, or add this user to the"
            " group edge-fer",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, ConnectionRefusedError) and is_left_behind(found):
            raise DaemonError(
                DaemonReason.NOT_RUNNING,
                f"status: no daemon runs here (nobody listens at {found}): start it first",
            ) from error
        raise DaemonError(
            DaemonReason.NO_ANSWER, f"status: {found}: the daemon does not answer: {error}"
        ) from error
    if not isinstance(answer, dict):
        raise DaemonError(
            DaemonReason.NOT_A_DAEMON, f"status: {found}: that is not an edge-fer daemon"
        )
    return answer


def _receive(client: socket.socket) -> bytes:
    """Read until the end; OSError if the answer is longer than a status, or late."""
    received, until_s = b"", time.monotonic() + 4 * ANSWER_S
    while part := client.recv(_MOST_BYTES):
        received += part
        if len(received) > _MOST_BYTES or time.monotonic() > until_s:
            raise OSError(errno.EMSGSIZE, "it sends without an end")
    return received


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return os.path.lexists(path.parent)
