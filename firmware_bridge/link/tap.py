"""The frames of the link for other programs of this machine: `edge-fer monitor daemon:`.

A local socket on which each connection gets, as lines of `candump -L -x`, what is sent (T) and
received (R) from then on; the time is the machine's monotonic one. Nothing here waits: a reader
that does not read is cut off.
"""

import contextlib
import socket
from pathlib import Path

from firmware_bridge.local_socket import listen_at
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.candump import candump_line

_ACCESS = 0o660  # as the status: what the driver's state is, is nobody's business but the group's
_MOST_READERS = 8
_INTERFACE = "link"


class FrameTap:
    """Serves `path`; used by the link's thread. None, or a path that cannot be: no readers."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._listener = (
            None
            if path is None
            else listen_at(path, "frames", access=_ACCESS, most_waiting=_MOST_READERS)
        )
        self._readers: list[socket.socket] = []

    def publish(self, frame: CanFrame, *, sent: bool) -> None:
        """Pass a frame on; never waits, never raises."""
        if self._listener is None:
            return
        self._accept(self._listener)
        if not self._readers:
            return
        line = f"{candump_line(frame, frame.time_s, _INTERFACE)} {'T' if sent else 'R'}\n"
        for reader in tuple(self._readers):
            try:
                whole = reader.send(line.encode("ascii"), socket.MSG_DONTWAIT) == len(line)
            except OSError:  # it does not read, or is gone
                whole = False
            if not whole:
                reader.close()
                self._readers.remove(reader)

    def close(self) -> None:
        """Cut all readers off; the socket is gone afterwards."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        if self._listener is not None and self._path is not None:
            self._listener.close()
            self._listener = None
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # nobody waits any more
            while True:
                reader, _ = listener.accept()
                if len(self._readers) < _MOST_READERS:
                    self._readers.append(reader)
                else:
                    reader.close()
