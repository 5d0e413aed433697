"""The inside of a TFLite file, int8 or float32: what a device computes."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer.quiet import quiet_output
from quantize.data.calibration_set import to_float_input
from quantize.evaluation.equivalence import all_tensors, layer_name
from quantize.report.anatomy import LayerRow, last_of_each_size

# Multiply-adds for each value of the output, from the shape of the weights.
_PER_OUTPUT = {
    "CONV_2D": lambda weights: math.prod(weights[1:]),  # [out, height, width, in]
    "DEPTHWISE_CONV_2D": lambda weights: math.prod(weights[1:3]),  # [1, height, width, out]
    "FULLY_CONNECTED": lambda weights: weights[-1],  # [out, in]
}
# Operators whose constant inputs are weights; those of others are shapes and axes.
_WITH_WEIGHTS = {*_PER_OUTPUT, "MUL", "ADD", "SUB", "PRELU"}


class TfliteAnatomy:
    """Reads a file's operators; weights and maps are real values, not the stored ones."""

    def __init__(self, content: bytes) -> None:
        with quiet_output():
            self._interpreter = all_tensors(content)
        self._tensors = {d["index"]: d for d in self._interpreter.get_tensor_details()}
        inputs = {details["index"] for details in self._interpreter.get_input_details()}
        computed: set[int] = set(inputs)
        self._operators: list[dict[str, Any]] = []
        # It has no public list of operators. What is computed from constants alone, as the weights
        # of a float16 file are, counts as a constant and not as a layer.
        for operator in self._interpreter._get_ops_details():
            if computed.intersection(map(int, operator["inputs"])):
                computed.update(map(int, operator["outputs"]))
                self._operators.append(operator)
        self._constants = set(self._tensors) - computed

    def layers(self) -> list[LayerRow]:
        """Return the operators in their order, named for the layers that they came from."""
        rows = []
        for operator in self._operators:
            output, weights = self._output(operator), self._weights(operator)
            shape = tuple(int(side) for side in output["shape"])
            per_output = _PER_OUTPUT.get(operator["op_name"])
            rows.append(
                LayerRow(
                    layer_name(output["name"]),
                    operator["op_name"],
                    shape[1:],
                    sum(math.prod(map(int, tensor["shape"])) for tensor in weights),
                    math.prod(shape) * int(per_output(weights[0]["shape"])) if per_output else 0,
                )
            )
        return rows

    def first_filters(self) -> NDArray[np.float32] | None:
        """Return the first convolution's weights, float32[n, height, width]; None without one."""
        _, height, width, _ = self._interpreter.get_input_details()[0]["shape"]
        self._run(np.zeros((height, width), np.uint8))  # weights may have to be computed
        for operator in self._operators:
            if operator["op_name"] == "CONV_2D":
                weights = self._values(self._weights(operator)[0])  # [n, height, width, channels]
                return np.asarray(weights.mean(axis=-1), np.float32)
        return None

    def feature_maps(self, face: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return what `face` (uint8[48, 48]) becomes, float32[height, width, channels] by layer."""
        self._run(face)
        outputs = {
            layer_name(output["name"]): output
            for output in map(self._output, self._operators)
            if len(output["shape"]) == 4
        }
        shapes = {
            name: tuple(int(side) for side in output["shape"][1:])
            for name, output in outputs.items()
        }
        return {name: self._values(outputs[name])[0] for name in last_of_each_size(shapes)}

    def _run(self, face: NDArray[np.uint8]) -> None:
        wanted = self._interpreter.get_input_details()[0]
        values: NDArray[Any] = to_float_input(face[np.newaxis])
        if wanted["dtype"] is np.int8:
            values = (face.astype(np.int16) - 128).astype(np.int8)[np.newaxis, ..., np.newaxis]
        self._interpreter.set_tensor(wanted["index"], values)
        self._interpreter.invoke()

    def _output(self, operator: dict[str, Any]) -> dict[str, Any]:
        details: dict[str, Any] = self._tensors[int(operator["outputs"][0])]
        return details

    def _weights(self, operator: dict[str, Any]) -> list[dict[str, Any]]:
        if operator["op_name"] not in _WITH_WEIGHTS:
            return []
        # -1 stands for an input that is left out.
        return [
            self._tensors[int(index)]
            for index in operator["inputs"]
            if int(index) in self._constants
        ]

    def _values(self, details: dict[str, Any]) -> NDArray[np.float32]:
        stored = np.asarray(self._interpreter.get_tensor(details["index"]), np.float32)
        quantization = details["quantization_parameters"]
        scales = np.asarray(quantization["scales"], np.float32)
        if not scales.size:
            return stored  # a float file
        along = [1] * stored.ndim
        if scales.size > 1:
            along[int(quantization["quantized_dimension"])] = -1
        zero_points = np.asarray(quantization["zero_points"], np.float32)
        return (stored - zero_points.reshape(along)) * scales.reshape(along)
