"""Reads pictures with their times: of a video file its own colours and time-stamps."""

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera import open_camera
from edge_fer.errors import CameraError, CameraReason
from edge_fer.redaction import redacted_uri

_USUAL_FPS = 30.0  # of a raw stream, which does not say
_MOST_FPS = 240.0  # more is a broken header


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: `picture` uint8[h, w] or uint8[h, w, 3] (BGR), `grey` uint8[h, w].

    `time_s` counts from the first one.
    """

    picture: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    time_s: float


@dataclass(frozen=True, slots=True)
class ShotSource:
    """Where pictures come from. `length_s` and `frames` are None where they are not known."""

    name: str
    fps: float
    length_s: float | None
    frames: int | None
    shots: Iterator[Shot]


def open_shots(source: str, fps: float) -> ShotSource:
    """Open a video file, a folder of images or a camera URI.

    `fps` is what a camera is asked for. CameraError where there is nothing to read.
    """
    path = Path(source).expanduser()
    if path.is_file():
        return _video(path)
    if path.is_dir():
        return _camera(f"file:{path}?speed=max", source, fps)
    if ":" not in source:
        raise CameraError(
            CameraReason.NOT_FOUND,
            f"annotate: {source}: there is no such file: name a video or a camera URI",
        )
    return _camera(source, redacted_uri(source), fps)


def _video(path: Path) -> ShotSource:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    ok, first = capture.read() if capture.isOpened() else (False, None)
    if not ok or first is None:
        capture.release()
        raise CameraError(
            CameraReason.NO_FRAMES,
            f"annotate: {path}: not a video that can be read: name an .mp4, .avi, .mkv or .webm",
        )
    fps = capture.get(cv2.CAP_PROP_FPS)
    fps = fps if math.isfinite(fps) and 0 < fps <= _MOST_FPS else _USUAL_FPS
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    frames = int(count) if math.isfinite(count) and count > 0 else None
    length_s = None if frames is None else frames / fps
    return ShotSource(
        str(path),
        fps,
        length_s,
        frames,
        _video_shots(capture, first.astype(np.uint8, copy=False), fps),
    )


def _video_shots(capture: cv2.VideoCapture, first: NDArray[np.uint8], fps: float) -> Iterator[Shot]:
    picture: NDArray[np.uint8] | None = first
    start_ms = capture.get(cv2.CAP_PROP_POS_MSEC)
    last_s = -1.0
    index = 0
    try:
        while picture is not None:
            time_s = (capture.get(cv2.CAP_PROP_POS_MSEC) - start_ms) / 1000
            # A file without time-stamps, or whose stamps stand still or run backwards, has a rate.
            if not time_s > last_s:
                time_s = 0.0 if last_s < 0 else last_s + 1 / fps
            last_s = time_s
            grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            yield Shot(picture, grey.astype(np.uint8, copy=False), time_s)
            index += 1
            ok, following = capture.read()
            picture = following.astype(np.uint8, copy=False) if ok else None
    finally:
        capture.release()


def _camera(uri: str, name: str, fps: float) -> ShotSource:
    camera = open_camera(uri, fps=fps)
    recorded = uri.startswith("file:")

    def shots() -> Iterator[Shot]:
        with closing(camera):
            started_s = time.monotonic()
            index = 0
            while (grey := camera.read()) is not None:
                time_s = index / camera.fps if recorded else time.monotonic() - started_s
                yield Shot(grey, grey, time_s)
                index += 1

    return ShotSource(name, camera.fps, None, None, shots())
