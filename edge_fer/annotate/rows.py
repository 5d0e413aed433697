"""Writes one row for each picture, as JSON lines or as CSV."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge_fer.emotions import LABELS
from edge_fer.errors import OutputError, OutputReason
from edge_fer.live.scene import Scene
from edge_fer.observation import EyeReading

_EYE = ("lid_opening", "closed", "gaze_x", "gaze_y", "visible", "width_px")
_DIGITS = 4


def row_of(scene: Scene) -> dict[str, Any]:
    """Return the figures of one picture, flat; None for what was not seen.

    Angles are degrees, boxes and points pixels of the picture, shares and probabilities 0..1.
    """
    box, head, eyes = scene.box, scene.head, scene.eyes
    row: dict[str, Any] = {
        "time_s": scene.time_s,
        "state": scene.state.label,
        "reason": scene.reason.label,
        "since_s": scene.since_s,
        "camera": scene.camera.name.lower(),
        "face_x": None if box is None else box.x,
        "face_y": None if box is None else box.y,
        "face_width": None if box is None else box.width,
        "face_height": None if box is None else box.height,
        "yaw_deg": None if head is None else head.yaw_deg,
        "pitch_deg": None if head is None else head.pitch_deg,
        "roll_deg": None if head is None else head.roll_deg,
        "profile": scene.profile,
        "mouth_opening": scene.mouth_opening,
    }
    for side, eye in (
        ("right", None if eyes is None else eyes.right),
        ("left", None if eyes is None else eyes.left),
    ):
        row |= {f"{side}_{name}": _of_eye(eye, name) for name in _EYE}
    shares = scene.probabilities
    row |= {
        f"p_{label}": None if shares is None else shares[place]
        for place, label in enumerate(LABELS)
    }
    row |= {
        "drowsiness": scene.drowsiness,
        "distraction": scene.distraction,
        "yawns": scene.yawns,
        "question": scene.question,
    }
    return {
        key: round(value, _DIGITS) if isinstance(value, float) else value
        for key, value in row.items()
    }


def _of_eye(eye: EyeReading | None, name: str) -> float | None:
    value: float | None = None if eye is None else getattr(eye, name)
    return value


class RowWriter:
    """Writes rows to a `.jsonl` or `.csv` file. OutputError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise OutputError(
                OutputReason.NOT_WRITABLE, f"{path}: cannot be written ({error.strerror})"
            ) from error
        self._csv: csv.DictWriter[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, scene: Scene, more: Mapping[str, Any] | None = None) -> None:
        """Write one picture's row, and the columns of `more` behind it."""
        row = row_of(scene) | dict(more or {})
        try:
            if self._path.suffix.lower() != ".csv":
                self._file.write(json.dumps(row, allow_nan=False) + "\n")
                return
            if self._csv is None:
                self._csv = csv.DictWriter(self._file, list(row))
                self._csv.writeheader()
            self._csv.writerow(row)
        except OSError as error:
            raise OutputError(
                OutputReason.NOT_WRITABLE, f"{self._path}: cannot be written ({error.strerror})"
            ) from error
