"""The daemon's pictures: for whom, only while wanted, and never at the loop's cost."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.live.packet import Header
from edge_fer.live.scene import Scene
from edge_fer.live.tap import (
    ENDED_IDLE,
    ENDED_STOPPED,
    IDLE_S,
    MOST_FPS,
    MOST_READERS,
    PictureTap,
)
from edge_fer.observation import CameraCondition

PATIENCE_S = 60.0  # a bound against hanging
SCENE = Scene(1.0, DriverState.ATTENTIVE, Reason.STARTED, 0.5, CameraCondition.GOOD)
GREY = np.tile(np.arange(0, 240, 3).astype(np.uint8), (60, 1))  # uint8[60,80]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pictures.socket"


@pytest.fixture
def tap(path: Path) -> Iterator[PictureTap]:
    made = PictureTap(path)
    yield made
    made.stop()
    assert not path.exists()


def connect(path: Path, tap: PictureTap) -> socket.socket:
    before = tap.watchers
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE_S)
    client.connect(str(path))
    wait_for(lambda: tap.watchers > before)
    return client


def test_a_reader_gets_the_picture_and_what_was_seen(path: Path, tap: PictureTap) -> None:
    with connect(path, tap) as client, client.makefile("rb") as stream:
        tap.offer(GREY, SCENE, 10.0)
        header = Header.from_line(stream.readline())
        assert (header.width, header.height, header.scene) == (80, 60, SCENE)
        picture = cv2.imdecode(
            np.frombuffer(stream.read(header.jpeg_bytes), np.uint8), cv2.IMREAD_GRAYSCALE
        )
        assert picture is not None
        assert picture.shape == GREY.shape
        assert np.abs(picture.astype(int) - GREY.astype(int)).mean() < 5
        # Without a picture, what is known comes alone.
        tap.offer(None, SCENE, 11.0)
        header = Header.from_line(stream.readline())
        assert (header.jpeg_bytes, header.scene) == (0, SCENE)
        tap.offer(None, None, 12.0)
        assert Header.from_line(stream.readline()).scene is None


def test_large_pictures_are_made_smaller(path: Path, tap: PictureTap) -> None:
    with connect(path, tap) as client, client.makefile("rb") as stream:
        tap.offer(np.zeros((1080, 1920), np.uint8), SCENE, 10.0)
        header = Header.from_line(stream.readline())
        assert (header.width, header.height) == (1920, 1080)
        data = np.frombuffer(stream.read(header.jpeg_bytes), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert picture.shape == (360, 640)


def test_nobody_else_may_look(path: Path, tap: PictureTap) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    path.chmod(0o666)  # even where the file's mode would let it
    path.parent.chmod(0o755)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with socket.socket(socket.AF_UNIX) as client:
                os.setuid(65534)
                client.settimeout(PATIENCE_S)
                client.connect(str(path))
                code = 0 if client.recv(1) == b"" else 3
        except PermissionError:
            code = 0  # a folder above keeps it out already
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert tap.watchers == 0


def test_pictures_are_taken_only_while_somebody_looks_and_at_a_bounded_rate(
    path: Path, tap: PictureTap, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def reduced(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        taken.append(1)
        return grey

    monkeypatch.setattr("edge_fer.live.tap._reduced", reduced)
    for number in range(30):
        tap.offer(GREY, SCENE, 10.0 + number / 30)
    assert not taken
    with connect(path, tap):
        for number in range(300):  # ten seconds at 30 fps
            tap.offer(GREY, SCENE, 20.0 + number / 30)
    assert 0.9 * 10 * MOST_FPS <= len(taken) <= 10 * MOST_FPS + 2


def test_a_reader_that_does_not_read_holds_nobody_up(
    path: Path, tap: PictureTap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_fer.live.tap.STUCK_S", PATIENCE_S)  # it is not given up meanwhile
    noise = np.random.default_rng(1).integers(0, 256, (480, 640)).astype(np.uint8)
    with connect(path, tap), connect(path, tap) as reader, reader.makefile("rb") as stream:
        for number in range(12):  # more than the sockets hold
            tap.offer(noise, SCENE, 100.0 + number)
            header = Header.from_line(stream.readline())
            assert len(stream.read(header.jpeg_bytes)) == header.jpeg_bytes
        assert tap.watchers == 2


def test_it_ends_by_itself_unless_somebody_clicks(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    now_s = 1000.0
    clock = SimpleNamespace(monotonic=lambda: now_s, sleep=time.sleep)
    monkeypatch.setattr("edge_fer.live.tap.time", clock)
    tap = PictureTap(path)

    def click() -> None:
        clicking.send(b".")
        wait_for(lambda: now_s in [reader.sign_s for reader in tuple(tap._readers.values())])

    try:
        clicking = connect(path, tap)
        with connect(path, tap) as silent, silent.makefile("rb") as stream:
            for _ in range(3):
                now_s += IDLE_S / 4
                click()
            assert tap.watchers == 2
            now_s += IDLE_S / 4
            click()  # it looks at the clock, too
            assert Header.from_line(stream.readline()).ended == ENDED_IDLE
            assert stream.read() == b""
        assert tap.watchers == 1
    finally:
        tap.stop()
    with clicking, clicking.makefile("rb") as stream:
        assert Header.from_line(stream.readline()).ended == ENDED_STOPPED
    texts = [record.getMessage() for record in caplog.records]
    assert sum("is being shown the camera's pictures" in text for text in texts) == 2
    assert sum("is shown no more pictures" in text for text in texts) == 2


def test_only_so_many_may_look(path: Path, tap: PictureTap) -> None:
    clients = [connect(path, tap) for _ in range(MOST_READERS)]
    with socket.socket(socket.AF_UNIX) as late:
        late.settimeout(PATIENCE_S)
        late.connect(str(path))
        assert late.recv(1) == b""
    for client in clients:
        client.close()
    wait_for(lambda: tap.watchers == 0)


def test_without_a_place_for_it_nobody_is_shown_anything(tmp_path: Path) -> None:
    tap = PictureTap(tmp_path / "missing" / "folder" / "pictures.socket")
    tap.offer(GREY, SCENE, 1.0)
    tap.stop()
    assert tap.watchers == 0
