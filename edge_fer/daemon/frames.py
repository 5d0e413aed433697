"""The camera's frames at the wanted rate, and what to conclude where none come."""

import logging
import time
from dataclasses import dataclass

from edge_fer.camera.base import Frame
from edge_fer.camera.process import CameraProcess
from edge_fer.camera.supervisor import CameraSupervisor
from edge_fer.errors import CameraError, CameraReason
from edge_fer.health.shedding import FramePacer
from edge_fer.observation import CameraCondition

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Silence:
    """No frame came; `restarted` is whether the camera's process was started again for it."""

    camera: CameraCondition
    restarted: bool


class FrameSource:
    """Waits for frames of a camera process, and restarts a process that gives none.

    `name` is how the log calls the camera: its URI without secrets.

    With `keep_trying` off, a camera that never gave a frame is a CameraError of `next`.
    """

    def __init__(self, camera: CameraProcess, name: str, *, keep_trying: bool) -> None:
        self._camera = camera
        self._name = name
        self._keep_trying = keep_trying
        self._supervisor = CameraSupervisor(time.monotonic())
        self._pacer = FramePacer()
        self.error: CameraError | None = None  # of the latest try, until a frame comes

    @property
    def opened(self) -> bool:
        """Whether the camera has given a frame since `start`."""
        return self._supervisor.opened

    @property
    def ended(self) -> bool:
        """Whether a recording has played out."""
        return self._camera.ended

    @property
    def given(self) -> int:
        """Frames that the camera gave, fetched or not."""
        return self._camera.given

    def start(self) -> None:
        """Let the camera open; returns at once."""
        self._camera.start()
        self._supervisor = CameraSupervisor(time.monotonic())

    def stop(self, timeout_s: float) -> None:
        """Close the camera, not just ignore it: its light goes out. `start` opens it again."""
        self._camera.stop(timeout_s)

    def limit(self, most_fps: float | None) -> None:
        """Ask the camera for at most so many frames a second; None: all."""
        self._camera.ask_for(most_fps)

    def next(self, timeout_s: float, most_fps: float | None) -> Frame | Silence | None:
        """Return the newest frame, or what its absence means; None where it means nothing yet.

        Waits at most `timeout_s`. With `most_fps` frames that come too early are skipped.
        """
        early_s = self._pacer.wait_s(time.monotonic())
        if early_s > 0.0:
            time.sleep(min(early_s, timeout_s))
            if early_s > timeout_s:
                return None
        asked_s = time.monotonic()
        frame = self._camera.wait(timeout_s)
        if frame is None:
            now_s = time.monotonic()
            if not self._camera.alive and not self._camera.ended:
                # It returned at once. What keeps a camera from starting is not to cost a core.
                time.sleep(max(0.0, asked_s + timeout_s - now_s))
            return self._silence(time.monotonic())
        now_s = time.monotonic()
        if not self._supervisor.opened:
            _log.info("camera %s: first frame", self._name)
        self._supervisor.frame(now_s)
        self._pacer.taken(now_s, most_fps)
        self.error = None
        return frame

    def _silence(self, now_s: float) -> Silence | None:
        error = self._camera.error
        if error is not None and self._camera.given == 0 and not self._keep_trying:
            raise error
        if self._camera.ended:
            return None
        verdict = self._supervisor.silence(
            now_s, alive=self._camera.alive, opening_s=self._camera.opening_s
        )
        if verdict is None:
            return None
        if verdict.restart:
            self._restart(error, now_s)
        return Silence(verdict.camera, verdict.restart)

    def _restart(self, error: CameraError | None, now_s: float) -> None:
        error = error or CameraError(CameraReason.NO_FRAMES, "camera gives no frames")
        # Once: a camera that is gone is tried every few seconds, perhaps for days.
        known = self.error is not None and self.error.reason is error.reason
        _log.log(logging.DEBUG if known else logging.WARNING, "%s: restarting its process", error)
        self.error = error
        self._camera.restart()
        self._supervisor.restarted(now_s)
