"""`faulty:FILE`: a driver in the picture, and the fault whose name is in FILE at the moment."""

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Pace
from edge_fer.camera.scene import Scene
from edge_fer.camera.uri import CameraUri

FPS = 20.0
STEADY_S = 4.0  # of the scene: a driver sits
RATE_DROP_S = 1.5
BACKWARDS_S = 100.0
SPARE_BYTES = 100_000_000


def open_uri(uri: CameraUri, *, fps: float) -> "FaultyCamera":
    if fault_in(uri) == "unplugged":
        raise uri.error("there is no such device")
    while fault_in(uri) == "hangs while it opens":
        time.sleep(0.05)
    return FaultyCamera(uri)


def fault_in(uri: CameraUri) -> str:
    return Path(uri.path).read_text()


class FaultyCamera:
    fps = FPS

    def __init__(self, uri: CameraUri) -> None:
        self._uri = uri
        self._pace = Pace(FPS)
        self._scene = Scene()
        self._noise = np.random.default_rng(1)
        self._start_s = time.monotonic()
        self._last: NDArray[np.uint8] | None = None
        # Nothing that was said before can be from this camera.
        with suppress(OSError):
            Path(uri.path).with_suffix(".opened").write_text(repr(self._start_s))

    def read(self) -> NDArray[np.uint8] | None:
        self._pace.wait()
        good = self._scene.render(0.5 + (time.monotonic() - self._start_s) % STEADY_S)
        frame = self._spoilt(fault_in(self._uri), good)
        self._last = frame
        return frame

    def skip(self) -> None:
        self._pace.wait()

    def close(self) -> None:
        pass

    def _spoilt(self, fault: str, good: NDArray[np.uint8]) -> NDArray[np.uint8]:
        time.monotonic = monotonic
        if fault in ("unplugged", "raises"):
            raise self._uri.error("it gives no frames")
        if fault in BEHAVIOURS:
            BEHAVIOURS[fault]()
        if fault == "frozen" and self._last is not None:
            return self._last
        noise = self._noise.integers(0, 4, good.shape, np.uint8)
        return PICTURES[fault](good, noise) if fault in PICTURES else good


monotonic = time.monotonic


def run_out_of_memory() -> None:
    """Take all that may still be had, and more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    hoard = []
    while True:
        hoard.append(np.ones(SPARE_BYTES // 10, np.uint8))


def turn_time_back() -> None:
    time.monotonic = lambda: monotonic() - BACKWARDS_S


BEHAVIOURS: dict[str, Callable[[], object]] = {
    "hangs": lambda: time.sleep(3600),
    "hangs while it opens": lambda: time.sleep(3600),
    "stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "out of memory": run_out_of_memory,
    "rate drops": lambda: time.sleep(RATE_DROP_S),
    "time runs backwards": turn_time_back,
}
PICTURES: dict[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "black": lambda good, noise: noise,
    "overexposed": lambda good, noise: np.full_like(good, 255),
    "covered": lambda good, noise: noise + np.linspace(60, 90, good.shape[1]).astype(np.uint8),
    "another size": lambda good, noise: np.ascontiguousarray(good[::2, ::2]),
    "half-written": lambda good, noise: np.vstack([good[:200], np.full_like(good[200:], 128)]),
}
