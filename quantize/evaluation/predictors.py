"""One interface over the kinds of model file: bytes of images in, log-probabilities out."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.kind import EMOTIONS, ModelKind, sized
from edge_fer.models.operators import is_tflite
from quantize.data.calibration_set import to_float_input
from quantize.data.views import mean_over_views
from quantize.evaluation.scores import log_softmax
from quantize.networks.tflite_file import open_interpreter
from quantize.networks.use import Use
from quantize.workstation import require_tensorflow

_ZIP_MAGIC = b"PK\x03\x04"  # a .keras file is a zip archive
_HDF5_MAGIC = b"\x89HDF"
_BATCH = 256
_SHARE = 64  # images that an interpreter takes at once
_LEAST_PROBABILITY = 1e-12  # for float outputs that underflow


class Predictor(Protocol):
    """A model that answers for a stack of images of its own `side_px`."""

    format: str
    side_px: int

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return float64[n, labels] for `images`; `advance` is called with how many are done.

        Images are uint8[n, side, side], `side` being `side_px`. The probabilities of a row sum to
        1, and none is 0.
        """
        ...


class NumbersPredictor(Predictor, Protocol):
    """A model read from a file, whose own outputs can be asked for too."""

    def numbers(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return what the network itself answers, float64[n, outputs]; int8 outputs as reals."""
        ...


def open_predictor(
    path: Path,
    kind: ModelKind | None = None,
    use: Use | None = None,
    *,
    precision: str = "float32",
) -> NumbersPredictor:
    """Open a network (`.keras`, `.h5`, a SavedModel) or a `.tflite` file of `kind`, by its content.

    None is an emotion network for faces of whatever size it takes, the network's own; one for
    another size than that of a given `kind` is asked through a resize. `use` says in which order
    its outputs are, and how a network's pixels were scaled. A network computes in `precision`, a
    policy of Keras; a `.tflite` file as it is made. UserError when the file is missing, is
    neither, or takes or returns other shapes.
    """
    if path.is_dir():
        return _open_network(path, kind, use, precision)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            ModelReason.UNREADABLE, f"{path}: cannot read the model ({error.strerror})"
        ) from error
    if is_tflite(content):
        return TflitePredictor(
            content,
            str(path),
            kind=kind or own_kind(content, str(path), use),
            labels=None if use is None else use.labels,
        )
    if not content.startswith((_ZIP_MAGIC, _HDF5_MAGIC)):
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{path}: neither a .keras or .h5 nor a .tflite file"
        )
    return _open_network(path, kind, use, precision)


def own_kind(content: bytes, source: str, use: Use | None = None) -> ModelKind:
    """Return the kind of an emotion network's `.tflite` file, with the side that its input has."""
    inputs = open_interpreter(content, source).get_input_details()
    kind = EMOTIONS if use is None else use.kind
    return sized(kind, tuple(int(side) for side in inputs[0]["shape"])) if inputs else kind


def _open_network(
    path: Path, kind: ModelKind | None, use: Use | None, precision: str
) -> NumbersPredictor:
    require_tensorflow()
    from quantize.networks.network_file import (  # noqa: PLC0415  # it imports TensorFlow
        in_precision,
        load_network,
        load_own_network,
    )

    network = load_own_network(path, use) if kind is None else load_network(path, kind, use)
    return KerasPredictor(network if precision == "float32" else in_precision(network, precision))


class ViewsPredictor:
    """Answers with the mean probabilities over views of each image (`quantize.data.views`)."""

    def __init__(self, predictor: Predictor, count: int) -> None:
        self.format, self.side_px = predictor.format, predictor.side_px
        self._predictor, self._count = predictor, count

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return float64[n, labels] for `images`, each asked for as often as it has views."""

        def answer(view: NDArray[np.uint8]) -> NDArray[np.float64]:
            answers = self._predictor.log_probabilities(
                view, lambda done: advance(done / self._count)
            )
            return np.exp(answers)

        return np.log(mean_over_views(answer, images, self._count))


class KerasPredictor:
    """A network in the precision that it has; its last layer is in float32."""

    format = "keras"

    def __init__(self, model: Any) -> None:
        from quantize.networks.network_file import gives_probabilities  # noqa: PLC0415

        self._model = model
        self._probabilities = gives_probabilities(model)
        self.side_px = int(model.inputs[0].shape[1])

    def numbers(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return what the network answers, float64[n, outputs], in batches."""
        parts = []
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH]
            outputs = self._model.predict_on_batch(to_float_input(batch))
            parts.append(np.asarray(outputs, np.float64))
            advance(len(batch))
        return np.concatenate(parts)

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return float64[n, labels] for `images` (uint8[n, side, side]), in batches."""
        outputs = self.numbers(images, advance)
        if self._probabilities:
            outputs = np.log(np.maximum(outputs, _LEAST_PROBABILITY))
        return log_softmax(outputs)


class TflitePredictor:
    """A TFLite file with a fixed batch of one, through LiteRT; int8 or float32 at either end.

    `workers` interpreters of one thread each share the images, as many as there are cores without
    it: twice as fast on two cores. One interpreter of two threads is about as fast; each image's
    answer here comes from the file as it is, with its batch of one. `labels` name the file's
    outputs, where they are not in the kind's order.
    """

    format = "tflite"

    def __init__(
        self,
        content: bytes,
        source: str,
        *,
        kind: ModelKind = EMOTIONS,
        workers: int | None = None,
        labels: tuple[str, ...] | None = None,
    ) -> None:
        self._kind, self.side_px = kind, kind.side_px
        self._order = [(labels or kind.labels).index(label) for label in kind.labels]
        self._interpreters = [
            open_interpreter(content, source)
            for _ in range(workers or len(os.sched_getaffinity(0)))
        ]
        inputs = self._interpreters[0].get_input_details()
        outputs = self._interpreters[0].get_output_details()
        wanted = (
            ("input", inputs, kind.input.shape),
            ("output", outputs, kind.output.shape),
        )
        for which, details, shape in wanted:
            found = tuple(int(side) for side in details[0]["shape"]) if details else ()
            if len(details) != 1 or found != shape:
                raise ModelError(
                    ModelReason.UNSUPPORTED,
                    f"{source}: {which} shape {list(found)} is not {list(shape)}: "
                    f"is this a network for `{kind.made_by}`?",
                )
            if details[0]["dtype"] not in (np.int8, np.float32):
                name = np.dtype(details[0]["dtype"]).name
                raise ModelError(
                    ModelReason.UNSUPPORTED,
                    f"{source}: {which} type {name} is neither int8 nor float32",
                )
        self._input, self._output = inputs[0], outputs[0]

    def log_probabilities(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return float64[n, labels] for `images` (uint8[n, side, side])."""
        # A stored zero means anything below half a step; its logarithm has to be finite.
        is_float = self._output["dtype"] is np.float32
        least = _LEAST_PROBABILITY if is_float else float(self._output["quantization"][0]) / 2
        return log_softmax(np.log(np.maximum(self.numbers(images, advance), least)))

    def numbers(
        self, images: NDArray[np.uint8], advance: Callable[[float], None]
    ) -> NDArray[np.float64]:
        """Return the outputs, float64[n, outputs]; stored int8 as the reals that they stand for."""
        raw = np.empty((len(images), len(self._kind.labels)), self._output["dtype"])
        free: SimpleQueue[Any] = SimpleQueue()
        for interpreter in self._interpreters:
            free.put(interpreter)

        def answer(start: int) -> int:
            stored = self._to_input(images[start : start + _SHARE])
            interpreter = free.get()
            try:
                for place, image in enumerate(stored, start):
                    interpreter.set_tensor(self._input["index"], image[np.newaxis])
                    interpreter.invoke()
                    raw[place] = interpreter.get_tensor(self._output["index"])[0]
            finally:
                free.put(interpreter)
            return len(stored)

        with ThreadPoolExecutor(len(self._interpreters)) as pool:
            for done in pool.map(answer, range(0, len(images), _SHARE)):
                advance(done)
        numbers = raw.astype(np.float64)
        if self._output["dtype"] is np.float32:
            return np.asarray(numbers[:, self._order])
        scale, zero_point = self._output["quantization"]
        reals = (numbers - zero_point) * float(scale)
        return np.asarray(reals[:, self._order], np.float64)

    def _to_input(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        values = to_float_input(images)
        if self._input["dtype"] is np.float32:
            return values
        scale, zero_point = self._input["quantization"]
        stored = np.rint(values / np.float32(scale)) + zero_point
        return np.asarray(np.clip(stored, -128, 127), np.int8)
