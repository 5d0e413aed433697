"""The forward camera: opened, watched and restarted by the recorder alone."""

import time

from edge_fer.camera.base import Frame
from edge_fer.camera.process import CameraProcess
from edge_fer.camera.supervisor import CameraSupervisor
from edge_fer.errors import CameraError, CameraReason

_STOP_S = 0.3


class ForwardCamera:
    """A camera that may be missing or die at any time; nothing of that is an error here."""

    def __init__(self, uri: str, fps: float) -> None:
        self._camera = CameraProcess(uri, fps=fps)
        self._supervisor = CameraSupervisor(time.monotonic())
        self._runs = self._ended = False
        self.error: CameraError | None = None

    def poll(self, now_s: float) -> Frame | None:
        """Return the newest frame if it is new; keep the camera running."""
        if self._ended:
            return None
        if not self._runs:
            self._runs = True
            self._camera.start()
            self._supervisor = CameraSupervisor(now_s)
        frame = self._camera.latest()
        if frame is not None:
            self._supervisor.frame(now_s)
            self.error = None
            return frame
        if self._camera.ended:  # a file has played out
            self._ended = True
            self._camera.stop(_STOP_S)
            return None
        verdict = self._supervisor.silence(now_s, alive=self._camera.alive)
        if verdict is not None:
            self.error = self._camera.error or self.error
            if verdict.restart:
                self.error = self.error or CameraError(
                    CameraReason.NO_FRAMES, "forward camera: gives no frames"
                )
                self._camera.restart()
                self._supervisor.restarted(now_s)
        return None

    def stop(self) -> None:
        """Close it; `poll` opens it again."""
        self._runs = False
        self._camera.stop(_STOP_S)
