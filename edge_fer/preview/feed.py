"""Takes pictures from the daemon, draws into them what was seen, and keeps the newest one."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.annotate.drawing import colour
from edge_fer.annotate.overlay import draw_overlay
from edge_fer.live.packet import MOST_HEADER_BYTES, Header
from edge_fer.live.scene import Scene
from edge_fer.recording.pictures import decompress
from firmware_bridge.monitor.colours import state_colour

JPEG_QUALITY = 85
LEAVE_AFTER_S = 2.0  # without anybody who looks: a page that is loaded anew is not a new look
TRY_EVERY_S = 1.0
# What says something else is no daemon: a number without a bound, a line without an end.
_NO_DAEMON = (OSError, ValueError, ArithmeticError, EOFError, asyncio.LimitOverrunError, cv2.error)
_UNITS_HIGH = 360.0  # as in an annotated video: the picture's height in thin lines


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest picture: as it came, as it is shown (JPEG), and what was seen in it.

    `grey` is uint8[h,w]. `number` counts them; pictures are None where the camera gave none, and
    `scene` is None in a standby.
    """

    number: int
    scene: Scene | None
    width: int
    height: int
    grey: NDArray[np.uint8] | None
    plain: bytes | None
    drawn: bytes | None


class Feed:
    """Connected to the daemon only while somebody looks.

    `find` returns the daemon's socket, None where there is none. `state` is in a word what holds:
    "live", "waiting" for a daemon, "idle" because nobody looks, or why the daemon cut it off.
    """

    def __init__(self, find: Callable[[], Path | None], seen: Callable[[Shown], None]) -> None:
        self._find = find
        self._seen = seen
        self.latest: Shown | None = None
        self.state = "idle"
        self.trouble: str | None = None
        self._lookers = 0
        self._left_s = 0.0
        self._writer: asyncio.StreamWriter | None = None
        self._changed = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._number = 0

    @contextlib.contextmanager
    def look(self) -> Iterator[None]:
        """Count as somebody who looks while the context lasts."""
        self._lookers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._lookers -= 1
            self._left_s = time.monotonic()

    @property
    def lookers(self) -> int:
        """How many streams are open."""
        return self._lookers

    def person_is_there(self) -> None:
        """Report a click to the daemon; resumes what ended for want of one."""
        if self._writer is not None:
            self._writer.write(b".")
        self.trouble = None
        self._wanted.set()

    async def next(self, after: int, timeout_s: float) -> Shown | None:
        """Return the newest picture with a number above `after`; None where none came in time."""

        def is_new() -> bool:
            return self.latest is not None and self.latest.number > after

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(is_new)
                return self.latest
        return None

    async def run(self) -> None:
        """Connect whenever somebody looks; for as long as the server runs."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._lookers and self.trouble is None:
                await self._session()
            if self.trouble is None:
                self.state = "idle"

    async def _session(self) -> None:
        path = self._find()
        try:
            if path is None:
                raise FileNotFoundError
            reader, writer = await asyncio.open_unix_connection(path, limit=MOST_HEADER_BYTES)
        except PermissionError:
            self.state = "only root and the daemon's user may see it: sudo edge-fer preview"
            await asyncio.sleep(TRY_EVERY_S)
            return
        except OSError:
            self.state = "waiting for a daemon"
            await asyncio.sleep(TRY_EVERY_S)
            return
        self._writer = writer
        try:
            await self._read(reader)
        except _NO_DAEMON:
            self.state = "waiting for a daemon"
            await asyncio.sleep(TRY_EVERY_S)
        finally:
            self._writer = None
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while self._lookers or time.monotonic() < self._left_s + LEAVE_AFTER_S:
            try:
                async with asyncio.timeout(LEAVE_AFTER_S):
                    line = await reader.readuntil(b"\n")
            except TimeoutError:  # a daemon whose camera opens has nothing to show
                continue
            header = Header.from_line(line)
            if header.ended is not None:
                self.trouble = self.state = header.ended
                return
            jpeg = await reader.readexactly(header.jpeg_bytes)
            self._number += 1
            # In a thread: drawing would hold up those who are being served.
            shown = await asyncio.to_thread(_shown, self._number, header, jpeg)
            self.state = "live"
            self._seen(shown)
            async with self._changed:
                self.latest = shown
                self._changed.notify_all()


def _shown(number: int, header: Header, jpeg: bytes) -> Shown:
    scene = header.scene
    if not jpeg or scene is None:
        return Shown(number, scene, 0, 0, None, None, None)
    grey = decompress(jpeg)
    if header.width <= 0:
        raise ValueError("a picture without a width")
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    unit = max(picture.shape[0] / _UNITS_HIGH, 1.0)
    ink = colour(state_colour(scene.state.label))
    draw_overlay(picture, scene, picture.shape[1] / header.width, unit, ink)
    _, drawn = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    return Shown(
        number,
        scene,
        header.width,
        header.height,
        grey,
        jpeg,
        drawn.tobytes(),
    )
