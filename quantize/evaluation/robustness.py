"""Measures a model and its confidence under each corruption of a cabin, in each severity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.confidence import mean_confidence, scale
from quantize.evaluation.predictors import Predictor
from quantize.progress import progress_bar

SEED = 1
JUDGED_SEVERITY = 3
# The project's goal: what the mean over all corruptions has to keep of the clean accuracy.
LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Robustness:
    """Shares of right answers (0..1) on the same `n` images of `usage`, clean and corrupted.

    `accuracy` has for each kind of corruption a value a severity, 1 to 5, and `confidence` the mean
    probability of those answers, right or wrong, at `temperature`. `seed` decides what is random in
    a corruption.
    """

    usage: str
    n: int
    seed: int
    clean: float
    accuracy: Mapping[str, tuple[float, ...]]
    confidence: Mapping[str, tuple[float, ...]]
    temperature: float = 1.0

    def mean(self, severity: int) -> float:
        """Return the mean over all kinds at a severity of 1 to 5."""
        return float(np.mean([values[severity - 1] for values in self.accuracy.values()]))

    def most_overconfident(self, severity: int = JUDGED_SEVERITY) -> tuple[str, float]:
        """Return the kind whose confidence exceeds its accuracy most, and by how much (-1..1)."""
        excess = {
            kind: self.confidence[kind][severity - 1] - values[severity - 1]
            for kind, values in self.accuracy.items()
        }
        kind = max(excess, key=excess.__getitem__)
        return kind, excess[kind]

    @property
    def share_of_clean(self) -> float:
        """What the mean at severity 3 keeps of the clean accuracy; 0 where that is 0."""
        return self.mean(JUDGED_SEVERITY) / self.clean if self.clean else 0.0

    @property
    def is_robust(self) -> bool:
        """Whether that reaches the project's goal."""
        return self.share_of_clean >= LEAST_SHARE

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "seed": self.seed,
            "severities": list(SEVERITIES),
            "clean": self.clean,
            "accuracy": {kind: list(values) for kind, values in self.accuracy.items()},
            "confidence": {kind: list(values) for kind, values in self.confidence.items()},
            "temperature": self.temperature,
            "mean": [self.mean(severity) for severity in SEVERITIES],
            "judged_severity": JUDGED_SEVERITY,
            "share_of_clean": self.share_of_clean,
            "goal": LEAST_SHARE,
        }


def measure_robustness(
    predictor: Predictor,
    rows: Fer2013,
    usage: str,
    clean: float,
    *,
    temperature: float = 1.0,
    seed: int = SEED,
    progress: bool = False,
) -> Robustness:
    """Let the model answer for `rows`, which are those of `usage`, in each kind and severity.

    `clean` is the share that it got right without any; `temperature` is that of its card;
    `progress` draws a bar.
    """
    conditions = [(kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES]
    right: dict[str, list[float]] = {kind: [] for kind in CORRUPTIONS}
    sure: dict[str, list[float]] = {kind: [] for kind in CORRUPTIONS}
    total = len(rows) * len(conditions)
    with progress_bar("Corruptions", total, show=progress) as advance:
        for kind, severity in conditions:
            images = corrupted(rows.images, kind, severity, seed)
            answers = predictor.log_probabilities(images, advance)
            right[kind].append(float((answers.argmax(axis=1) == rows.labels).mean()))
            sure[kind].append(mean_confidence(scale(answers, temperature)))
    accuracy, confidence = (
        {kind: tuple(values) for kind, values in each.items()} for each in (right, sure)
    )
    return Robustness(usage, len(rows), seed, clean, accuracy, confidence, temperature)


def shifted_answers(
    predictor: Predictor, images: NDArray[np.uint8], *, seed: int = SEED, progress: bool = False
) -> list[NDArray[np.float64]]:
    """Return the model's log-probabilities for `images` under each kind at the judged severity.

    `images` are uint8[n, h, w]; one array a kind. They say which temperature stays honest there
    (`quantize.evaluation.confidence.fit_confidence`).
    """
    with progress_bar("Corruptions", len(images) * len(CORRUPTIONS), show=progress) as advance:
        return [
            predictor.log_probabilities(corrupted(images, kind, JUDGED_SEVERITY, seed), advance)
            for kind in CORRUPTIONS
        ]


def corrupted(images: NDArray[np.uint8], kind: str, severity: int, seed: int) -> NDArray[np.uint8]:
    """Return `images` (uint8[n, h, w]) under one corruption, drawn for each image.

    The draws depend on kind, severity and seed alone: a new kind changes none of the others.
    """
    rng = np.random.default_rng([seed, int.from_bytes(kind.encode(), "big"), severity])
    changed = np.empty_like(images)
    for place, image in enumerate(images):
        changed[place] = corrupt(image, kind, severity, rng)
    return changed
