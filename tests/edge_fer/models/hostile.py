"""Models that an attacker, or a broken disk, may leave in the store. Each carries a good card."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge_fer.models.card import NetworkCard, load_network, write_card
from edge_fer.models.files import card_path
from tests.edge_fer.conftest import build_tiny, card_of, pack

_GIGABYTES = (1, 2**15, 2**16, 1)  # int8: 2 GB


@dataclass(frozen=True)
class Base:
    """The good network that is made hostile, and its card."""

    content: bytes
    card: NetworkCard


Hostile = Callable[[Path, Base], None]
"""How to write it at a path, made of a good one."""


def tiny() -> Base:
    """Return a network of the kind *emotions* with a few kilobytes."""
    content = build_tiny()
    return Base(content, card_of(content))


def of_kind(path: Path) -> Base:
    """Return the network at `path`, of any kind."""
    card, content = load_network(path)
    return Base(content, card)


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


def _changed(change: Callable[[Any], None], base: Base) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(bytearray(base.content), 0)
    change(model)
    return pack(model)


def huge_tensor(base: Base) -> bytes:
    """Return a model that pads its input to 2 GB and cuts it out of that again."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        face = graph.tensors[graph.inputs[0]]
        pads = np.array(
            [[0, 0], [0, 2**15 - face.shape[1]], [0, 2**16 - face.shape[2]], [0, 0]], np.int32
        )
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

    return _changed(change, base)


def endless_loop(base: Base, body_subgraph: int = 2) -> bytes:
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

    return _changed(change, base)


def endless_recursion(base: Base) -> bytes:
    """Return a model whose WHILE contains itself: the runtime's stack overflows."""
    return endless_loop(base, body_subgraph=0)


def truncated(base: Base) -> bytes:
    """Return a model whose end is missing."""
    return base.content[:-400]


def _write(model: Path, content: bytes, base: Base) -> None:
    """Write a model with a card that vouches for it: anyone can write one."""
    model.write_bytes(content)
    write_card(replace(base.card, sha256=hashlib.sha256(content).hexdigest()), model)


def _good(model: Path, base: Base) -> None:
    _write(model, base.content, base)


def _made(make: Callable[[Base], bytes]) -> Hostile:
    return lambda model, base: _write(model, make(base), base)


def _with_text(text: Callable[[str], str]) -> Hostile:
    """Write a good model whose card's text was changed."""

    def write(model: Path, base: Base) -> None:
        _good(model, base)
        card = card_path(model)
        changed = text(card.read_text())
        assert changed != card.read_text()
        card.write_text(changed)

    return write


def _with_scale(value: str) -> Hostile:
    return _with_text(lambda text: re.sub(r'"scale": [0-9.e-]+', f'"scale": {value}', text))


def _pipe(model: Path, base: Base) -> None:
    _good(model, base)
    model.unlink()
    os.mkfifo(model)


def _card_is_a_pipe(model: Path, base: Base) -> None:
    _good(model, base)
    card_path(model).unlink()
    os.mkfifo(card_path(model))


def _signature_is_a_pipe(model: Path, base: Base) -> None:
    _good(model, base)
    os.mkfifo(model.with_suffix(".sig"))


def _huge(suffix: str) -> Hostile:
    def write(model: Path, base: Base) -> None:
        _good(model, base)
        with model.with_suffix(suffix).open("ab") as file:
            file.truncate(5 << 30)  # a hole: it takes no room on the disk

    return write


def _link(suffix: str, target: str) -> Hostile:
    def write(model: Path, base: Base) -> None:
        _good(model, base)
        path = model.with_suffix(suffix)
        path.unlink()
        path.symlink_to(target)

    return write


def _folder(model: Path, base: Base) -> None:
    _good(model, base)
    model.unlink()
    model.mkdir()


def _golden_of_another(model: Path, base: Base) -> None:
    golden = {
        name: tuple(-1 - value for value in values) for name, values in base.card.golden.items()
    }
    _good(model, replace(base, card=replace(base.card, golden=golden)))


QUICK: dict[str, Hostile] = {
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
    "an infinite scale": _with_scale("1e999"),
    "no number": _with_scale("NaN"),
    "a number of a million digits": _with_scale("1" * 1_000_000),
    "deep JSON": _with_text(lambda text: "[" * 500_000),
    "deep objects": _with_text(lambda text: '{"a":' * 150_000),
    "no JSON": _with_text(lambda text: "\0\xff"),
    "no object": _with_text(lambda text: json.dumps([text])),
}
"""What is refused before a process is started for it: how to write each at a path."""

SLOW: dict[str, Hostile] = {
    "a tensor of 2 GB": _made(huge_tensor),
    "an endless loop": _made(endless_loop),
    "a crash": _made(endless_recursion),
    "answers of another model": _golden_of_another,
    "a truncated file": _made(truncated),
}
"""What is found by running it."""


def store_with(folder: Path, write: Hostile, base: Base | None = None) -> Path:
    """Make a store at `folder` whose current and previous model are what `write` writes.

    Of another kind than emotions, the folder is that of the kind.
    """
    for place, link in enumerate(("current", "previous")):
        version = folder / "versions" / f"hostile-{place}"
        version.mkdir(parents=True)
        write(version / "model.tflite", base or tiny())
        (folder / link).symlink_to(f"versions/{version.name}")
    return folder
