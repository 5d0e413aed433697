"""How a network is used: what its outputs are called, and in which range it takes pixels."""

from dataclasses import dataclass, replace

import numpy as np

from edge_fer.emotions import LABELS
from edge_fer.errors import UsageError, UsageReason
from edge_fer.models.kind import EMOTIONS, FACE_PX, ModelKind
from quantize.data.classes import parse_labels

RANGES: dict[str, tuple[float, float]] = {
    "0:1": (0.0, 1.0),
    "-1:1": (-1.0, 1.0),
    "0:255": (0.0, 255.0),
    "0:0.0039": (0.0, 1 / 255),
}
"""The ranges to which people scale pixels; the last is what dividing by 255 twice gives."""


@dataclass(frozen=True, slots=True)
class Use:
    """How a network is used.

    `labels` name its outputs in their order. `low`..`high` is the range to which its pixels were
    scaled in training, before the network's own layers. `side_px` is the side of the faces that the
    int8 file takes, FACE_PX to LARGEST_FACE_PX.
    """

    labels: tuple[str, ...] = LABELS
    low: float = 0.0
    high: float = 1.0
    side_px: int = FACE_PX

    @property
    def kind(self) -> ModelKind:
        """The kind of the int8 file: labels that are FER2013's are brought into its order."""
        labels = LABELS if self.is_of_emotions else self.labels
        return replace(EMOTIONS, labels=labels, side_px=self.side_px)

    @property
    def is_of_emotions(self) -> bool:
        """Whether the labels are FER2013's, in any order."""
        return sorted(self.labels) == sorted(LABELS)


def use_of(labels: str | None, input_range: str | None) -> Use:
    """Return the use that the options name; UserError where a word is wrong."""
    low, high = RANGES["0:1"] if input_range is None else parse_range(input_range)
    return Use(LABELS if labels is None else parse_labels(labels), low, high)


def parse_range(text: str) -> tuple[float, float]:
    """Read `0:255` as the range of a network's pixels; UserError where it is none."""
    low, _, high = text.partition(":")
    try:
        values = float(low), float(high)
    except ValueError:
        values = 0.0, 0.0
    if not (np.isfinite(values).all() and values[0] < values[1]):
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"--input-range {text}: not LOW:HIGH, as {', '.join(RANGES)} (black and white)",
        )
    return values
