"""A real int8 model of a few kilobytes, built without TensorFlow, with its card."""

import hashlib
import importlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge_fer.emotions import LABELS
from edge_fer.models.card import (
    INPUT,
    OUTPUT,
    Accuracy,
    Calibration,
    Confidence,
    Equivalence,
    LayerNoise,
    ModelCard,
    write_card,
)
from edge_fer.models.golden import choose_golden
from edge_fer.models.runtime import open_model

FILTERS, SIDE = 4, 8  # one 6x6 convolution with stride 6, then a dense layer and a softmax


class _Builder:
    """Gathers buffers, tensors and operators of one graph."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version, self.model.description = 3, "tiny"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        scales: list[float] | None,
        zero_point: int = 0,
        data: Any = None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name, list(shape)
        tensor.type = schema.TensorType.INT8
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
            if data.dtype == np.int32:
                tensor.type = schema.TensorType.INT32
        if scales is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = scales
            tensor.quantization.zeroPoint = [zero_point] * len(scales)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(
        self, code: int, inputs: list[int], output: int, kind: int = 0, options: Any = None
    ) -> None:
        operator_code = schema.OperatorCodeT()
        operator_code.builtinCode = operator_code.deprecatedBuiltinCode = code
        operator_code.version = 1 if code == schema.BuiltinOperator.RESHAPE else 2
        self.model.operatorCodes.append(operator_code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self.graph.operators.append(operator)

    def finish(self, first: int, last: int) -> bytes:
        self.graph.inputs, self.graph.outputs = [first], [last]
        return pack(self.model)


def pack(model: Any) -> bytes:
    builder = importlib.import_module("flatbuffers").Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def build_tiny(seed: int = 0) -> bytes:
    """Return an int8 model with random weights; another seed is another model."""
    rng = np.random.default_rng(seed)
    build = _Builder()
    face = build.tensor("face", INPUT.shape, [INPUT.scale], INPUT.zero_point)
    kernel = rng.integers(-127, 128, (FILTERS, 6, 6, 1)).astype(np.int8)
    kernel_scales = [0.002 + 0.0005 * channel for channel in range(FILTERS)]
    weights = build.tensor("kernel", kernel.shape, kernel_scales, data=kernel)
    bias = np.zeros(FILTERS, np.int32)
    biases = build.tensor(
        "bias", bias.shape, [INPUT.scale * scale for scale in kernel_scales], data=bias
    )
    features = build.tensor("features", (1, SIDE, SIDE, FILTERS), [0.02], -128)
    convolution = schema.Conv2DOptionsT()
    convolution.strideW = convolution.strideH = 6
    convolution.padding = schema.Padding.VALID
    convolution.fusedActivationFunction = schema.ActivationFunctionType.RELU
    options = schema.BuiltinOptions
    operators = schema.BuiltinOperator
    build.operator(
        operators.CONV_2D, [face, weights, biases], features, options.Conv2DOptions, convolution
    )
    flat_shape = np.array([1, SIDE * SIDE * FILTERS], np.int32)
    shape = build.tensor("shape", flat_shape.shape, None, data=flat_shape)
    flat = build.tensor("flat", (1, SIDE * SIDE * FILTERS), [0.02], -128)
    reshape = schema.ReshapeOptionsT()
    reshape.newShape = flat_shape.tolist()
    build.operator(operators.RESHAPE, [features, shape], flat, options.ReshapeOptions, reshape)
    dense = rng.integers(-127, 128, (7, SIDE * SIDE * FILTERS)).astype(np.int8)
    matrix = build.tensor("dense", dense.shape, [0.0005], data=dense)
    logits = build.tensor("logits", OUTPUT.shape, [0.02], 0)
    build.operator(
        operators.FULLY_CONNECTED,
        [flat, matrix, -1],
        logits,
        options.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    answer = build.tensor("probabilities", OUTPUT.shape, [OUTPUT.scale], OUTPUT.zero_point)
    build.operator(operators.SOFTMAX, [logits], answer, options.SoftmaxOptions, softmax)
    return build.finish(face, answer)


def card_of(content: bytes, name: str = "tiny") -> ModelCard:
    return ModelCard(
        name=name,
        labels=LABELS,
        input=INPUT,
        output=OUTPUT,
        parameters=2_000,
        multiply_adds=11_000,
        operators=("CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"),
        sha256=hashlib.sha256(content).hexdigest(),
        calibration=Calibration(1, 100, "ab" * 32),
        accuracy=Accuracy("PublicTest", 3589, 0.66, 0.659),
        temperature=1.25,
        uncertain_threshold=0.41,
        confidence=Confidence(0.08, 0.02, 0.8, 0.74),
        tools={"numpy": np.__version__},
        equivalence=Equivalence(
            "PublicTest", 3589, 0.985, 0.08, 0.004, (LayerNoise("logits", "CONV_2D", 30.5),)
        ),
        golden=choose_golden(
            open_model(content, name).run, open_model(content, name, xnnpack=False).run
        ).outputs,
    )


def write_tiny(folder: Path, name: str = "tiny", seed: int = 0) -> Path:
    """Write a model with its card into `folder` and return the model's path."""
    path = folder / f"{name}.tflite"
    content = build_tiny(seed)
    path.write_bytes(content)
    write_card(card_of(content, name), path)
    return path


@pytest.fixture(scope="session")
def tiny_int8() -> bytes:
    return build_tiny()


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    """An int8 model with its card, in the test's own folder."""
    return write_tiny(tmp_path)


@pytest.fixture(scope="session")
def make_tiny() -> Callable[..., Path]:
    """Write a model with its card: `make_tiny(folder, name, seed)`."""
    return write_tiny


@pytest.fixture(scope="session")
def repack() -> Callable[[bytes, Callable[[Any], None]], bytes]:
    """Change the tables of a TFLite file: `repack(content, change)`."""

    def changed(content: bytes, change: Callable[[Any], None]) -> bytes:
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        change(model)
        return pack(model)

    return changed


@pytest.fixture
def patient_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the checks of installed models the time that a busy machine takes for a process.

    A daemon that starts gives them five seconds, and then takes another model.
    """
    monkeypatch.setattr("edge_fer.models.attempts.ALL_CHECKS_S", 180.0)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen as systemd does: a datagram socket that $NOTIFY_SOCKET names."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60.0)  # for a busy machine
        yield listener
