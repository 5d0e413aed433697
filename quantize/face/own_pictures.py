"""Measures a face network on pictures and videos of one's own, against the face mesh."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.face.landmarks import square_around
from edge_fer.face.levels import levelled
from edge_fer.face.opening import open_tracker
from edge_fer.face.outputs import MOUTH, POINTS, PRESENCE
from edge_fer.face.settings import FaceConfig
from edge_fer.models.kind import FACE
from edge_fer.observation import FaceBox
from quantize.data.face_crop import find_face
from quantize.data.face_export import media_files
from quantize.data.fer2013 import BadRowError
from quantize.data.folder import IMAGE_SUFFIXES, decode
from quantize.evaluation.predictors import NumbersPredictor
from quantize.face.mouths import open_mouth_teacher
from quantize.face.samples import Grey, cut
from quantize.face.targets import eye_distance, points_of
from quantize.int8.measuring import Error
from quantize.teachers.mesh import SQUARE, Mesh, MeshTeacher, square_of

USAGE = "pictures of one's own, against MediaPipe's face mesh"
_LEAST_SCORE = 0.9  # of the mesh, to measure against it
_READINGS = 3  # each from the square that follows from the mesh before
_PRESENT = 0.5


@dataclass(slots=True)
class OwnFaces:
    """Errors by name, and counts of pictures in which nothing could be measured.

    `no_face` are pictures without a face that the daemon would find, `unsure` those in which the
    face mesh is not sure of it. `passed_over` counts files that were not looked at, by reason.
    """

    errors: dict[str, Error] = field(default_factory=dict)
    no_face: int = 0
    unsure: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)


def measure_own_pictures(path: Path, predictor: NumbersPredictor, *, rows: int = 0) -> OwnFaces:
    """Measure `predictor` on the driver's face in each picture of a folder or an archive.

    `rows` above 0 is after how many measured faces it stops.

    The face is found as the daemon finds it. The network reads the square that fits the landmarks
    of the face mesh. Head angles are left out: the mesh gives them against the mean face of a large
    collection only. UserError where no picture can be measured.
    """
    tracker, teacher, found = open_tracker(FaceConfig()), MeshTeacher(), OwnFaces()
    images: list[Grey] = []
    mouth_teacher = open_mouth_teacher()
    points, mouths = [], []
    for file in media_files(path):
        reason = file.problem
        if not reason and file.path.suffix.lower() not in IMAGE_SUFFIXES:
            reason = "file that is not a picture: `edge-fer faces` makes pictures of a video"
        try:
            grey = None if reason else decode(file)
        except BadRowError as problem:
            reason, grey = str(problem), None
        if grey is None:
            reason = reason or "file that is not a picture"
            found.passed_over[reason] = found.passed_over.get(reason, 0) + 1
            continue
        face = find_face(tracker, grey)
        if face is None:
            found.no_face += 1
            continue
        mesh, score = _read(teacher, grey, face.box)
        if score < _LEAST_SCORE:
            found.unsure += 1
            continue
        image, wanted = _square_of_face(grey, mesh)
        images.append(image)
        points.append(wanted)
        mouths.append(mouth_teacher.read(grey, mesh))
        if len(images) == rows:
            break
    if not images:
        raise DataError(
            DataReason.EMPTY,
            f"{path}: no picture can be measured: {found.no_face} without a face, {found.unsure} "
            f"in which the face mesh is not sure, {sum(found.passed_over.values())} files not "
            "taken",
        )
    values = FACE.values(predictor.numbers(np.stack(images), lambda amount: None))
    found.errors = _errors(values, np.stack(points), np.array(mouths))
    return found


def _read(teacher: MeshTeacher, grey: Grey, box: FaceBox) -> tuple[Mesh, float]:
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    mesh, score = teacher.read(grey, middle, SQUARE * max(box.width, box.height))
    for _ in range(_READINGS - 1):
        mesh, score = teacher.read(grey, *square_of(mesh))
    return mesh, score


def _square_of_face(grey: Grey, mesh: Mesh) -> tuple[Grey, NDArray[np.float64]]:
    """Return the network's input and the landmarks that it should find, in shares of the side.

    The last number is the distance of the eyes in the same unit.
    """
    points = points_of(mesh)
    _, _, tilt = square_of(mesh)
    square = square_around(points, tilt)
    cos, sin = np.cos(square.tilt), np.sin(square.tilt)
    there = (points - square.centre) / square.side @ np.array([[cos, -sin], [sin, cos]])
    image = levelled(cut(grey, square, FACE.side_px))
    return image, np.append(there.ravel(), eye_distance(mesh) / square.side)


def _errors(
    values: NDArray[np.float64], wanted: NDArray[np.float64], mouths: NDArray[np.float64]
) -> dict[str, Error]:
    count = len(values)
    points = values[:, POINTS].reshape(count, -1, 2)
    distances = np.linalg.norm(points - wanted[:, :-1].reshape(points.shape), axis=2).mean(axis=1)
    return {
        "landmarks": Error(
            count, float((distances / wanted[:, -1]).mean()), "of the distance of the eyes"
        ),
        "mouth opening": Error(
            count, float(np.abs(values[:, MOUTH] - mouths).mean()), "widths of the mouth"
        ),
        "faces missed": Error(count, float((values[:, PRESENCE] < _PRESENT).mean())),
    }
