"""A recorded camera: a video file, or a folder of images in the order of their names.

A video is played by the time-stamps of its frames. Options: `fps=` plays at a fixed rate instead,
`speed=max` as fast as frames can be read, `loop=1` repeatedly.
"""

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.base import Camera, Pace
from edge_fer.camera.uri import CameraUri
from edge_fer.errors import CameraReason

LONGEST_FRAME_S = 10.0  # between two frames of a file; more is a wrong time-stamp
IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png"})


def open_uri(uri: CameraUri, *, fps: float) -> Camera:
    """Open a clip or a folder; UserError if it contains no frames."""
    uri.check_options()
    if not uri.path:
        raise uri.error("no file: write file:CLIP")
    path = Path(uri.path).expanduser()
    if path.is_dir():
        return ImageFolder(uri, path, fps)
    if not path.exists():
        raise uri.error(f"there is no file {path}", CameraReason.NOT_FOUND)
    if not path.is_file():
        raise uri.error(f"{path} is neither a file nor a folder", CameraReason.NOT_FOUND)
    return VideoFile(uri, path)


class _Playback:
    """Rate and repetition, the same for clips and folders."""

    def __init__(self, uri: CameraUri, own_fps: float) -> None:
        self.fps = uri.number("fps", own_fps)
        self.loop = uri.choice("loop", "0") == "1"
        unpaced = uri.choice("speed", "real") == "max"
        self._pace = None if unpaced else Pace(self.fps)

        self._own_times = "fps" not in uri.options

    def wait(self, since_last_s: float | None = None) -> None:
        """Wait until the frame's own time, unless the URI names a rate."""
        if self._pace is None:
            return
        if self._own_times and since_last_s is not None:
            self._pace.wait_since_last(since_last_s)
        else:
            self._pace.wait()


class VideoFile:
    """A clip in any format that OpenCV's FFmpeg reads."""

    def __init__(self, uri: CameraUri, path: Path) -> None:
        self._uri, self._path = uri, path
        self._capture = self._open()
        own_fps = self._capture.get(cv2.CAP_PROP_FPS)
        if not (math.isfinite(own_fps) and own_fps > 0):
            own_fps = 30.0  # a raw stream does not say
        self._playback = _Playback(uri, own_fps)
        self._frames = 0
        self._shown_s = 0.0  # of the frame before, in the time of the file

    @property
    def fps(self) -> float:
        """The rate at which it plays."""
        return self._playback.fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next frame, uint8[h,w]; None at the end."""
        ok, colour = self._capture.read()
        if not ok and self._playback.loop and self._frames:
            # Opening anew, because not every format can seek to its first frame.
            self._capture.release()
            self._capture = self._open()
            ok, colour = self._capture.read()
        if not ok:
            if not self._frames:
                raise self._no_video()
            return None
        self._frames += 1
        grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        self._playback.wait(self._since_last())
        return grey

    def _since_last(self) -> float:
        """Return the time since the previous frame; a file may have a variable rate."""
        shown_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        since_s, self._shown_s = shown_s - self._shown_s, shown_s
        # A format without times, the first frame, and one that begins anew.
        return since_s if 0.0 < since_s <= LONGEST_FRAME_S else 1.0 / self._playback.fps

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise self._no_video()
        return capture

    def _no_video(self) -> Exception:
        return self._uri.error(
            f"{self._path} is not a video that can be read: try another file",
            CameraReason.DOES_NOT_OPEN,
        )


class ImageFolder:
    """The images of a folder. Images of another size than the first are fitted to it."""

    def __init__(self, uri: CameraUri, path: Path, fps: float) -> None:
        self._uri = uri
        self._paths = sorted(
            item for item in path.iterdir() if item.suffix.lower() in IMAGE_SUFFIXES
        )
        if not self._paths:
            endings = ", ".join(sorted(IMAGE_SUFFIXES))
            raise uri.error(
                f"there are no images in the folder {path} ({endings})", CameraReason.NO_FRAMES
            )
        self._playback = _Playback(uri, fps)
        self._next = 0
        self._shape: tuple[int, int] | None = None

    @property
    def fps(self) -> float:
        """The rate at which it plays."""
        return self._playback.fps

    def read(self) -> NDArray[np.uint8] | None:
        """Return the next image, uint8[h,w]; None after the last."""
        if self._next == len(self._paths):
            if not self._playback.loop:
                return None
            self._next = 0
        path = self._paths[self._next]
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise self._uri.error(
                f"{path} is not an image that can be read: remove it", CameraReason.NO_FRAMES
            )
        self._next += 1
        grey = image.astype(np.uint8, copy=False)
        if self._shape is None:
            self._shape = grey.shape
        if grey.shape != self._shape:
            grey = fit(grey, self._shape)
        self._playback.wait()
        return grey

    def close(self) -> None:
        """Nothing is held open."""


def fit(grey: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale `grey` to fit into `shape` (h, w) without distortion; its edges fill the rest."""
    height, width = shape
    scale = min(height / grey.shape[0], width / grey.shape[1])
    inner_height = min(max(round(grey.shape[0] * scale), 1), height)
    inner_width = min(max(round(grey.shape[1] * scale), 1), width)
    filter_ = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inner = cv2.resize(grey, (inner_width, inner_height), interpolation=filter_)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    return cv2.copyMakeBorder(
        inner,
        top,
        height - inner_height - top,
        left,
        width - inner_width - left,
        cv2.BORDER_REPLICATE,
    ).astype(np.uint8, copy=False)
