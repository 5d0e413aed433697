"""The public `camera_frames`: a live camera as an iterator."""

from collections.abc import Iterator

from edge_fer.camera import DEFAULT_FPS
from edge_fer.camera.base import Frame
from edge_fer.camera.process import CameraProcess
from edge_fer.errors import CameraError, CameraReason
from edge_fer.redaction import redacted_uri

_WAIT_S = 0.5
# A USB camera takes some seconds to open; one that gives nothing for so long hangs.
PATIENCE_S = 10.0


def camera_frames(uri: str, *, fps: float = DEFAULT_FPS) -> Iterator[Frame]:
    """Yield the newest frame of the camera that `uri` names, until its recording ends.

        for frame in camera_frames("v4l2:/dev/video0"):
            print(frame.captured_s, frame.grey.shape)

    The camera runs in a separate process, because drivers may hang. Frames that arrive while the
    caller is busy are dropped; `frame.sequence` counts them. CameraError if the camera does not
    open or gives no frames. Closing the iterator closes the camera.
    """
    with CameraProcess(uri, fps=fps) as camera:
        silent_s = 0.0
        while not camera.ended:
            frame = camera.wait(_WAIT_S)
            if frame is not None:
                silent_s = 0.0
                yield frame
                continue
            if camera.error is not None:
                raise camera.error
            silent_s += _WAIT_S
            if silent_s >= PATIENCE_S:
                raise CameraError(
                    CameraReason.NO_FRAMES,
                    f"camera {redacted_uri(uri)}: no frame within {PATIENCE_S:g} s",
                )
