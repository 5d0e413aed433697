"""Measures confidence on faces that have no labels: against other networks and the mirror image.

`python -m tests.benchmarks.confidence FACES --teacher NETWORK --teacher NETWORK ...` prints the
table of docs/trainings.md. FACES is a folder with `faces.zip` and `faces.csv` (grey crops and the
face's box in each: columns file, box_x, box_y, box_w, box_h). The teachers are asked for each face
and its mirror image. They are relatives of the network, so their agreement is a kind measure; the
probability that they give its answer is what its confidence is compared with.
"""

import argparse
import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.crop import crop_face
from edge_fer.models.card import load_card
from edge_fer.observation import FaceBox
from edge_fer.paths import SHIPPED_MODEL
from quantize.evaluation.confidence import mean_confidence, scale
from quantize.evaluation.predictors import open_predictor
from quantize.training.distillation import mean_answers


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares (0..1) over `n` faces."""

    n: int
    confidence: float  # the mean, of the network's answers at its temperature
    teachers_probability: float  # what the teachers give those answers, the mean
    same_as_teachers: float
    same_as_mirrored: float
    answered: float  # with a confidence at or above the threshold
    confidence_answered: float
    teachers_probability_answered: float


def agreement(
    answers: NDArray[np.float64],
    mirrored: NDArray[np.float64],
    teachers: NDArray[np.floating],
    threshold: float,
) -> Agreement:
    """Compare log-probabilities for faces and their mirror images with teachers' probabilities.

    All are float[n, 7]; `threshold` (0..1) is that for *uncertain*.
    """
    said = answers.argmax(axis=1)
    confidence = np.exp(answers.max(axis=1))
    given = teachers[np.arange(len(said)), said]
    sure = confidence >= threshold
    return Agreement(
        len(said),
        mean_confidence(answers),
        float(given.mean()),
        float((teachers.argmax(axis=1) == said).mean()),
        float((mirrored.argmax(axis=1) == said).mean()),
        float(sure.mean()),
        float(confidence[sure].mean()),
        float(given[sure].mean()),
    )


def read_faces(folder: Path) -> NDArray[np.uint8]:
    """Return the faces of a folder as the daemon would cut them out, uint8[n, 48, 48]."""
    faces = []
    with (
        zipfile.ZipFile(folder / "faces.zip") as archive,
        (folder / "faces.csv").open(newline="", encoding="utf-8") as table,
    ):
        for row in csv.DictReader(table):
            stored = np.frombuffer(archive.read(row["file"]), np.uint8)
            grey = np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE), np.uint8)
            x, y, width, height = (float(row[f"box_{name}"]) for name in "xywh")
            faces.append(crop_face(grey, FaceBox(x, y, width, height, 1.0)))
    return np.stack(faces)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparison for the shipped network, or the one that `--model` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--teacher", type=Path, action="append", required=True)
    parser.add_argument("--temperature", type=float, help="instead of the card's")
    words = parser.parse_args(arguments)
    faces = read_faces(words.faces)
    card = load_card(words.model)
    temperature = words.temperature or card.temperature
    network = open_predictor(words.model)
    straight, mirrored = (
        scale(network.log_probabilities(np.ascontiguousarray(view), lambda done: None), temperature)
        for view in (faces, faces[:, :, ::-1])
    )
    teachers = mean_answers([open_predictor(path) for path in words.teacher], faces, count=2)
    found = agreement(straight, mirrored, teachers, card.uncertain_threshold)
    print(f"temperature {temperature:.3f}, threshold {card.uncertain_threshold:.3f}")
    for name in Agreement.__dataclass_fields__:
        value = getattr(found, name)
        print(f"{name}: {value}" if name == "n" else f"{name}: {value:.1%}")


if __name__ == "__main__":
    main()
