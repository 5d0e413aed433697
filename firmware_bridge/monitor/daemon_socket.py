"""Reads the frames of a running daemon's link from its socket: `daemon:PATH`."""

import errno
import socket
import time

from firmware_bridge.errors import LinkReason, TransportError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.lines import LineFormat, LineParser
from firmware_bridge.transports.base import TransportCounters
from firmware_bridge.transports.gate import Gate

_READ_BYTES = 65_536
_CONNECT_S = 2.0


def open_daemon(path: str) -> "DaemonSocket":
    """Connect to the daemon's socket at `path`; TransportError if nobody serves it."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(_CONNECT_S)  # one that stands still lets nobody in
    try:
        client.connect(path)
    except OSError as error:
        client.close()
        if error.errno == errno.EACCES:
            text, reason = "permission denied: join the group edge-fer", LinkReason.NO_PERMISSION
        else:
            text, reason = "no daemon serves it: start it first", LinkReason.NOT_FOUND
        raise TransportError(reason, f"link: daemon:{path}: {text}") from error
    return DaemonSocket(client, f"daemon:{path}")


class DaemonSocket:
    """A receive-only transport; its frames have the times at which the daemon saw them."""

    def __init__(self, client: socket.socket, name: str) -> None:
        self._client = client
        self._client.setblocking(False)
        self._name = name
        self._parser = LineParser(LineFormat.CANDUMP)
        self._gate = Gate(name, readable=client.fileno())

    @property
    def counters(self) -> TransportCounters:
        """Return the counters so far."""
        return self._parser.counters

    @property
    def trouble(self) -> str | None:
        """Return None: the daemon reports the problems of its link itself."""
        return None

    @property
    def backlog_s(self) -> float:
        """Return 0: nothing is sent here."""
        return 0.0

    def fileno(self) -> int | None:
        """Return the socket's descriptor."""
        return self._client.fileno()

    def send(self, frame: CanFrame) -> None:
        """Refuse: the port belongs to the daemon."""
        raise ValueError("a daemon's frames are only read")

    def receive(self, timeout_s: float) -> list[CanFrame]:
        """Return the frames that arrived; see `Transport.receive`."""
        deadline_s = time.monotonic() + timeout_s
        with self._gate.receiving:
            self._gate.check()
            while True:
                left_s = max(0.0, deadline_s - time.monotonic())
                frames = self._take() if self._gate.wait_readable(left_s) else []
                if frames or left_s == 0.0:
                    return frames

    def close(self) -> None:
        """Disconnect from the daemon."""
        if not self._gate.shut():
            return
        with self._gate.sending, self._gate.receiving:
            self._client.close()
            self._gate.release()

    def _take(self) -> list[CanFrame]:
        try:
            data = self._client.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from error
        if not data:
            raise self._gone("it ended, or this reader was too slow")
        return self._parser.feed(data)

    def _gone(self, why: str) -> TransportError:
        return TransportError(LinkReason.GONE, f"link: {self._name} is gone: {why}")
