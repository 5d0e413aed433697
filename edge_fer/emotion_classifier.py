"""The public `EmotionClassifier`: faces of single pictures, and the emotion of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import Emotion
from edge_fer.face.crop import crop_face
from edge_fer.face.haar import HaarDetector
from edge_fer.models.card import ModelCard
from edge_fer.models.classifier import Classifier
from edge_fer.observation import FaceBox
from edge_fer.paths import SHIPPED_MODEL
from edge_fer.picture import grey_picture


@dataclass(frozen=True, slots=True, eq=False)  # an array has no truth value
class FaceEmotion:
    """One face and its emotion.

    `box` is in pixels of the picture. `probabilities` are calibrated: float32[7] of sum 1 in the
    order of `Emotion`.
    """

    box: FaceBox
    probabilities: NDArray[np.float32]

    @property
    def emotion(self) -> Emotion:
        """The most probable emotion."""
        return Emotion(int(self.probabilities.argmax()))

    @property
    def confidence(self) -> float:
        """The probability (0..1) of `emotion`."""
        return float(self.probabilities.max())


class EmotionClassifier:
    """Finds frontal faces in a picture and classifies each by the int8 network.

        for face in EmotionClassifier().classify(cv2.imread("portrait.jpg")):
            print(face.emotion.name, face.confidence)

    `model` is a `.tflite` file with its card beside it, by default the one of this package.
    A UserError on construction names what is wrong with it.
    """

    def __init__(self, model: Path | str = SHIPPED_MODEL, *, threads: int = 1) -> None:
        self._classifier = Classifier(Path(model), threads=threads)
        self._detector = HaarDetector()

    @property
    def card(self) -> ModelCard:
        """What is known of the model: its accuracy, its threshold, what it was made of."""
        return self._classifier.card

    def classify(self, picture: NDArray[Any]) -> list[FaceEmotion]:
        """Return the faces of `picture` (uint8[h,w] grey or uint8[h,w,3] BGR), the largest first.

        Faces narrower than 48 pixels, or than a tenth of the longer side, are not found.
        ValueError for what is not a picture.
        """
        grey = grey_picture(picture)
        return [
            FaceEmotion(
                box, self._classifier.classify(crop_face(grey, box, self._classifier.side_px))
            )
            for box in self._detector.detect(grey)
        ]

    def classify_face(self, face: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities, float32[7] of sum 1, of a cut-out face: uint8[48,48].

        A network of another size takes faces of that: `card.input.shape` has it.
        """
        return self._classifier.classify(face)
