"""From a face to the probabilities of the seven emotions."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason, UserError
from edge_fer.models.card import INPUT, OUTPUT, ModelCard, card_of, kind_of_card
from edge_fer.models.files import ModelFiles, read_model, read_model_files
from edge_fer.models.kind import EMOTIONS, sized
from edge_fer.models.operators import is_tflite
from edge_fer.models.runtime import open_model

# A stored zero means anything below half a step of the output, and its logarithm has to be finite.
_LEAST_PROBABILITY = OUTPUT.scale / 2


class Classifier:
    """An int8 model with its card: those at a path, or those that were read (and checked) before.

    UserError when the model is missing, is no TFLite file, has another input or output than the
    project's, or when its card is missing or of another file.
    """

    def __init__(self, model: Path | ModelFiles, *, threads: int = 1) -> None:
        files = read_classifier(model) if isinstance(model, Path) else model
        self._card = card_of(files)
        self._kind = kind_of_card(self._card)
        self._model = open_model(files.model, str(files.path), kind=self._kind, threads=threads)

    @property
    def card(self) -> ModelCard:
        """What is known of the model."""
        return self._card

    @property
    def side_px(self) -> int:
        """The side of the faces that it takes: 48, or up to 224 of a network of one's own."""
        return self._kind.side_px

    @property
    def runtime(self) -> str:
        """Which runtime runs it: ai-edge-litert or tflite-runtime."""
        return self._model.runtime

    @property
    def delegate(self) -> str | None:
        """What the runtime leaves the graph to: XNNPACK, or None (see `Int8Model`)."""
        return self._model.delegate

    def classify(self, face: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities, float32[7] of sum 1, for `face`.

        `face` is uint8[side, side], `side` being `side_px`.
        """
        return calibrated(self._model.run(face), self._card.temperature)


def read_classifier(path: Path) -> ModelFiles:
    """Read a classifier's files; UserError as of `Classifier`, but for what only a runtime finds.

    The card's sha256 vouches for bytes that go into a native runtime.
    """
    try:
        files = read_model_files(path)
        card_of(files)
    except UserError as error:
        # A sound network for something else is named as that.
        if not (isinstance(error, ModelError) and error.reason is ModelReason.WRONG_KIND):
            _say_what_it_is(path)
        raise
    return files


def calibrated(stored: NDArray[np.int8], temperature: float) -> NDArray[np.float32]:
    """Return softmax(log p / temperature), float32[7], for the model's output bytes int8[7]."""
    logits = _LOGITS[stored.view(np.uint8)] / temperature
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum(), np.float32)


def _logits_of_bytes() -> NDArray[np.float64]:
    """Return log p of each output byte, read as unsigned 0..255."""
    stored = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float64)
    probabilities = (stored - OUTPUT.zero_point) * OUTPUT.scale
    return np.log(np.maximum(probabilities, _LEAST_PROBABILITY))


_LOGITS = _logits_of_bytes()


def _say_what_it_is(path: Path) -> None:
    """UserError when the file itself is wrong: that helps more than what is wrong with its card.

    The flatbuffer is read in Python, because a damaged file can bring the native runtime down.
    """
    try:
        content = read_model(path)
    except UserError:
        return
    if not is_tflite(content):
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{path}: not a TFLite file: give one of `edge-fer quantize`"
        )
    try:
        from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415  # 0.5 MB of code

        graph = schema.ModelT.InitFromPackedBuf(bytearray(content), 0).subgraphs[0]
        tensor = graph.tensors[graph.inputs[0]]
        shape = tuple(int(side) for side in tensor.shape)
        names = {number: name.lower() for name, number in vars(schema.TensorType).items()}
        kind = names[tensor.type]
    except (ImportError, struct.error, LookupError, TypeError, ValueError, AttributeError):
        return
    if (shape, kind) != (sized(EMOTIONS, shape).input.shape, INPUT.dtype):
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{path}: its input is {kind}{list(shape)}, not {INPUT.dtype}{list(INPUT.shape)}: "
            "convert the model with `edge-fer quantize`",
        )
