"""The main job on any machine: daemon and monitor against each other over a pseudo-terminal."""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_fer.camera.scene import part_at
from edge_fer.camera.settings import CameraConfig
from edge_fer.daemon.status import StatusAnswer
from edge_fer.daemon.status_server import ask
from edge_fer.errors import DaemonError
from edge_fer.live.own_daemon import own_daemon
from edge_fer.paths import STATUS_SOCKET
from firmware_bridge.controller.beside import VehicleBeside
from firmware_bridge.controller.vehicle import ALL_RIGHT, VehicleState
from firmware_bridge.monitor.picture import PictureView
from firmware_bridge.monitor.run import run_monitor, watch_bus
from firmware_bridge.monitor.sources import LivePort
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport

# Fast enough for a look aside to matter; its driver answers each request.
VEHICLE = VehicleState(speed_km_h=80.0, answer=ALL_RIGHT)
_ASK_EVERY_S = 0.25


def run_demo(*, seconds: float | None, json_lines: bool, picture: Path | None = None) -> int:
    """Show the scripted scene until it ends, or for `seconds`; return the exit code.

    What is shown went through a real daemon process and a real terminal device. `picture` draws
    the last view into an SVG file instead of showing it. UserError where the daemon fails.
    """
    with (
        PtyWire() as wire,
        own_daemon("demo:", None, link=f"slcan:{wire.end_a}") as daemon,
        SceneNames(daemon.folder / STATUS_SOCKET) as names,
    ):
        source = LivePort(f"slcan:{wire.end_b}", _with_vehicle)

        def until() -> bool:
            return daemon.ended

        if picture is None:
            return run_monitor(
                source.uri,
                json_lines=json_lines,
                seconds=seconds,
                until=until,
                source=source,
                scene=names.now,
            )
        seen = watch_bus(
            source, PictureView(picture), seconds=seconds, until=until, scene=names.now
        )
    return 0 if seen.good_frames else 1


class SceneNames:
    """Says what happens in the scene that a daemon's camera plays, by the frames that it gave.

    A thread asks the daemon at `socket`, so that a daemon that is slow does not hold up a view.
    """

    def __init__(self, socket: Path, fps: float = CameraConfig().fps) -> None:
        self._socket, self._fps = socket, fps
        self._begun_s: float | None = None  # monotonic
        self._scene_s = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="scene", daemon=True)

    def now(self) -> str | None:
        """Return what happens now; None before the first frame, and the last part after the end."""
        if self._begun_s is None:
            return None
        # Each answer places the beginning a little differently; the scene never runs backwards.
        self._scene_s = max(self._scene_s, time.monotonic() - self._begun_s)
        return part_at(self._scene_s)

    def _follow(self) -> None:
        while not self._ending.wait(_ASK_EVERY_S):
            try:
                answer = ask(self._socket)
            except DaemonError:
                continue  # it begins, or it is over
            self.take(answer)

    def take(self, answer: StatusAnswer | None) -> None:
        """Place the beginning of the scene by an answer of the daemon; None: it is starting."""
        if answer is None or not answer.status.health.camera_frames:
            return
        scene_s = answer.status.health.camera_frames / self._fps + answer.age_s
        self._begun_s = time.monotonic() - scene_s

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join(2.0)


def _with_vehicle(uri: str) -> Transport:
    return VehicleBeside(open_transport(uri), VEHICLE)
