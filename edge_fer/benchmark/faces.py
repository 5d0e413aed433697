"""How often the face detectors find the face of a clip, and how long that takes."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.following import NetworkTracker
from edge_fer.face.network import FaceNetwork
from edge_fer.face.scanning import Scan
from edge_fer.face.searching import WAYS, open_cascades
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import Tracker
from edge_fer.observation import FaceBox

Grey = NDArray[np.uint8]

SEARCH_EVERY = 5  # of so many frames one is searched whole; all are tracked
_SUFFIXES = frozenset({".mp4", ".gif", ".avi", ".mkv", ".mov", ".webm"})


def _dark(grey: Grey) -> Grey:
    """Leave a tenth of the light, and a sensor's noise (standard deviation 2)."""
    noise = np.random.default_rng(int(grey[:8].sum())).normal(0, 2.0, grey.shape)
    return np.clip(np.rint(grey * 0.1 + noise), 0, 255).astype(np.uint8)


def _blurred(grey: Grey) -> Grey:
    """Put the lens out of focus: a Gaussian of 1 % of the longer side."""
    return cv2.GaussianBlur(grey, (0, 0), 0.01 * max(grey.shape)).astype(np.uint8)


def _rotated(grey: Grey) -> Grey:
    """Turn about the middle: a tilted head, or a camera mounted askew."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 25.0, 1.0)
    return cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8
    )


VERSIONS: dict[str, Callable[[Grey], Grey]] = {
    "as it is": lambda grey: grey,
    "a tenth of the light": _dark,
    "blurred": _blurred,
    "rotated 25°": _rotated,
}
"""What is done to each frame before it is shown to a detector."""


@dataclass(frozen=True, slots=True)
class FaceFigures:
    """One detector on one clip in one version.

    `found` is the share (0..1) of searched frames with a face, `search_ms` the median time of such
    a search. `followed` is the share of all frames in which the tracker had a face, `landmarks` of
    those in which it had landmarks; `frame_ms` is its mean time, detections included.
    """

    clip: str
    version: str
    detector: str
    frames: int
    found: float
    search_ms: float
    followed: float
    landmarks: float
    frame_ms: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def clips_in(folder: Path) -> list[Path]:
    """Return the clips in a folder, by name; UserError where there are none."""
    if not folder.is_dir():
        raise DataError(DataReason.NOT_FOUND, f"faces {folder}: there is no such folder")
    clips = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not clips:
        raise DataError(
            DataReason.EMPTY, f"faces {folder}: no clip in it ({', '.join(sorted(_SUFFIXES))})"
        )
    return clips


class Finder(Protocol):
    """What is shown single frames."""

    def detect(self, grey: Grey) -> list[FaceBox]:
        """Return the faces anywhere in the frame, uint8[h,w]."""
        ...


class NetworkFinder:
    """The daemon's search without YuNet, all of its turns in one frame.

    A turn is one kind of search with the cascades, whose proposals the face network accepts or not,
    and if it finds nothing the network's own search in a few squares.
    """

    def __init__(self, network: FaceNetwork) -> None:
        self._network, self._search = network, open_cascades(FaceConfig().min_face_px)

    def detect(self, grey: Grey) -> list[FaceBox]:
        """Return the first face that is found."""
        scan = Scan()
        tracker = NetworkTracker(self._network, self._search, search_every_s=0.0, scan=scan)
        tracker.forget()
        for turn in range(max(WAYS, scan.turns(grey.shape))):
            face = tracker.update(grey, float(turn))
            if face is not None:
                return [face.box]
        return []


def measure_faces(
    clip: Path, version: str, name: str, detector: Finder, tracker: Tracker
) -> FaceFigures:
    """Let a detector, and a tracker, see one version of a clip; UserError: no frames."""
    found: list[bool] = []
    search_s: list[float] = []
    followed = with_landmarks = count = 0
    frame_s = 0.0
    for time_s, frame in _frames(clip):
        grey = VERSIONS[version](frame)
        started_s = time.perf_counter()
        face = tracker.update(grey, time_s)
        frame_s += time.perf_counter() - started_s
        followed += face is not None
        with_landmarks += face is not None and face.box.landmarks is not None
        if count % SEARCH_EVERY == 0:
            started_s = time.perf_counter()
            found.append(bool(detector.detect(grey)))
            search_s.append(time.perf_counter() - started_s)
        count += 1
    if not count:
        raise DataError(DataReason.UNREADABLE, f"{clip}: no frame can be read from it")
    return FaceFigures(
        clip.stem,
        version,
        name,
        count,
        sum(found) / len(found),
        1e3 * statistics.median(search_s),
        followed / count,
        with_landmarks / count,
        1e3 * frame_s / count,
    )


def _frames(clip: Path) -> Iterator[tuple[float, Grey]]:
    """Yield time and grey picture of each frame."""
    video = cv2.VideoCapture(str(clip))
    fps = video.get(cv2.CAP_PROP_FPS) or 25.0
    number = 0
    while True:
        read, picture = video.read()
        if not read:
            return
        yield number / fps, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8)
        number += 1
