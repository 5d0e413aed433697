"""Lists the operators of a `.tflite` file, and refuses those that int8 hardware cannot run.

It reads the flatbuffer itself, through the schema that comes with LiteRT: no TensorFlow, and no
interpreter, whose delegates would hide the operators behind their own.
"""

import struct
from dataclasses import dataclass
from typing import Any

from edge_fer.errors import ModelError, ModelReason

_IDENTIFIER = b"TFL3"  # at byte 4 of every TFLite flatbuffer
# Where the kernels of convolutions have their output channels.
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}
_WITH_WEIGHTS = (*_CHANNEL_AXIS, "FULLY_CONNECTED")  # their second input


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its name, and the types of what it computes with and of what it returns.

    Types are those of the schema, as INT8; `constants` are inputs that the file holds, as weights.
    `per_channel` says whether a convolution's weights have a scale each channel; None: no such.
    `weights` is the shape of a convolution's or dense layer's weights; () where there are none.
    """

    name: str
    inputs: tuple[str, ...]
    constants: tuple[str, ...]
    outputs: tuple[str, ...]
    per_channel: bool | None
    output_shape: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()


def is_tflite(content: bytes) -> bool:
    """Say whether `content` claims to be a TFLite file."""
    return content[4:8] == _IDENTIFIER


def list_operators(content: bytes, source: str) -> list[Operator]:
    """Return the operators of a `.tflite` file in the order of execution, all subgraphs.

    UserError, naming `source`, when the file is no readable TFLite file.
    """
    if not is_tflite(content):
        raise ModelError(ModelReason.NOT_A_MODEL, f"{source}: not a TFLite file")
    schema = tflite_schema()
    try:
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        return [
            _operator(operator, graph, model)
            for graph in model.subgraphs
            for operator in graph.operators
        ]
    except (struct.error, IndexError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise ModelError(
            ModelReason.NOT_A_MODEL, f"{source}: a damaged TFLite file ({error})"
        ) from error


def operator_names(operators: list[Operator]) -> tuple[str, ...]:
    """Return the names that occur, each once, in the order of their first use."""
    return tuple(dict.fromkeys(operator.name for operator in operators))


def refuse_inexact(operators: list[Operator], source: str) -> None:
    """UserError naming the first operator that is not full int8.

    Allowed are built-in operators whose activations are int8 throughout, with constants that are
    int8 (weights) or int32 (biases, axes, shapes), and convolution weights have a scale a channel.
    """
    for place, operator in enumerate(operators):
        where = f"{source}: operator {place}, {operator.name},"
        if operator.name.startswith(("CUSTOM", "FLEX")):
            raise ModelError(
                ModelReason.UNSUPPORTED,
                f"{where} is not built into TFLite: the device cannot run it",
            )
        foreign = [kind for kind in operator.inputs + operator.outputs if kind != "INT8"]
        foreign += [kind for kind in operator.constants if kind not in ("INT8", "INT32")]
        if foreign:
            raise ModelError(
                ModelReason.UNSUPPORTED, f"{where} computes in {foreign[0].lower()} and not in int8"
            )
        if operator.per_channel is False:
            raise ModelError(
                ModelReason.UNSUPPORTED, f"{where} has weights that are not quantized per channel"
            )


def tflite_schema() -> Any:
    """Return the schema's module, which comes with LiteRT; UserError where it is missing."""
    try:
        from ai_edge_litert import schema_py_generated  # noqa: PLC0415  # half a megabyte of code
    except ImportError as error:
        raise ModelError(
            ModelReason.NO_RUNTIME,
            f"listing operators needs LiteRT: pip install ai-edge-litert ({error})",
        ) from error
    return schema_py_generated


def _operator(operator: Any, graph: Any, model: Any) -> Operator:
    schema = tflite_schema()

    def kinds(tensors: list[Any]) -> tuple[str, ...]:
        return tuple(_name_of(schema.TensorType, tensor.type) for tensor in tensors)

    def is_constant(tensor: Any) -> bool:
        buffer = model.buffers[tensor.buffer]
        return buffer.data is not None and len(buffer.data) > 0

    # -1 stands for an optional input that is not there.
    read = [graph.tensors[index] for index in operator.inputs if index >= 0]
    written = [graph.tensors[index] for index in operator.outputs]
    name = _operator_name(model.operatorCodes[operator.opcodeIndex])
    per_channel = None
    if name in _CHANNEL_AXIS:
        weights = graph.tensors[operator.inputs[1]]
        scales = weights.quantization.scale if weights.quantization else None
        channels = weights.shape[_CHANNEL_AXIS[name]]
        per_channel = scales is not None and len(scales) == int(channels)
    return Operator(
        name,
        inputs=kinds([tensor for tensor in read if not is_constant(tensor)]),
        constants=kinds([tensor for tensor in read if is_constant(tensor)]),
        outputs=kinds(written),
        per_channel=per_channel,
        output_shape=_shape(written[0]) if written else (),
        weights=_shape(read[1]) if name in _WITH_WEIGHTS else (),
    )


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(side) for side in tensor.shape)


def _operator_name(code: Any) -> str:
    schema = tflite_schema()
    # Codes above 127 do not fit the old field; the larger of both is the one in force.
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    if builtin != schema.BuiltinOperator.CUSTOM:
        return _name_of(schema.BuiltinOperator, builtin)
    custom = code.customCode.decode("utf-8", errors="replace") if code.customCode else "?"
    return f"FLEX {custom}" if custom.startswith("Flex") else f"CUSTOM {custom}"


def _name_of(enumeration: type, value: int) -> str:
    """Return the schema's name of a value: its generated classes hold plain integers."""
    for name, number in vars(enumeration).items():
        if number == value and name.isupper():
            return name
    raise ValueError(f"{value} is no {enumeration.__name__}")
