"""Which layer of a network has no int8 form, and what to put in its place."""

from typing import Any, NoReturn

import keras
from ai_edge_litert import schema_py_generated as schema
from keras import activations, layers

from edge_fer.errors import ConversionError, ModelError, ResultReason
from edge_fer.models.operators import list_operators, refuse_inexact

_RECURRENT = (layers.RNN, layers.Bidirectional, layers.TimeDistributed)
_NORMS = (layers.LayerNormalization, layers.GroupNormalization, layers.UnitNormalization)
# The converter computes them in float32, or with operators that compare in bool.
_ACTIVATIONS = {activations.elu: "elu", activations.selu: "selu", activations.celu: "celu"}


def refuse_unsupported(model: keras.Model, source: str) -> None:
    """UserError that names the first layer of `model` of which it is known that int8 has none."""
    for layer in model._flatten_layers(include_self=False, recursive=True):
        if isinstance(layer, _RECURRENT):
            raise _refusal(layer, source, "convolutions and a pooling")
        if isinstance(layer, _NORMS):
            raise _refusal(layer, source, "BatchNormalization")
        if isinstance(layer, layers.ELU) or getattr(layer, "activation", None) in _ACTIVATIONS:
            raise _refusal(layer, source, "relu, leaky_relu or hard_silu")


def refuse_inexact_layer(content: bytes, source: str) -> None:
    """UserError, as `refuse_inexact`, that names the layer which the operator comes from."""
    operators = list_operators(content, source)
    try:
        refuse_inexact(operators, source)
    except ModelError as error:
        place = next(
            place for place, operator in enumerate(operators) if _is_inexact(operator, source)
        )
        _raise_named(content, place, error)


def _is_inexact(operator: Any, source: str) -> bool:
    try:
        refuse_inexact([operator], source)
    except ModelError:
        return True
    return False


def _raise_named(content: bytes, place: int, error: ModelError) -> NoReturn:
    graph = schema.ModelT.InitFromPackedBuf(bytearray(content), 0).subgraphs[0]
    outputs = graph.operators[place].outputs
    name = graph.tensors[outputs[0]].name.decode(errors="replace") if len(outputs) else ""
    # The converter joins the names of what it fused; the last parts are the layer and what it does.
    where = "/".join(name.split(";", maxsplit=1)[0].split("/")[-2:])
    raise ConversionError(
        ResultReason.NOT_CONVERTIBLE,
        f"{error} (layer {where}): put a layer in its place that int8 has: convolution, dense, "
        "pooling, BatchNormalization, relu, sigmoid, tanh, hard_silu",
    ) from error


def _refusal(layer: Any, source: str, instead: str) -> ConversionError:
    activation = _ACTIVATIONS.get(getattr(layer, "activation", None))
    what = f"{type(layer).__name__}{f' with {activation}' if activation else ''}"
    return ConversionError(
        ResultReason.NOT_CONVERTIBLE,
        f"{source}: layer {layer.name}, {what}, has no int8 form: put {instead} in its place "
        "and train on",
    )
