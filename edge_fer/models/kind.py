"""The kinds of network that run on a device, told apart by the labels of their answers."""

from dataclasses import dataclass

import numpy as np

from edge_fer.emotions import LABELS


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape, type and quantization of a tensor: real value = scale * (stored - zero_point)."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A network from a grey square of `side_px` to a probability for each of `labels`.

    `made_by` is the command that converts one, for messages.
    """

    labels: tuple[str, ...]
    side_px: int
    made_by: str

    @property
    def input(self) -> TensorSpec:
        """A camera byte becomes an input value by subtracting 128: real value = byte / 255."""
        return TensorSpec(
            (1, self.side_px, self.side_px, 1), "int8", float(np.float32(1 / 255)), -128
        )

    @property
    def output(self) -> TensorSpec:
        """The fixed output quantization of TFLite's int8 softmax."""
        return TensorSpec((1, len(self.labels)), "int8", 1 / 256, -128)


# 48 px is the side of FER2013's images (Goodfellow et al. 2013).
EMOTIONS = ModelKind(LABELS, 48, "edge-fer quantize")
FACE_PX = EMOTIONS.side_px
"""Side in pixels of the square that the emotion network sees."""

EYES = ModelKind(("open", "closed"), 24, "edge-fer eyes quantize")


def kind_of(labels: tuple[str, ...]) -> ModelKind | None:
    """Return the kind whose answers have these labels, or None."""
    return next((kind for kind in (EMOTIONS, EYES) if kind.labels == labels), None)
