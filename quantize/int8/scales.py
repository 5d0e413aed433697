"""Mends the scales of a converted file: of layers that were silent, and of its output."""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge_fer.models.kind import TensorSpec

# An activation that was 0 in each representative image gets a scale of 8e-9 from the converter, and
# with such a one XNNPACK refuses the file. No activation that is used is so small.
_SILENT = 1e-7
_SCALE_OF_SILENT = 1 / 256
_WITH_BIAS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def with_usable_scales(content: bytes, output: TensorSpec) -> bytes:
    """Return the int8 file `content` with usable scales, and its output quantized as `output`.

    Layers that were silent get an ordinary scale. An output of another scale is converted by an
    operator at the end: that of an average of two softmaxes, say, has the range that was seen.
    """
    file = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    changed = _mend_silent(file) | _convert_output(file, output)
    if not changed:
        return content
    builder = flatbuffers.Builder(len(content))
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _mend_silent(file: Any) -> bool:
    graph = file.subgraphs[0]
    silent: dict[int, float] = {}
    for place, tensor in enumerate(graph.tensors):
        scale = _scale(tensor)
        if tensor.type == schema.TensorType.INT8 and scale is not None and scale < _SILENT:
            silent[place] = scale
            tensor.quantization.scale = np.array([_SCALE_OF_SILENT], np.float32)
    for operator in graph.operators if silent else ():
        name = _name(file, operator)
        if name in _WITH_BIAS and operator.inputs[0] in silent and operator.inputs[2] >= 0:
            factor = silent[operator.inputs[0]] / _SCALE_OF_SILENT
            _rescale_bias(file, graph.tensors[operator.inputs[2]], factor)
    return bool(silent)


def _rescale_bias(file: Any, tensor: Any, factor: float) -> None:
    """Express a bias in a scale that is 1 / `factor` times as large."""
    values = np.frombuffer(file.buffers[tensor.buffer].data.tobytes(), np.int32)
    rescaled = np.rint(values * factor).astype(np.int32)
    tensor.buffer = len(file.buffers)  # one of its own: equal constants share one
    file.buffers.append(schema.BufferT())
    file.buffers[-1].data = np.frombuffer(rescaled.tobytes(), np.uint8)
    scales = np.asarray(tensor.quantization.scale, np.float64) / factor
    tensor.quantization.scale = scales.astype(np.float32)


def _convert_output(file: Any, output: TensorSpec) -> bool:
    graph = file.subgraphs[0]
    place = graph.outputs[0]
    tensor = graph.tensors[place]
    scale = _scale(tensor)
    if tensor.type != schema.TensorType.INT8 or scale is None:
        return False
    zero_point = int(tensor.quantization.zeroPoint[0])
    if (np.float32(scale), zero_point) == (np.float32(output.scale), output.zero_point):
        return False
    new = schema.TensorT()
    new.name = b"probabilities"
    new.type, new.shape = schema.TensorType.INT8, tensor.shape
    new.quantization = schema.QuantizationParametersT()
    new.quantization.scale = np.array([output.scale], np.float32)
    new.quantization.zeroPoint = np.array([output.zero_point], np.int64)
    file.buffers.append(schema.BufferT())
    new.buffer = len(file.buffers) - 1
    graph.tensors.append(new)
    operator = schema.OperatorT()
    operator.opcodeIndex = _opcode(file, schema.BuiltinOperator.QUANTIZE)
    operator.inputs = np.array([place], np.int32)
    operator.outputs = np.array([len(graph.tensors) - 1], np.int32)
    operator.builtinOptionsType = schema.BuiltinOptions.QuantizeOptions
    operator.builtinOptions = schema.QuantizeOptionsT()
    graph.operators.append(operator)
    graph.outputs = operator.outputs
    for signature in file.signatureDefs or ():
        for entry in signature.outputs:
            entry.tensorIndex = int(operator.outputs[0])
    return True


def _opcode(file: Any, builtin: int) -> int:
    for place, code in enumerate(file.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == builtin:
            return place
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 2  # the first that converts int8 to int8
    file.operatorCodes.append(code)
    return len(file.operatorCodes) - 1


def _scale(tensor: Any) -> float | None:
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or len(quantization.scale) != 1:
        return None
    return float(quantization.scale[0])


def _name(file: Any, operator: Any) -> str:
    code = file.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    names = vars(schema.BuiltinOperator).items()
    return next((name for name, value in names if value == number), "")
