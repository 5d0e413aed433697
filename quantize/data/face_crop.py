"""Finds and cuts the face in a picture as the daemon does, for pictures of people."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.crop import crop_face
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import TrackedFace, Tracker
from edge_fer.models.kind import FACE_PX

# The daemon looks for a face in another way in each frame, and there are six. A picture is shown to
# its tracker so often, the times apart by more than it waits between two looks.
_LOOKS = 6
_APART_S = 1.0


class DaemonFaceCutter:
    """Finds a face with the daemon's tracker and cuts it as `edge_fer.face.crop` does.

    `yunet` is YuNet's file; None: as the daemon without a config. UserError when the file is
    another one.
    """

    def __init__(self, yunet: Path | None = None) -> None:
        self._config = face_config(yunet)
        self._tracker: Tracker | None = None
        self.identity = f"{self._config}"

    def cut(self, grey: NDArray[np.uint8], side_px: int = FACE_PX) -> NDArray[np.uint8] | None:
        """Return uint8[side_px, side_px] of the driver's face in uint8[h, w]; None without one."""
        if self._tracker is None:
            self._tracker = open_tracker(self._config)
        face = find_face(self._tracker, grey)
        return None if face is None else crop_face(grey, face.box, side_px)


def face_config(yunet: Path | None) -> FaceConfig:
    """Return how faces are found: with YuNet where its file is given, else as the default is."""
    return FaceConfig() if yunet is None else FaceConfig(detector="yunet", model=str(yunet))


def find_face(tracker: Tracker, grey: NDArray[np.uint8]) -> TrackedFace | None:
    """Return the face in a single picture, uint8[h, w], whatever was shown before; or None."""
    tracker.forget()
    for look in range(_LOOKS):
        face = tracker.update(grey, look * _APART_S)
        if face is not None:
            return face
    return None
