"""What answers at the daemon's socket may say anything: the page's server goes on waiting."""

import asyncio
import json
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.errors import DaemonError
from edge_fer.live.packet import FORMAT, Header
from edge_fer.live.reader import read_pictures
from edge_fer.live.scene import Scene
from edge_fer.observation import CameraCondition
from edge_fer.preview import feed as feeding
from edge_fer.preview.feed import Feed, Shown
from edge_fer.recording.pictures import compress

GOOD = compress(np.full((48, 64), 90, np.uint8), width_px=640, quality=80)
PLACE = GOOD.index(b"\xff\xc0")
HUGE = GOOD[: PLACE + 5] + struct.pack(">HH", 60_000, 60_000) + GOOD[PLACE + 9 :]
SCENE = Scene(1.0, DriverState.ATTENTIVE, next(iter(Reason)), 1.0, CameraCondition.GOOD)


def packet(jpeg: bytes = GOOD, **changes: Any) -> bytes:
    line = json.loads(Header(FORMAT, SCENE, 64, 48, len(jpeg)).to_line())
    for name, value in changes.items():
        target = line if name in line else line["scene"]
        target[name] = value
    return json.dumps(line).encode() + b"\n" + jpeg


ATTACKS = {
    "no JSON": b"\xff\n",
    "deep JSON": b"[" * 60_000 + b"\n",
    "a line without an end": b"x" * 300_000,
    "no width": packet(width=0),
    "no size of a number": packet(since_s=10**400),
    "no number": packet(time_s=float("nan"), points=[[float("inf"), float("-inf")]] * 3),
    "a picture of 3.6 gigapixels": packet(HUGE),
    "no picture": packet(b"none"),
    "an endless picture": packet(jpeg_bytes=10**12),
    "cut off": packet()[:-5],
    "another state": packet(state=10**6),
}


async def shown_by(path: Path, said: bytes) -> tuple[list[Shown], Feed]:
    """Return what a feed shows of a daemon that says `said` first and a good packet next time."""
    answers = [said, packet()]

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0) if answers else packet())
        writer.close()

    seen: list[Shown] = []
    feed = Feed(lambda: path, seen.append)
    async with await asyncio.start_unix_server(serve, path):
        running = asyncio.create_task(feed.run())
        with feed.look():
            async with asyncio.timeout(20):
                while answers or not any(one.grey is not None for one in seen):
                    await asyncio.sleep(0.01)
                    if running.done():
                        running.result()
        running.cancel()
    return seen, feed


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_feed_survives_it_and_shows_the_next_good_one(
    attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "TRY_EVERY_S", 0.02)
    seen, _ = asyncio.run(shown_by(tmp_path / "pictures", ATTACKS[attack]))
    assert seen[-1].grey is not None


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_reader_ends_with_one_line(attack: str, tmp_path: Path) -> None:
    path = tmp_path / "pictures"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            client, _ = listener.accept()
            with client, suppress(BrokenPipeError):
                client.sendall(ATTACKS[attack])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(DaemonError):
            for _ in read_pictures(path):
                pass
        thread.join()
