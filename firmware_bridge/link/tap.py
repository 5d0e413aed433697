"""Offers the frames of the link to other programs of this machine: `edge-fer monitor daemon:`.

On a local socket, each connection receives the frames that are sent (T) and received (R) from then
on, as lines of `candump -L -x` with monotonic times. Nothing here waits: a client that does not
read is disconnected.
"""

import contextlib
import socket
from pathlib import Path

from firmware_bridge.local_socket import listen_at
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.candump import candump_line

_ACCESS = 0o660  # as the status: only the group may read the driver's state
_MOST_READERS = 8
_INTERFACE = "link"


class FrameTap:
    """Serves `path`; used by the link's thread. Without a usable path there are no readers."""

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
            except OSError:  # the client does not read, or is gone
                whole = False
            if not whole:
                reader.close()
                self._readers.remove(reader)

    def close(self) -> None:
        """Disconnect all readers and remove the socket."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        if self._listener is not None and self._path is not None:
            self._listener.close()
            self._listener = None
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # no client is waiting any more
            while True:
                reader, _ = listener.accept()
                if len(self._readers) < _MOST_READERS:
                    self._readers.append(reader)
                else:
                    reader.close()
