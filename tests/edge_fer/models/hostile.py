"""Models that an attacker, or a broken disk, may leave in the store. Each carries a good card."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge_fer.models.card import ModelCard, write_card
from edge_fer.models.files import card_path
from tests.edge_fer.conftest import build_tiny, card_of, pack

_GIGABYTES = (1, 2**15, 2**16, 1)  # int8: 2 GB


def _tensor(name: str, shape: tuple[int, ...], kind: int, buffer: int = 0) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
    return tensor


def _buffer(model: Any, data: Any) -> int:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _first_operator(model: Any, code: int, inputs: list[int], outputs: list[int]) -> Any:
    operator_code = schema.OperatorCodeT()
    operator_code.builtinCode = operator_code.deprecatedBuiltinCode = min(code, 127)
    operator_code.builtinCode, operator_code.version = code, 1
    model.operatorCodes.append(operator_code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = inputs, outputs
    model.subgraphs[0].operators.insert(0, operator)
    return operator


def _take_instead(graph: Any, tensor: int) -> None:
    """Let each operator take `tensor` where it took the graph's input."""
    for operator in graph.operators:
        operator.inputs = [tensor if each == graph.inputs[0] else each for each in operator.inputs]


def _changed(change: Callable[[Any], None]) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(bytearray(build_tiny()), 0)
    change(model)
    return pack(model)


def huge_tensor() -> bytes:
    """Return a model that pads its input to 2 GB and cuts it out of that again."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        face = graph.tensors[graph.inputs[0]]
        pads = np.array([[0, 0], [0, 2**15 - 48], [0, 2**16 - 48], [0, 0]], np.int32)
        graph.tensors.append(
            _tensor("pads", pads.shape, schema.TensorType.INT32, _buffer(model, pads))
        )
        huge = _tensor("huge", _GIGABYTES, schema.TensorType.INT8)
        huge.quantization = face.quantization
        graph.tensors.append(huge)
        begin, size = np.zeros(4, np.int32), np.array(face.shape, np.int32)
        for name, values in (("begin", begin), ("size", size)):
            tensor = _tensor(name, (4,), schema.TensorType.INT32, _buffer(model, values))
            graph.tensors.append(tensor)
        after = _tensor("after", tuple(face.shape), schema.TensorType.INT8)
        after.quantization = face.quantization
        graph.tensors.append(after)
        pads_at, huge_at, begin_at, size_at, after_at = range(
            len(graph.tensors) - 5, len(graph.tensors)
        )
        _take_instead(graph, after_at)
        operator = _first_operator(
            model, schema.BuiltinOperator.SLICE, [huge_at, begin_at, size_at], [after_at]
        )
        operator.builtinOptionsType = schema.BuiltinOptions.SliceOptions
        operator.builtinOptions = schema.SliceOptionsT()
        operator = _first_operator(
            model, schema.BuiltinOperator.PAD, [graph.inputs[0], pads_at], [huge_at]
        )
        operator.builtinOptionsType = schema.BuiltinOptions.PadOptions
        operator.builtinOptions = schema.PadOptionsT()

    return _changed(change)


def endless_loop(body_subgraph: int = 2) -> bytes:
    """Return a model whose WHILE has a condition that is always true."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        face = graph.tensors[graph.inputs[0]]

        def copy(name: str) -> Any:
            tensor = _tensor(name, tuple(face.shape), face.type)
            tensor.quantization = face.quantization
            return tensor

        true = _buffer(model, np.array([True]))
        condition, body = schema.SubGraphT(), schema.SubGraphT()
        condition.tensors = [copy("value"), _tensor("true", (), schema.TensorType.BOOL, true)]
        condition.inputs, condition.outputs, condition.operators = [0], [1], []
        body.tensors, body.inputs, body.outputs = [copy("value")], [0], [0]
        body.operators = []
        model.subgraphs += [condition, body]
        graph.tensors.append(copy("after"))
        after = len(graph.tensors) - 1
        _take_instead(graph, after)
        loop = _first_operator(model, schema.BuiltinOperator.WHILE, [graph.inputs[0]], [after])
        loop.builtinOptionsType = schema.BuiltinOptions.WhileOptions
        loop.builtinOptions = schema.WhileOptionsT()
        loop.builtinOptions.condSubgraphIndex = 1
        loop.builtinOptions.bodySubgraphIndex = body_subgraph

    return _changed(change)


def endless_recursion() -> bytes:
    """Return a model whose WHILE contains itself: the runtime's stack overflows."""
    return endless_loop(body_subgraph=0)


def card_for(content: bytes) -> ModelCard:
    """Return a card that vouches for `content`: anyone can write one."""
    return replace(card_of(build_tiny()), sha256=hashlib.sha256(content).hexdigest())


def _with_card(make: Callable[[], bytes]) -> Callable[[Path], None]:
    def write(model: Path) -> None:
        content = make()
        model.write_bytes(content)
        write_card(card_for(content), model)

    return write


def _with_text(text: Callable[[str], str]) -> Callable[[Path], None]:
    """Write a good model whose card's text was changed."""

    def write(model: Path) -> None:
        _with_card(build_tiny)(model)
        card = card_path(model)
        card.write_text(text(card.read_text()))

    return write


def _pipe(model: Path) -> None:
    _with_card(build_tiny)(model)
    model.unlink()
    os.mkfifo(model)


def _card_is_a_pipe(model: Path) -> None:
    _with_card(build_tiny)(model)
    card_path(model).unlink()
    os.mkfifo(card_path(model))


def _signature_is_a_pipe(model: Path) -> None:
    _with_card(build_tiny)(model)
    os.mkfifo(model.with_suffix(".sig"))


def _huge(suffix: str) -> Callable[[Path], None]:
    def write(model: Path) -> None:
        _with_card(build_tiny)(model)
        with model.with_suffix(suffix).open("ab") as file:
            file.truncate(5 << 30)  # a hole: it takes no room on the disk

    return write


def _link(suffix: str, target: str) -> Callable[[Path], None]:
    def write(model: Path) -> None:
        _with_card(build_tiny)(model)
        path = model.with_suffix(suffix)
        path.unlink()
        path.symlink_to(target)

    return write


def _folder(model: Path) -> None:
    _with_card(build_tiny)(model)
    model.unlink()
    model.mkdir()


def _golden_of_another(model: Path) -> None:
    content = build_tiny(3)
    model.write_bytes(content)
    write_card(card_for(content), model)


QUICK: dict[str, Callable[[Path], None]] = {
    "the model is a pipe": _pipe,
    "the card is a pipe": _card_is_a_pipe,
    "the signature is a pipe": _signature_is_a_pipe,
    "the model is a folder": _folder,
    "a model of 5 GB": _huge(".tflite"),
    "a card of 5 GB": _huge(".json"),
    "a link to a device": _link(".tflite", "/dev/zero"),
    "a card that is a link to a device": _link(".json", "/dev/zero"),
    "a link to itself": _link(".tflite", "model.tflite"),
    "a link to nothing": _link(".json", "/nowhere"),
    "an infinite temperature": _with_text(lambda text: text.replace("1.25", "1e999")),
    "no number": _with_text(lambda text: text.replace("1.25", "NaN")),
    "a number of a million digits": _with_text(lambda text: text.replace("1.25", "1" * 1_000_000)),
    "deep JSON": _with_text(lambda text: "[" * 500_000),
    "deep objects": _with_text(lambda text: '{"a":' * 150_000),
    "no JSON": _with_text(lambda text: "\0\xff"),
    "no object": _with_text(lambda text: json.dumps([text])),
}
"""What is refused before a process is started for it: how to write each at a path."""

SLOW: dict[str, Callable[[Path], None]] = {
    "a tensor of 2 GB": _with_card(huge_tensor),
    "an endless loop": _with_card(endless_loop),
    "a crash": _with_card(endless_recursion),
    "answers of another model": _golden_of_another,
    "a truncated file": _with_card(lambda: build_tiny()[:-400]),
}
"""What is found by running it."""


def store_with(folder: Path, write: Callable[[Path], None]) -> Path:
    """Make a store at `folder` whose current and previous model are what `write` writes."""
    for place, link in enumerate(("current", "previous")):
        version = folder / "versions" / f"hostile-{place}"
        version.mkdir(parents=True)
        write(version / "model.tflite")
        (folder / link).symlink_to(f"versions/{version.name}")
    return folder
