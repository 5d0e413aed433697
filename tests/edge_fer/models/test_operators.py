"""The operators of a file, and those that are refused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_fer.errors import UserError
from edge_fer.models.operators import list_operators, operator_names, refuse_inexact

Repack = Callable[[bytes, Callable[[Any], None]], bytes]


def convolution(model: Any) -> tuple[Any, Any]:
    """Return the first convolution and its kernel."""
    graph = model.subgraphs[0]
    operator = next(
        operator
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode == schema.BuiltinOperator.CONV_2D
    )
    return operator, graph.tensors[operator.inputs[1]]


def test_operators_of_an_int8_file(tiny_int8: bytes) -> None:
    operators = list_operators(tiny_int8, "tiny")
    refuse_inexact(operators, "tiny")
    assert operator_names(operators) == (
        "CONV_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    )
    first = operators[0]
    assert first.inputs == first.outputs == ("INT8",)
    assert first.constants == ("INT8", "INT32")
    assert [operator.per_channel for operator in operators] == [True, None, None, None]


@pytest.mark.parametrize(
    ("custom", "shown"),
    [(b"FlexErf", "FLEX FlexErf"), (b"Mine", "CUSTOM Mine"), (None, "CUSTOM ?")],
)
def test_foreign_operator_is_named(
    tiny_int8: bytes, repack: Repack, custom: bytes | None, shown: str
) -> None:
    def change(model: Any) -> None:
        code = model.operatorCodes[model.subgraphs[0].operators[0].opcodeIndex]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = custom

    operators = list_operators(repack(tiny_int8, change), "tiny")
    with pytest.raises(UserError, match=re.escape(f"operator 0, {shown}, is not built in")):
        refuse_inexact(operators, "tiny")


def test_float_activation_is_refused(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.tensors[graph.operators[-1].outputs[0]].type = schema.TensorType.FLOAT32

    operators = list_operators(repack(tiny_int8, change), "tiny")
    with pytest.raises(UserError, match="SOFTMAX, computes in float32 and not in int8"):
        refuse_inexact(operators, "tiny")


def test_float_weights_are_refused(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        convolution(model)[1].type = schema.TensorType.FLOAT16

    operators = list_operators(repack(tiny_int8, change), "tiny")
    with pytest.raises(UserError, match="CONV_2D, computes in float16"):
        refuse_inexact(operators, "tiny")


def test_one_scale_for_all_channels_is_refused(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        quantization = convolution(model)[1].quantization
        quantization.scale, quantization.zeroPoint = [0.01], [0]

    operators = list_operators(repack(tiny_int8, change), "tiny")
    with pytest.raises(UserError, match="CONV_2D, has weights that are not quantized per channel"):
        refuse_inexact(operators, "tiny")


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 100, b"PK\x03\x04" + b"x" * 50])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(UserError, match="thing: not a TFLite file"):
        list_operators(content, "thing")


@given(data=st.data())
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_files_are_listed_or_refused(tiny_int8: bytes, data: st.DataObject) -> None:
    damaged = bytearray(tiny_int8[: data.draw(st.integers(9, len(tiny_int8)))])
    for _ in range(data.draw(st.integers(0, 5))):
        damaged[data.draw(st.integers(8, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        list_operators(bytes(damaged), "thing")
    except UserError as error:
        assert "thing" in str(error)  # noqa: PT017  # either outcome is right
