"""The kinds of network that run on a device; the names of their outputs identify them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape, type and quantization of a tensor: real value = scale * (stored - zero_point)."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Output:
    """One measured output: the network's number -1..1 stands for `low`..`high`, in `unit`.

    With `is_logit` what lies in that range is the logit of a probability.
    """

    name: str
    low: float
    high: float
    unit: str = ""
    is_logit: bool = False


@dataclass(frozen=True)  # without slots: the table of its values is made once, and kept
class ModelKind:
    """A network from a grey square of `side_px` to one number for each of `labels`.

    Without `outputs` it is a classifier, and the numbers are the probabilities of its labels. With
    them it measures: `labels` are the names of the outputs, and `values` turns stored bytes into
    them. `name` names the kind; `made_by` is the command that converts one and `set_by` the key of
    the config that names its file, for messages.
    """

    name: str
    labels: tuple[str, ...]
    side_px: int
    made_by: str
    set_by: str
    outputs: tuple[Output, ...] = ()

    @classmethod
    def measuring(
        cls, name: str, outputs: tuple[Output, ...], side_px: int, made_by: str, set_by: str
    ) -> "ModelKind":
        """Return the kind of a network that measures `outputs`."""
        labels = tuple(output.name for output in outputs)
        return cls(name, labels, side_px, made_by, set_by, outputs)

    @property
    def is_classifier(self) -> bool:
        """Whether the outputs are the probabilities of labels."""
        return not self.outputs

    @property
    def input(self) -> TensorSpec:
        """A camera byte becomes an input value by subtracting 128: real value = byte / 255."""
        return TensorSpec(
            (1, self.side_px, self.side_px, 1), "int8", float(np.float32(1 / 255)), -128
        )

    @property
    def output(self) -> TensorSpec:
        """The fixed output quantization: of TFLite's int8 softmax, or -1..1 in 256 steps."""
        scale, zero_point = (1 / 256, -128) if self.is_classifier else (1 / 128, 0)
        return TensorSpec((1, len(self.labels)), "int8", scale, zero_point)

    def values(self, numbers: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return what numbers -1..1 (float[..., outputs]) stand for, of a kind that measures.

        Logits come back as probabilities.
        """
        low = np.array([output.low for output in self.outputs])
        high = np.array([output.high for output in self.outputs])
        values = low + (np.asarray(numbers, np.float64) + 1) / 2 * (high - low)
        is_logit = np.array([output.is_logit for output in self.outputs])
        return np.asarray(np.where(is_logit, 1 / (1 + np.exp(-values)), values), np.float64)

    def stored_values(self, stored: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return the values, float64[outputs], for the output bytes int8[outputs]."""
        table, first = self._table
        return table.take(first + stored.view(np.uint8))

    def measured(self, stored: NDArray[np.int8]) -> dict[str, float]:
        """Return the value of each output by name, for the output bytes int8[outputs]."""
        return dict(zip(self.labels, self.stored_values(stored).tolist(), strict=True))

    @cached_property
    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The values of all bytes 0..255, read as signed, one output after the other; its firsts.

        A frame asks for 68 values, and has a table's answer in a fifth of the time.
        """
        stored = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float64)
        numbers = np.repeat(stored[:, None] * self.output.scale, len(self.outputs), axis=1)
        table = self.values(numbers).T.ravel()
        return table, 256 * np.arange(len(self.outputs), dtype=np.intp)


# The landmarks of the face network. Left and right are the driver's own.
LANDMARK_NAMES = (
    "right eye outer corner",
    "right eye inner corner",
    "left eye inner corner",
    "left eye outer corner",
    "right upper lid",
    "right lower lid",
    "left upper lid",
    "left lower lid",
    "right brow outer end",
    "right brow middle",
    "right brow inner end",
    "left brow inner end",
    "left brow middle",
    "left brow outer end",
    "nose bridge",
    "nose tip",
    "right nose wing",
    "left nose wing",
    "nose base",
    "right mouth corner",
    "left mouth corner",
    "upper lip top",
    "upper lip inner",
    "lower lip inner",
    "lower lip bottom",
    "chin",
)

FACE_PX = 48
"""Side of a face for the emotion network: that of FER2013's images (Goodfellow et al. 2013)."""

LARGEST_FACE_PX = 224
"""A network of one's own may take faces of FACE_PX to this side: the size that ImageNet's take."""

EMOTIONS = ModelKind("emotions", LABELS, FACE_PX, "edge-fer quantize", set_by="model.path")
# Lids and gaze in the units of `edge_fer.observation.EyeReading`; the network sees each eye as a
# right one, so that `gaze_inwards` is towards the nose.
EYES = ModelKind.measuring(
    "eyes",
    (
        Output("lid_opening", 0.0, 0.64, "of the eye's width"),
        Output("gaze_inwards", -1.0, 1.0, "half widths of the eye"),
        Output("gaze_upwards", -1.0, 1.0, "half widths of the eye"),
        Output("closed", -8.0, 8.0, is_logit=True),
        Output("visible", -8.0, 8.0, is_logit=True),
    ),
    40,
    "edge-fer eyes quantize",
    "model.eyes_path",
)
# Points in sides of the square from its middle, angles in degrees in the square's frame, and the
# gap between the inner lips in widths of the mouth.
FACE = ModelKind.measuring(
    "face",
    (
        *(
            Output(f"{name} {axis}", -0.6, 0.6, "sides of the square")
            for name in LANDMARK_NAMES
            for axis in "xy"
        ),
        Output("yaw", -96.0, 96.0, "degrees"),
        Output("pitch", -64.0, 64.0, "degrees"),
        Output("roll", -64.0, 64.0, "degrees"),
        Output("mouth opening", -1.0, 1.0, "widths of the mouth"),
        Output("presence", -8.0, 8.0, is_logit=True),
        Output("profile", -8.0, 8.0, is_logit=True),
    ),
    64,
    "edge-fer face quantize",
    "model.face_path",
)
KINDS = (EMOTIONS, EYES, FACE)


def sized(kind: ModelKind, shape: tuple[int, ...]) -> ModelKind:
    """Return a classifier's `kind` with the side of a network's input `shape`, [1, h, w, 1].

    Others, and shapes that are no square of FACE_PX to LARGEST_FACE_PX, leave `kind` as it is, so
    that a check against it refuses them.
    """
    if not kind.is_classifier or len(shape) != len(kind.input.shape):
        return kind
    side_px = shape[1]
    fits = shape == (1, side_px, side_px, 1) and FACE_PX <= side_px <= LARGEST_FACE_PX
    return replace(kind, side_px=side_px) if fits else kind


def kind_named(name: str) -> ModelKind | None:
    """Return the kind with this name, or None."""
    return next((kind for kind in KINDS if kind.name == name), None)


def kind_of(labels: tuple[str, ...]) -> ModelKind | None:
    """Return the kind whose outputs have these labels, or None."""
    return next((kind for kind in KINDS if kind.labels == labels), None)
