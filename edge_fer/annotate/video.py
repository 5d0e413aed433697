"""Writes pictures with their times into a video file.

With PyAV (extra `video`) it is H.264, which every player and browser shows, and each picture keeps
its own time. Without it OpenCV writes MPEG-4 Part 2, which VLC, mpv and ffplay show, at one rate.
"""

from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import OutputError, OutputReason

ENDINGS = (".mp4", ".mkv", ".mov", ".avi")
_TICK_S = Fraction(1, 90_000)  # MPEG's own clock
_LONGEST_TICKS = 1001  # of a second: 30000/1001 is television's rate
_LEAST_FPS, _MOST_FPS = 1.0, 60.0


class VideoWriter(Protocol):
    """Takes pictures of one size, uint8[h, w, 3] (BGR), in the order of their times."""

    def write(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """Add a picture that is shown from `time_s` on, counted from the first one."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def open_video(path: Path, shape: tuple[int, int], fps: float) -> VideoWriter:
    """Open a video of `shape` (height, width). OutputError where it cannot be written."""
    if path.suffix.lower() not in ENDINGS:
        raise OutputError(
            OutputReason.BAD_NAME, f"{path}: not a video's name: let it end in {', '.join(ENDINGS)}"
        )
    try:
        with path.open("wb"):  # OpenCV and FFmpeg give no reason of their own
            pass
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{path}: cannot be written ({error.strerror})"
        ) from error
    fps = min(max(fps, _LEAST_FPS), _MOST_FPS)
    if find_spec("av") is not None:
        return PyAvWriter(path, shape, fps)
    return OpenCvWriter(path, shape, fps)


class PyAvWriter:
    """H.264 through PyAV. Each picture keeps its time; in an .avi, that of the nearest tick.

    An .avi has one rate, and an empty picture at each tick without one: a finer clock than the
    source's would give it hundreds of pictures a second.
    """

    def __init__(self, path: Path, shape: tuple[int, int], fps: float) -> None:
        import av  # noqa: PLC0415 - an extra

        self._path = path
        self._container: Any = av.open(str(path), "w")
        self._stream: Any = self._container.add_stream("libx264", rate=round(fps))
        self._stream.height, self._stream.width = shape
        self._stream.pix_fmt = "yuv420p"  # what browsers and phones show
        self._stream.options = {"preset": "veryfast", "crf": "21"}
        is_avi = path.suffix.lower() == ".avi"
        self._tick_s = 1 / Fraction(fps).limit_denominator(_LONGEST_TICKS) if is_avi else _TICK_S
        self._stream.codec_context.time_base = self._tick_s
        self._last = -1

    def write(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """Add a picture."""
        import av  # noqa: PLC0415 - an extra

        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        self._last = max(round(time_s / self._tick_s), self._last + 1)
        frame.pts = self._last
        frame.time_base = self._tick_s
        self._mux(frame)

    def close(self) -> None:
        """Finish the file."""
        try:
            self._mux(None)
        finally:
            self._container.close()

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except OSError as error:
            raise OutputError(
                OutputReason.NOT_WRITABLE, f"{self._path}: cannot be written ({error.strerror})"
            ) from error


class OpenCvWriter:
    """MPEG-4 Part 2 through OpenCV, at one rate: pictures are repeated or left out to keep time."""

    def __init__(self, path: Path, shape: tuple[int, int], fps: float) -> None:
        height, width = shape
        self._fps = fps
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, (width, height))
        if not self._writer.isOpened():
            raise OutputError(
                OutputReason.BAD_NAME, f"{path}: OpenCV cannot write it: let its name end in .mp4"
            )
        self._written = 0
        self._waiting: NDArray[np.uint8] | None = None

    def write(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """Add a picture."""
        place = round(time_s * self._fps)
        self._fill_up_to(place)
        self._waiting = picture

    def close(self) -> None:
        """Finish the file."""
        self._fill_up_to(self._written + 1)
        self._writer.release()

    def _fill_up_to(self, place: int) -> None:
        if self._waiting is None:
            return
        for _ in range(self._written, place):
            self._writer.write(self._waiting)
        self._written = max(self._written, place)
