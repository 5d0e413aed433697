"""The daemon's side of `edge-fer preview`: pictures for a person who asked for them.

A local socket for root and the daemon's own user. The vision loop leaves a small copy of a picture
here, at a bounded rate and only while somebody is connected; a thread of its own encodes and sends
it. A reader that is slow loses pictures. Whoever does not say for ten minutes that a person is
still there is cut off.
"""

import contextlib
import logging
import os
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.live.packet import FORMAT, Header
from edge_fer.live.scene import Scene
from firmware_bridge.local_socket import listen_at

MOST_FPS = 10.0
IDLE_S = 600.0  # without a sign of a person
MOST_WIDTH_PX = 640
MOST_READERS = 4
JPEG_QUALITY = 80
STUCK_S = 10.0  # a reader that took nothing for so long is gone
_ACCESS = 0o600
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid
_SEND_BUFFER = 1 << 18  # a picture goes in whole; two do not pile up for long
_STOP_S = 0.5
_AFTER_ERROR_S = 0.05
ENDED_IDLE = "nobody has clicked for ten minutes"
ENDED_STOPPED = "the daemon has ended"

_log = logging.getLogger(__name__)


@dataclass
class _Reader:
    client: socket.socket
    process: int
    user: int
    since_s: float
    sign_s: float  # of a person
    moved_s: float  # bytes went out
    pending: memoryview


class PictureTap:
    """Serves `path`; None, or a path that cannot be: nobody is shown anything."""

    def __init__(self, path: Path | None, idle_s: float = IDLE_S) -> None:
        self._path = path
        self._idle_s = idle_s
        self._listener = (
            None
            if path is None
            else listen_at(path, "preview", access=_ACCESS, most_waiting=MOST_READERS)
        )
        self._readers: dict[int, _Reader] = {}
        self._watchers = 0
        self._lock = threading.Lock()
        self._latest: tuple[NDArray[np.uint8] | None, tuple[int, int], Scene | None] | None = None
        self._due_s = 0.0
        self._stopping = False
        self._wake = -1
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        if self._listener is not None:
            self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._thread.start()

    @property
    def watchers(self) -> int:
        """How many are being shown pictures now."""
        return self._watchers

    def offer(self, grey: NDArray[np.uint8] | None, scene: Scene | None, now_s: float) -> None:
        """Leave the newest picture, uint8[h,w], or None where none came; never waits or raises.

        `scene` is None in a standby.
        """
        if not self._watchers or now_s < self._due_s:
            return
        # On a grid, so that of 30 frames a second every third is taken.
        self._due_s = max(self._due_s + 1.0 / MOST_FPS, now_s - 1.0 / MOST_FPS)
        reduced, shape = None, (0, 0)
        if grey is not None:
            # Copied: the camera writes the next one into the same memory.
            reduced, shape = _reduced(grey), (grey.shape[0], grey.shape[1])
        with self._lock:
            self._latest = reduced, shape, scene
        self._wake_thread()

    def stop(self) -> None:
        """Cut everybody off; the socket is gone afterwards."""
        if self._listener is None:
            return
        self._stopping = True
        self._wake_thread()
        self._thread.join(_STOP_S)
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _wake_thread(self) -> None:
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        assert self._listener is not None
        with selectors.DefaultSelector() as selector, self._listener:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self._stopping:
                try:
                    self._step(self._listener, selector)
                except (OSError, MemoryError, cv2.error) as error:
                    # The machine refuses something: nobody is shown a picture meanwhile.
                    _log.debug("preview: %s", error)
                    time.sleep(_AFTER_ERROR_S)
            for reader in tuple(self._readers.values()):
                self._end(reader, selector, ENDED_STOPPED)
        os.close(self._wake)

    def _step(self, listener: socket.socket, selector: selectors.BaseSelector) -> None:
        for key, mask in selector.select(1.0 if self._readers else None):
            if key.fileobj is listener:
                self._accept(listener, selector)
            elif key.fd == self._wake:
                with contextlib.suppress(OSError):
                    os.eventfd_read(self._wake)
                self._show(selector)
            elif (reader := self._readers.get(key.fd)) is not None:
                if mask & selectors.EVENT_READ:
                    self._read(reader, selector)
                if mask & selectors.EVENT_WRITE and key.fd in self._readers:
                    self._write(reader, selector)
        self._look_after(selector)

    def _accept(self, listener: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            time.sleep(_AFTER_ERROR_S)  # where no descriptor is left the caller stays
            return
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process, user, _ = _CREDENTIALS.unpack(credentials)
        if user not in (0, os.getuid()) or len(self._readers) >= MOST_READERS:
            _log.warning("preview: process %d of user %d was refused", process, user)
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        now_s = time.monotonic()
        selector.register(client, selectors.EVENT_READ)
        self._readers[client.fileno()] = _Reader(
            client, process, user, now_s, now_s, now_s, memoryview(b"")
        )
        self._watchers = len(self._readers)
        _log.warning(
            "preview: process %d of user %d is being shown the camera's pictures", process, user
        )

    def _show(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            latest, self._latest = self._latest, None
        free = [reader for reader in self._readers.values() if not reader.pending]
        if latest is None or not free:
            return
        packet = memoryview(_packet(*latest))
        for reader in free:
            reader.pending = packet
            reader.moved_s = time.monotonic()
            self._write(reader, selector)

    def _write(self, reader: _Reader, selector: selectors.BaseSelector) -> None:
        try:
            sent = reader.client.send(reader.pending)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(reader, selector, "it is gone")
            return
        if sent:
            reader.moved_s = time.monotonic()
            reader.pending = reader.pending[sent:]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if reader.pending else 0)
        try:
            selector.modify(reader.client, wanted)
        except OSError:
            self._drop(reader, selector, "the machine refuses to watch its socket")

    def _read(self, reader: _Reader, selector: selectors.BaseSelector) -> None:
        try:
            received = reader.client.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if received:
            reader.sign_s = time.monotonic()
        else:
            self._drop(reader, selector, "it looks no more")

    def _look_after(self, selector: selectors.BaseSelector) -> None:
        now_s = time.monotonic()
        for reader in tuple(self._readers.values()):
            if now_s - reader.sign_s >= self._idle_s:
                self._end(reader, selector, ENDED_IDLE)
            elif reader.pending and now_s - reader.moved_s >= STUCK_S:
                self._drop(reader, selector, "it does not read")

    def _end(self, reader: _Reader, selector: selectors.BaseSelector, why: str) -> None:
        if not reader.pending:
            with contextlib.suppress(OSError):
                reader.client.send(Header(FORMAT, None, 0, 0, 0, why).to_line())
        self._drop(reader, selector, why)

    def _drop(self, reader: _Reader, selector: selectors.BaseSelector, why: str) -> None:
        with contextlib.suppress(KeyError):  # one that could not be watched any more
            selector.unregister(reader.client)
        del self._readers[reader.client.fileno()]
        reader.client.close()
        self._watchers = len(self._readers)
        _log.warning(
            "preview: process %d is shown no more pictures after %.0f s: %s",
            reader.process,
            time.monotonic() - reader.since_s,
            why,
        )


def _reduced(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = grey.shape
    if width <= MOST_WIDTH_PX:
        return grey.copy()
    size = MOST_WIDTH_PX, max(1, round(height * MOST_WIDTH_PX / width))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _packet(grey: NDArray[np.uint8] | None, shape: tuple[int, int], scene: Scene | None) -> bytes:
    jpeg = b""
    if grey is not None:
        _, encoded = cv2.imencode(".jpg", grey, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        jpeg = encoded.tobytes()
    return Header(FORMAT, scene, shape[1], shape[0], len(jpeg)).to_line() + jpeg
