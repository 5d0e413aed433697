"""The demo camera: a scripted scene, for a machine without a camera.

Options: `fps=`, `speed=max` without pacing, `start=` seconds into the scene, `loop=1` for ever.
"""

import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera, Pace
from edge_fer.camera.scene import DURATION_S, Scene
from edge_fer.camera.uri import CameraUri


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open the scene; UserError for unknown options."""
    uri.check_options()
    if uri.path:
        raise uri.error("the scene is always the same: write demo: or demo:?option=value")
    return DemoCamera(
        fps=uri.number("fps", fps),
        paced=uri.choice("speed", "real") == "real",
        start_s=uri.number("start", 0.0),
        loop=uri.choice("loop", "0") == "1",
    )


class DemoCamera:
    """Plays the scene; frame n shows it at start + n / fps seconds, however fast it is read."""

    def __init__(self, *, fps: float, paced: bool, start_s: float, loop: bool) -> None:
        self._fps = fps
        self._pace = Pace(fps) if paced else None
        self._start_s = start_s
        self._loop = loop
        self._frames = 0
        self._scene = Scene()

    @property
    def fps(self) -> float:
        """The playback rate, in frames per second."""
        return self._fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[480,640]; None at the end of the scene."""
        time_s = self._start_s + self._frames / self._fps
        if self._loop:
            time_s %= DURATION_S
        elif time_s >= DURATION_S:
            return None
        self._frames += 1
        frame = self._scene.render(time_s)
        if self._pace is not None:
            self._pace.wait()
        return frame

    def close(self) -> None:
        """Nothing is held open."""
