"""A camera whose pictures are rotated and mirrored by `rotate=` and `flip=` of its URI."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera, SkippingCamera
from edge_fer.camera.uri import CameraUri

_TURNS = {
    "90": cv2.ROTATE_90_CLOCKWISE,
    "180": cv2.ROTATE_180,
    "270": cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def turned(camera: Camera, uri: CameraUri) -> Camera:
    """Return `camera` with the URI's transformations: rotated clockwise first, then mirrored."""
    rotate, flip = uri.options.get("rotate", "0"), uri.options.get("flip", "0") == "1"
    if rotate == "0" and not flip:
        return camera
    made = TurnedSkippingCamera if isinstance(camera, SkippingCamera) else TurnedCamera
    return made(camera, _TURNS.get(rotate), flip=flip)


class TurnedCamera:
    """Rotates and mirrors each picture of another camera."""

    def __init__(self, camera: Camera, turn: int | None, *, flip: bool) -> None:
        self._camera = camera
        self._turn = turn
        self._flip = flip

    @property
    def fps(self) -> float:
        """Frames a second that the camera means to give."""
        return self._camera.fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; None when it has played out."""
        grey = self._camera.read()
        if grey is None:
            return None
        if self._turn is not None:
            grey = cv2.rotate(grey, self._turn).astype(np.uint8, copy=False)
        if self._flip:
            grey = cv2.flip(grey, 1).astype(np.uint8, copy=False)
        return grey

    def close(self) -> None:
        """Give the device or file back."""
        self._camera.close()


class TurnedSkippingCamera(TurnedCamera):
    """The same for a camera that can skip pictures."""

    def skip(self) -> None:
        """Take the next frame without decoding it."""
        assert isinstance(self._camera, SkippingCamera)
        self._camera.skip()
