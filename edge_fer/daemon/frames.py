"""The camera's frames at the requested rate, and the conclusion when none arrive."""

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
    """No frame arrived; `restarted` is whether the camera process was restarted because of it."""

    camera: CameraCondition
    restarted: bool


class FrameSource:
    """Waits for frames from a camera process, and restarts the process if none arrive.

    `name` is the camera's name in the log: its URI without secrets.

    Without `keep_trying`, `next` raises CameraError if the camera never gave a frame.
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
        """Close the camera, so that its indicator light goes out. `start` opens it again."""
        self._camera.stop(timeout_s)

    def limit(self, most_fps: float | None) -> None:
        """Limit the camera's frame rate to so many frames per second; None: no limit."""
        self._camera.ask_for(most_fps)

    def next(self, timeout_s: float, most_fps: float | None) -> Frame | Silence | None:
        """Return the newest frame, or the meaning of its absence; None if that is not known yet.

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
                # It returned at once. A camera that cannot start must not occupy a core.
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
        # Log once: a missing camera is retried every few seconds, perhaps for days.
        known = self.error is not None and self.error.reason is error.reason
        _log.log(logging.DEBUG if known else logging.WARNING, "%s: restarting its process", error)
        self.error = error
        self._camera.restart()
        self._supervisor.restarted(now_s)
