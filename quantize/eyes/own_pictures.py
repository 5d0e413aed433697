"""Measures an eye network on pictures and videos of one's own, in folders `open` and `closed`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.eyes import EyeReader, eye_corners, eyes_closed
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import TrackedFace, Tracker
from edge_fer.models.kind import EYES
from firmware_bridge.counted import counted
from quantize.data.face_crop import find_face
from quantize.data.face_export import (
    VIDEO_SUFFIXES,
    ExportCounts,
    media_files,
    video_frames,
    video_path,
)
from quantize.data.fer2013 import BadRowError
from quantize.data.files import SourceFile
from quantize.data.folder import IMAGE_SUFFIXES, decode
from quantize.evaluation.predictors import NumbersPredictor
from quantize.eyes.figures import plain_cut

_CLOSED = {
    **dict.fromkeys(("closed", "close", "closed_eyes", "closed_eye", "shut"), True),
    **dict.fromkeys(("open", "opened", "open_eyes", "open_eye"), False),
}
_CROP_PX = 128  # a picture of at most this side in which no face is found is one of an eye
_CLOSED_PLACE = EYES.labels.index("closed")


@dataclass(slots=True)
class OwnEyes:
    """Counts of pictures and frames: how many of which the network was right, and unjudged ones.

    `unseen` are those without a face, or with eyes that cannot be judged. `passed_over` counts what
    was not looked at, by reason.
    """

    open: int = 0
    open_right: int = 0
    closed: int = 0
    closed_right: int = 0
    unseen: int = 0
    crops: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)

    def add(self, is_closed: bool, probability: float | None) -> None:
        """Count one picture: what it shows and how probably the network thinks it closed."""
        if probability is None:
            self.unseen += 1
        elif is_closed:
            self.closed += 1
            self.closed_right += probability > 0.5
        else:
            self.open += 1
            self.open_right += probability <= 0.5

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON, with shares (0..1) of right answers; None: no pictures."""
        judged = self.open + self.closed
        right = self.open_right + self.closed_right
        return {
            **asdict(self),
            "accuracy": right / judged if judged else None,
            "recall_open": self.open_right / self.open if self.open else None,
            "recall_closed": self.closed_right / self.closed if self.closed else None,
        }


def has_own_pictures(path: Path) -> bool:
    """Say whether `path` is a folder or archive with folders named open or closed."""
    if path.is_file() and path.suffix.lower() not in (".zip", ".tar", ".gz", ".tgz"):
        return False
    return any(_is_closed(file.path) is not None for file in media_files(path))


def measure_own_pictures(
    path: Path, model: Path, predictor: NumbersPredictor, *, rows: int = 0
) -> OwnEyes:
    """Find the eyes as the daemon does and count how often `model` says what the folder says.

    In a small picture without a face the eye fills it as in the training's: a square of 2.3 times
    the eye's width. `predictor` is the same model. `rows` above 0 is how many pictures and frames
    of open eyes are judged, and how many of closed ones. UserError where nothing can be judged.
    """
    tracker, reader, counts = open_tracker(FaceConfig()), EyeReader(model), OwnEyes()
    for file in media_files(path):
        is_closed = _is_closed(file.path)
        if is_closed is None or file.problem:
            reason = file.problem or "file outside of open and closed folders"
            counts.passed_over[reason] = counts.passed_over.get(reason, 0) + 1
            continue
        for grey, face in _seen(path, file, tracker, counts):
            if rows and (counts.closed if is_closed else counts.open) >= rows:
                break
            probability = None
            if face is not None and face.reading is not None:
                corners = eye_corners(face.reading)
                probability = eyes_closed(reader.read(grey, corners, face.reading.head))
            elif max(grey.shape) <= _CROP_PX:
                counts.crops += 1
                cut = plain_cut(_square(grey))[np.newaxis]
                numbers = predictor.numbers(cut, lambda amount: None)
                probability = float(EYES.values(numbers)[0, _CLOSED_PLACE])
            counts.add(is_closed, probability)
    if not counts.open + counts.closed:
        raise DataError(
            DataReason.EMPTY,
            f"{path}: no eyes that can be judged in {counted(counts.unseen, 'picture')}: expected "
            "open/*.jpg and closed/*.jpg, of people or of eyes, or videos",
        )
    return counts


def _is_closed(path: PurePosixPath) -> bool | None:
    """Return what the folders of a file say of its eyes, or None where they say nothing."""
    return next(
        (_CLOSED[part.lower()] for part in path.parts[:-1] if part.lower() in _CLOSED), None
    )


def _seen(
    source: Path, file: SourceFile, tracker: Tracker, counts: OwnEyes
) -> Iterator[tuple[NDArray[np.uint8], TrackedFace | None]]:
    suffix = file.path.suffix.lower()
    reason = ""
    if suffix in VIDEO_SUFFIXES:
        if (path := video_path(source, file)) is not None:
            tracker.forget()
            for grey, time_s in video_frames(path, ExportCounts()):
                yield grey, tracker.update(grey, time_s)
            return
        reason = "video in an archive: unpack it"
    elif suffix in IMAGE_SUFFIXES:
        try:
            grey = decode(file)
        except BadRowError as problem:
            reason = str(problem)
        else:
            yield grey, find_face(tracker, grey)
            return
    reason = reason or "file that is neither picture nor video"
    counts.passed_over[reason] = counts.passed_over.get(reason, 0) + 1


def _square(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle square of a picture."""
    side = min(grey.shape)
    top, left = ((length - side) // 2 for length in grey.shape)
    return np.ascontiguousarray(grey[top : top + side, left : left + side])
