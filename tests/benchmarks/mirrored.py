"""What it is worth to show the emotion network each second face mirrored.

`python -m tests.benchmarks.mirrored FER2013 CLIPS` prints the figures of docs/faces.md: the
accuracy on PublicTest of the faces as they are, of their mirror images, and of the mean of both, to
which a filter over time comes; and for each clip in CLIPS how much the filtered emotions change
from frame to frame, and how often a state of emotion begins, with and without.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.benchmark.faces import clips_in
from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState
from edge_fer.face.eyes import EyeReader
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.models.classifier import Classifier
from edge_fer.paths import SHIPPED_MODEL
from edge_fer.pipeline import Pipeline
from quantize.data.load import load_fer2013

Grey = NDArray[np.uint8]
EMOTION_STATES = frozenset({DriverState.AGITATED, DriverState.ANXIOUS, DriverState.LOW})


@dataclass(frozen=True, slots=True)
class Accuracies:
    """Shares (0..1) of faces that are right: as they are, mirrored, and by the mean of both."""

    plain: float
    mirrored: float
    both: float


@dataclass(frozen=True, slots=True)
class Steadiness:
    """`change` is the mean change of the filtered probabilities from frame to frame (0..1)."""

    change: float
    states: int  # of emotions, entered


class InTurn(Classifier):
    """The classifier, with each second face mirrored."""

    def __init__(self) -> None:
        super().__init__(SHIPPED_MODEL)
        self._is_mirrored = True

    def classify(self, face: Grey) -> NDArray[np.float32]:
        self._is_mirrored = not self._is_mirrored
        return super().classify(mirror(face) if self._is_mirrored else face)


def mirror(face: Grey) -> Grey:
    """Return the mirror image of a face."""
    return np.ascontiguousarray(face[:, ::-1])


def accuracies(faces: Grey, labels: NDArray[np.integer]) -> Accuracies:
    """Return the accuracies on faces (uint8[n,48,48]) with labels (int[n])."""
    classifier = Classifier(SHIPPED_MODEL)
    plain = np.stack([classifier.classify(face) for face in faces])
    other = np.stack([classifier.classify(mirror(face)) for face in faces])
    right = [
        float((values.argmax(axis=1) == labels).mean())
        for values in (plain, other, (plain + other) / 2)
    ]
    return Accuracies(*right)


def steadiness(clip: Path, classifier: Classifier) -> Steadiness:
    """Return how steady the emotions of a clip are."""
    pipeline = Pipeline(
        classifier,
        open_tracker(FaceConfig(detector="haar")),
        ConditionMonitor(),
        StateMonitor(PolicySettings().for_model(classifier.card.uncertain_threshold), 0.0),
        EyeReader(),
    )
    video = cv2.VideoCapture(str(clip))
    fps = video.get(cv2.CAP_PROP_FPS) or 25.0
    before: NDArray[np.float64] | None = None
    changes, states, state, number = [], 0, None, 0
    while True:
        read, picture = video.read()
        if not read:
            break
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8)
        decision = pipeline.frame(Frame(grey, number / fps, number)).decision
        number += 1
        states += decision.state is not state and decision.state in EMOTION_STATES
        state = decision.state
        now = None if decision.probabilities is None else np.array(decision.probabilities)
        if before is not None and now is not None:
            changes.append(float(np.abs(now - before).sum()) / 2)
        before = now
    return Steadiness(float(np.mean(changes)) if changes else 0.0, states)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fer2013", type=Path)
    parser.add_argument("clips", type=Path)
    given = parser.parse_args()
    public = load_fer2013(given.fer2013).select("PublicTest")
    found = accuracies(public.images, public.labels)
    print(
        f"PublicTest, {len(public):,} faces: {found.plain:.2%} as they are, {found.mirrored:.2%} "
        f"mirrored, {found.both:.2%} by the mean of both"
    )
    for clip in clips_in(given.clips):
        plain, turned = steadiness(clip, Classifier(SHIPPED_MODEL)), steadiness(clip, InTurn())
        print(
            f"{clip.stem:16} change a frame {plain.change:.4f}, in turn {turned.change:.4f}; "
            f"states {plain.states}, in turn {turned.states}",
            flush=True,
        )


if __name__ == "__main__":
    main()
