"""Brings a network of one's own into the form in which the daemon uses one.

That is: float32[n, side, side, 1] in 0..1 in, the grey bytes of a face divided by 255, and a logit
or probability for each label out. The side is the network's own (`own_use`), or 48 px where it is
to stand beside ones of FER2013's size: one for another size then gets a bilinear resize in front.
One for colours gets the grey in each channel, one for another range of values a scale and a shift.
These, and `Rescaling` and `Normalization` layers, go into the first convolution where that is
exact. Nested models are laid out flat, layers that change images at random are left out, and a
softmax at the end is taken off: the conversion puts the same one there.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.kind import EMOTIONS, FACE_PX, LARGEST_FACE_PX, ModelKind
from quantize.networks.reading import plain_class
from quantize.networks.use import Use

PROBABILITIES = "probabilities"
"""Name of the layer at the end of a network whose outputs are probabilities already."""

LOGITS = "logits_of_probabilities"
"""Name of the layer at the end of a network that applies a softmax to its probabilities."""

_GREY, _COLOURS = 1, 3
_LEAST_SIDE_PX, _MOST_SIDE_PX = 16, 512
_TOLERANCE = 2e-3  # of probabilities: float32 sums in another order
_ROUGH_TOLERANCE = 0.02
_SAMPLES = 8
# Layers that do nothing but in training.
_RANDOM_PREFIX = "Random"
_NOT_RANDOM = frozenset({"RandomCrop"})  # it cuts the middle out in inference
_IN_TRAINING = frozenset(
    {"GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization"}
    | {"RandAugment", "AugMix", "CutMix", "MixUp", "Identity"}
)
# Where -log(1 + exp(-z)) is followed by straight lines: the ends of its pieces, and with them it is
# off by 0.011 at most.
_KNOTS = np.array([-6.0, -4.0, -3.0, -2.25, -1.6, -1.0, -0.4, 0.2, 0.8, 1.5, 2.3, 3.3, 5.0])


def adapt(
    model: keras.Model, source: str, use: Use | None = None, kind: ModelKind = EMOTIONS
) -> keras.Model:
    """Return `model` in the daemon's form (see above), for the side and the labels of `kind`.

    `use.labels` may have another order than `kind.labels`. UserError, naming `source`, where the
    network takes or returns something else than a picture and a value a class.
    """
    use = use or Use(kind.labels)
    refuse_infinite(model, source)
    try:
        adapted = _adapted(model, source, use, kind)
    except ModelError:
        raise
    except Exception as error:  # Keras raises many kinds where shapes do not fit
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            ModelReason.UNSUPPORTED, f"{source}: cannot be brought to the daemon's form ({reason})"
        ) from error
    _refuse_different(model, adapted, source, use, kind)
    return adapted


def own_use(model: keras.Model, source: str, use: Use) -> Use:
    """Return `use` with the side of the faces that `model` takes, as near as a device has them.

    That is its longer side, in FACE_PX..LARGEST_FACE_PX. One that takes integers takes 0 to 255.
    UserError where it takes no picture.
    """
    height, width, _ = _form_of(_input_shape(model, source), FACE_PX, source).picture
    own = replace(use, side_px=min(max(height, width, FACE_PX), LARGEST_FACE_PX))
    if takes_integers(model) and (use.low, use.high) == (0.0, 1.0):
        return replace(own, low=0.0, high=255.0)  # there is nothing between 0 and 1
    return own


def takes_integers(model: keras.Model) -> bool:
    """Say whether the network takes bytes, as the ones that a TFLite converter has in mind do."""
    return "int" in str(model.inputs[0].dtype)


def refuse_infinite(model: keras.Model, source: str) -> None:
    """UserError that names a layer with weights that are not finite numbers."""
    for layer in model._flatten_layers(include_self=False, recursive=True):
        for weight in layer.get_weights() if not isinstance(layer, keras.Model) else ():
            if not np.isfinite(np.asarray(weight, np.float64)).all():
                raise ModelError(
                    ModelReason.UNSUPPORTED,
                    f"{source}: layer {layer.name} has weights that are not finite: its training "
                    "diverged; take an earlier checkpoint",
                )


def gives_probabilities(model: keras.Model) -> bool:
    """Say whether the network ends in probabilities; otherwise its outputs are logits."""
    operation = _producer(model.outputs[0])
    return _is_softmax(operation) or operation.name == PROBABILITIES


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A value that is `scale` * `tensor` + `offset`, float32[channels], not yet computed."""

    tensor: Any
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]

    def then(self, scale: Any, offset: Any) -> "_Scaled":
        return _Scaled(self.tensor, self.scale * scale, self.offset * scale + offset)


@dataclass(slots=True)
class _Layout:
    """Lays a network out flat: each layer's copy, and the names that are taken."""

    source: str
    copies: dict[int, Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def run(self, model: Any, value: Any) -> Any:
        """Return what `model` returns for `value`, in new layers with its weights."""
        if isinstance(model, keras.Sequential):
            model = model._functional
        return model._run_through_graph([value], operation_fn=self._operation)

    def _operation(self, operation: Any) -> Callable[..., Any]:
        return lambda *arguments, **options: self._apply(operation, arguments, options)

    def _apply(self, operation: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if _is_flat_model(operation):
            return self.run(operation, arguments[0])
        if does_nothing(operation):
            return arguments[0]
        if arguments and isinstance(arguments[0], _Scaled):
            scaled = _scaled_further(operation, arguments)
            if scaled is not None:
                return scaled
            if _takes_scale(operation, arguments[0]):
                return self._folded(operation, arguments[0])
        values = keras.tree.map_structure(self.computed, arguments)
        if not isinstance(operation, layers.Layer) or isinstance(operation, layers.Lambda):
            return operation(*values, **options)
        options.pop("training", None)
        return self.copy(operation)(*values, **options)

    def copy(self, layer: Any, **changes: Any) -> Any:
        """Return a layer as `layer`, which is built with its weights when it is first called."""
        if id(layer) not in self.copies:
            config = {**layer.get_config(), "dtype": "float32", **changes}
            config["name"] = self.name(config["name"])
            if isinstance(layer, keras.Model | layers.TFSMLayer):
                return layer  # one of its own code: it cannot be copied, and need not be
            new = plain_class(layer).from_config(config)
            self.copies[id(layer)] = _Weighted(new, layer.get_weights())
        return self.copies[id(layer)]

    def name(self, wanted: str) -> str:
        """Return a name that no other layer has."""
        name, number = wanted, 1
        while name in self.names:
            name, number = f"{wanted}_{number}", number + 1
        self.names.add(name)
        return name

    def computed(self, value: Any) -> Any:
        """Return the tensor of a value; a scale and shift become a convolution of 1x1."""
        if not isinstance(value, _Scaled):
            return value
        channels = len(value.scale)
        if channels == value.tensor.shape[-1] and _is_identity(value):
            return value.tensor
        kernel, bias = _kernel_of(value)
        layer = layers.Conv2D(channels, 1, name=self.name("input_scale"))
        result = layer(value.tensor)
        layer.set_weights([kernel, bias])
        return result

    def _folded(self, layer: Any, value: _Scaled) -> Any:
        """Return `layer`, a convolution, over `value`, its scale and shift in the weights."""
        kernel, *bias = layer.get_weights()
        scaled = kernel * value.scale[:, np.newaxis]
        shift = (kernel * value.offset[:, np.newaxis]).sum(axis=(0, 1, 2))
        if value.tensor.shape[-1] == _GREY:
            scaled = scaled.sum(axis=2, keepdims=True)
        use_bias = bool(bias) or bool(np.any(shift))
        config = {**layer.get_config(), "dtype": "float32", "use_bias": use_bias}
        new = layers.Conv2D.from_config({**config, "name": self.name(layer.name)})
        result = new(value.tensor)
        before = bias[0] if bias else 0.0
        new.set_weights([scaled, *([before + shift] if use_bias else [])])
        return result


class _Weighted:
    """A new layer that gets its weights when its first call has built it."""

    def __init__(self, layer: Any, weights: list[NDArray[np.float32]]) -> None:
        self._layer, self._weights = layer, weights
        self._is_set = False

    def __call__(self, *values: Any, **options: Any) -> Any:
        result = self._layer(*values, **options)
        if not self._is_set:
            self._layer.set_weights(self._weights)
            self._is_set = True
        return result


def _adapted(model: keras.Model, source: str, use: Use, kind: ModelKind) -> keras.Model:
    layout = _Layout(source, names={"face", PROBABILITIES, LOGITS})
    face = keras.Input(kind.input.shape[1:], name="face")
    value = _to_input(face, _input_shape(model, source), use, source)
    is_flat = _is_flat_model(model)
    outputs = layout.run(model, value) if is_flat else model(layout.computed(value))
    values = layout.computed(_choose_output(outputs, len(use.labels), source))
    if len(values.shape) > 2:
        values = layers.Flatten(name=layout.name("classes"))(values)
    if not kind.is_classifier:
        return keras.Model(face, values, name=model.name)
    logits, answer = _without_activation(values)
    order = [use.labels.index(label) for label in kind.labels]
    if answer != "softmax" and values.shape[-1] > 1 and _sums_to_one(model, use, source):
        ordered = _in_order(values, order, layout)
        outputs = layers.Identity(name=PROBABILITIES)(ordered)
    else:
        if _is_softmax(_producer(logits)):
            # A softmax of a softmax, as of a loss from logits: the first one stays.
            logits = layers.Identity(name=LOGITS)(logits)
        if logits.shape[-1] == 1:
            logits = _two_of_one(logits, layout)
        elif answer == "sigmoid":
            logits = _log_sigmoid(logits, layout)
        outputs = _in_order(logits, order, layout)
    return keras.Model(face, outputs, name=model.name)


def _input_shape(model: keras.Model, source: str) -> tuple[int | None, ...]:
    inputs = model.inputs
    if len(inputs) != 1:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: input shape {[tuple(each.shape) for each in inputs]}: it takes "
            f"{len(inputs)} inputs and not one picture",
        )
    return tuple(inputs[0].shape[1:])


def _to_input(face: Any, shape: tuple[int | None, ...], use: Use, source: str) -> Any:
    """Return the face as the network takes it: its size, its channels, its range."""
    form = _form_of(shape, face.shape[1], source)
    height, width, channels = form.picture
    x = face
    if (height, width) != tuple(face.shape[1:3]):
        x = layers.Resizing(height, width, name="input_size")(x)
    value = _Scaled(x, np.full(channels, use.high - use.low), np.full(channels, use.low))
    if form.stored == form.picture:
        return value
    x = _Layout(source, names={"face"}).computed(value)
    if form.channels_first:
        return layers.Permute((3, 1, 2), name="channels_first")(x)
    return layers.Reshape(form.stored, name="input_shape")(x)


@dataclass(frozen=True, slots=True)
class _Form:
    """How a network wants a picture: its height, width and channels, and the shape it comes in."""

    picture: tuple[int, int, int]
    stored: tuple[int, ...]
    channels_first: bool = False


def _form_of(shape: tuple[int | None, ...], side: int, source: str) -> _Form:
    """Return the form of an input `shape` without its batch; what it leaves open is `side`, grey.

    UserError for one that is no picture.
    """
    form = None
    if len(shape) == 1 and shape[0] is not None:
        form = _Form(_square(shape[0], source), (shape[0],))
    elif len(shape) == 2:
        height, width = (side if each is None else each for each in shape)
        form = _Form((height, width, _GREY), (height, width))
    elif len(shape) == 3 and shape[0] in (_GREY, _COLOURS) and shape[2] not in (_GREY, _COLOURS):
        channels, height, width = (side if each is None else each for each in shape)
        form = _Form((height, width, channels), (channels, height, width), channels_first=True)
    elif len(shape) == 3:
        height, width = (side if each is None else each for each in shape[:2])
        picture = (height, width, _GREY if shape[2] is None else shape[2])
        form = _Form(picture, picture)
    if (
        form is None
        or form.picture[2] not in (_GREY, _COLOURS)
        or not all(_LEAST_SIDE_PX <= each <= _MOST_SIDE_PX for each in form.picture[:2])
    ):
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: input shape {[None, *shape]} is not a picture: [n, side, side, 1 or 3], "
            f"{_LEAST_SIDE_PX} to {_MOST_SIDE_PX} px",
        )
    return form


def _square(pixels: int, source: str) -> tuple[int, int, int]:
    """Return the shape of a flattened picture; UserError where it is none."""
    for channels in (_GREY, _COLOURS):
        side = round((pixels / channels) ** 0.5)
        if side and side * side * channels == pixels:
            return side, side, channels
    raise ModelError(
        ModelReason.UNSUPPORTED,
        f"{source}: input shape [None, {pixels}] is not a picture: [n, side, side, 1]",
    )


def _choose_output(outputs: Any, classes: int, source: str) -> Any:
    """Return the output with a value a class, of a tensor, a list or a dict of them."""
    named = (
        outputs
        if isinstance(outputs, dict)
        else {f"output {place}": value for place, value in enumerate(outputs)}
        if isinstance(outputs, list | tuple)
        else {"output": outputs}
    )
    sizes = {name: _classes_in(value) for name, value in named.items()}
    wanted = {classes, 1} if classes == 2 else {classes}
    fitting = [name for name, size in sizes.items() if size in wanted]
    if len(fitting) == 1:
        return named[fitting[0]]
    shapes = ", ".join(f"{name} shape {list(_shape_of(value))}" for name, value in named.items())
    if all(len(_shape_of(value)) < 2 for value in named.values()):
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: {shapes}: the number of a class and no value for each, as argmax gives: "
            "save the network without it",
        )
    if fitting:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: {shapes}: more than one has {classes} classes: save one alone",
        )
    raise ModelError(
        ModelReason.UNSUPPORTED,
        f"{source}: {shapes} is not [n, {classes}]: name the network's classes in the order of its "
        "outputs with --labels",
    )


def _shape_of(value: Any) -> tuple[int | None, ...]:
    return tuple(value.tensor.shape if isinstance(value, _Scaled) else value.shape)


def _classes_in(value: Any) -> int | None:
    shape = _shape_of(value)
    sides = [each for each in shape[1:] if each is not None]
    return math.prod(sides) if sides and len(sides) == len(shape) - 1 else None


def _producer(tensor: Any) -> Any:
    return tensor._keras_history.operation


def _input_of(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].arguments.keras_tensors[0]


def _without_activation(values: Any) -> tuple[Any, str]:
    """Return `values` before a softmax or sigmoid at the end, and which it was ("": neither)."""
    tensor = values
    while _passes(_producer(tensor)):
        tensor = _input_of(tensor)
    operation = _producer(tensor)
    for name, is_it in (("softmax", _is_softmax), ("sigmoid", _is_sigmoid)):
        if not is_it(operation):
            continue
        if isinstance(operation, layers.Dense | layers.Conv2D):
            operation.activation = keras.activations.linear  # a copy of ours, called as it is then
        else:
            tensor = _input_of(tensor)
        if len(tensor.shape) > 2:
            tensor = layers.Flatten()(tensor)
        return tensor, name
    return values, ""


def _passes(operation: Any) -> bool:
    """Say whether an operation at the end returns what it gets, if in another shape."""
    if isinstance(operation, layers.Activation):
        return operation.activation is keras.activations.linear
    kinds = (layers.Identity, layers.Reshape, layers.Flatten, layers.Dropout)
    return isinstance(operation, kinds)


def _is_softmax(operation: Any) -> bool:
    if type(operation).__name__ == "Softmax":  # the layer, or the function in a graph
        axis = getattr(operation, "axis", -1)
        return axis in (-1, len(operation.output.shape) - 1)
    return getattr(operation, "activation", None) is keras.activations.softmax


def _is_sigmoid(operation: Any) -> bool:
    if type(operation).__name__ == "Sigmoid":
        return True
    return getattr(operation, "activation", None) is keras.activations.sigmoid


def _in_order(values: Any, order: Sequence[int], layout: _Layout) -> Any:
    """Return `values` ([n, classes]) in another order: in the weights that make them if can be."""
    if list(order) == list(range(len(order))):
        return values
    layer = _producer(values)
    if type(layer) is layers.Dense and len(layer._inbound_nodes) == 1 and _is_plain(layer):
        kernel, *bias = layer.get_weights()
        layer.set_weights([kernel[:, order], *(each[order] for each in bias)])
        return values
    return _constant_dense(values, np.eye(len(order))[:, order], None, layout, "order")


def _is_plain(layer: Any) -> bool:
    return layer.activation is keras.activations.linear


def _two_of_one(logit: Any, layout: _Layout) -> Any:
    """Return two logits whose softmax is (1 - sigmoid, sigmoid) of the one: [n, 2]."""
    return _constant_dense(logit, np.array([[0.0, 1.0]]), None, layout, "two_classes")


def _log_sigmoid(logits: Any, layout: _Layout) -> Any:
    """Return logits whose softmax is sigmoid(logits) over its sum.

    That is softmax(log sigmoid(z)). log sigmoid, which int8 has not, is concave: a sum of ReLUs.
    """
    classes, knots = logits.shape[-1], _KNOTS
    values = -np.logaddexp(0, -knots)
    slopes = np.concatenate([[1.0], np.diff(values) / np.diff(knots), [0.0]])
    bends = -np.diff(slopes)  # at each knot: all positive
    # f(z) = f(last) - sum of bend * relu(knot - z); the constant is the same for all classes.
    spread = np.kron(np.eye(classes), -np.ones((1, len(knots))))
    x = _constant_dense(logits, spread, np.tile(knots, classes), layout, "log_sigmoid_knots")
    x = layers.ReLU(name=layout.name("log_sigmoid_relu"))(x)
    gathered = np.kron(np.eye(classes), -bends[:, np.newaxis])
    return _constant_dense(x, gathered, None, layout, "log_sigmoid")


def _constant_dense(
    x: Any, kernel: NDArray[Any], bias: NDArray[Any] | None, layout: _Layout, name: str
) -> Any:
    layer = layers.Dense(kernel.shape[1], use_bias=bias is not None, name=layout.name(name))
    result = layer(x)
    layer.set_weights([kernel, *([] if bias is None else [bias])])
    return result


def _is_flat_model(operation: Any) -> bool:
    """Say whether an operation is a model whose graph of layers is known."""
    if isinstance(operation, keras.Sequential):
        return getattr(operation, "_functional", None) is not None
    return isinstance(operation, keras.Model) and hasattr(operation, "_run_through_graph")


def does_nothing(operation: Any) -> bool:
    """Say whether a layer changes nothing but in training."""
    name = type(operation).__name__
    if name in _IN_TRAINING:
        return operation.name not in (PROBABILITIES, LOGITS)
    return name.startswith(_RANDOM_PREFIX) and name not in _NOT_RANDOM


def _scaled_further(operation: Any, arguments: tuple[Any, ...]) -> _Scaled | None:
    """Return the value behind an operation that scales and shifts, or None for others."""
    value: _Scaled = arguments[0]
    name = type(operation).__name__
    if isinstance(operation, layers.Rescaling):
        return value.then(np.asarray(operation.scale), np.asarray(operation.offset))
    if isinstance(operation, layers.Normalization) and not operation.invert:
        mean, deviation = _statistics(operation, len(value.scale))
        return None if mean is None else value.then(1 / deviation, -mean / deviation)
    if len(arguments) == 2 and isinstance(arguments[1], int | float):
        number = float(arguments[1])
        by = {
            "TrueDivide": (1 / number if number else np.inf, 0.0),
            "Divide": (1 / number if number else np.inf, 0.0),
            "Multiply": (number, 0.0),
            "Add": (1.0, number),
            "Subtract": (1.0, -number),
        }.get(name)
        return value.then(*by) if by else None
    return None


def _statistics(layer: Any, channels: int) -> tuple[Any, Any]:
    """Return mean and deviation a channel, or None where they are not one a channel."""
    mean = np.asarray(keras.ops.convert_to_numpy(layer.mean), np.float64).ravel()
    variance = np.asarray(keras.ops.convert_to_numpy(layer.variance), np.float64).ravel()
    if len(mean) not in (1, channels):
        return None, None
    return mean, np.maximum(np.sqrt(variance), 1e-7)


def _takes_scale(operation: Any, value: _Scaled) -> bool:
    """Say whether scale and shift of `value` go into a convolution exactly."""
    return (
        type(operation) is layers.Conv2D
        and operation.groups == 1
        and operation.data_format == "channels_last"
        and not _is_identity_in(value)
        and bool(operation.padding == "valid" or not np.any(value.offset))
    )


def _is_identity(value: _Scaled) -> bool:
    return np.allclose(value.scale, 1, rtol=1e-6) and np.allclose(value.offset, 0, atol=1e-7)


def _is_identity_in(value: _Scaled) -> bool:
    return len(value.scale) == value.tensor.shape[-1] and _is_identity(value)


def _kernel_of(value: _Scaled) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights of a 1x1 convolution that computes `value`, from grey or by channel."""
    kernel = value.scale[np.newaxis] if value.tensor.shape[-1] == _GREY else np.diag(value.scale)
    return kernel[np.newaxis, np.newaxis].astype(np.float32), value.offset.astype(np.float32)


def _sample(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return some pictures in 0..1, smooth and noisy ones: float32[_SAMPLES, *shape]."""
    rng = np.random.default_rng(1)
    coarse = rng.random((_SAMPLES, 6, 6, 1), np.float32)
    smooth = np.asarray(keras.ops.image.resize(coarse, shape[:2]), np.float32)
    noise = rng.random((_SAMPLES, *shape), np.float32)
    pictures = np.where(np.arange(_SAMPLES)[:, None, None, None] % 2, smooth, noise)
    # Of whole bytes, as a camera's, which is all that a network for integers can be shown.
    return np.asarray(np.rint(pictures * 255) / 255, np.float32)


def own_answers(
    model: keras.Model, faces: NDArray[np.float32], use: Use, source: str
) -> NDArray[np.float64]:
    """Return what the network itself answers, float64[n, outputs], as its owner would ask it.

    `faces` (float32[n, side, side, 1] in 0..1) are brought to its input outside of it.
    """
    shape = _input_shape(model, source)
    face = keras.Input(faces.shape[1:])
    layout = _Layout(source)
    prepare = keras.Model(face, layout.computed(_to_input(face, shape, use, source)))
    pictures = np.asarray(prepare(faces))
    if takes_integers(model):
        pictures = np.rint(pictures).astype(str(model.inputs[0].dtype))
    outputs = model(pictures, training=False)
    values = _choose_output(outputs, len(use.labels), source)
    return np.asarray(values, np.float64).reshape(len(faces), -1)


def _sums_to_one(model: keras.Model, use: Use, source: str) -> bool:
    """Say whether the outputs are probabilities, by what they are for some pictures."""
    answers = own_answers(model, _sample((48, 48, 1)), use, source)
    return bool(
        (answers >= 0).all()
        and (answers <= 1 + _TOLERANCE).all()
        and np.abs(answers.sum(axis=1) - 1).max() < _TOLERANCE
    )


def _refuse_different(
    model: keras.Model, adapted: keras.Model, source: str, use: Use, kind: ModelKind
) -> None:
    """UserError unless `adapted` gives the probabilities that `model` itself gives."""
    faces = _sample(kind.input.shape[1:])
    before = own_answers(model, faces, use, source)
    after = np.asarray(adapted(faces, training=False), np.float64)
    if not kind.is_classifier:
        before, after = np.tanh(before), np.tanh(after)  # numbers of any size, made comparable
        _refuse_off(float(np.abs(before - after).max()), _TOLERANCE, "numbers", source)
        return
    if not gives_probabilities(adapted):
        after = _softmax(after)
    if before.shape[1] == 1:
        positive = before if _is_between(before) else 1 / (1 + np.exp(-before))
        read_as = [np.concatenate([1 - positive, positive], axis=1)]
    else:
        read_as = [_softmax(before)]
        if _is_between(before):  # probabilities, or logits that all happen to lie there
            read_as.append(before / np.maximum(before.sum(axis=1, keepdims=True), 1e-12))
    order = [use.labels.index(label) for label in kind.labels]
    worst = min(float(np.abs(answers[:, order] - after).max()) for answers in read_as)
    _refuse_off(worst, _limit(model, adapted), "probabilities", source)


def _limit(model: keras.Model, adapted: keras.Model) -> float:
    """Return how far the probabilities may be apart."""
    if "log_sigmoid" in {layer.name for layer in adapted.layers}:
        return _ROUGH_TOLERANCE
    # One that computes in half precision is exact to two or three digits; the adapted one is exact.
    halves = {layer.compute_dtype for layer in model._flatten_layers()} & {"bfloat16", "float16"}
    return _ROUGH_TOLERANCE if halves else _TOLERANCE


def _refuse_off(worst: float, limit: float, what: str, source: str) -> None:
    if not worst <= limit:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{source}: brought to the daemon's form, its {what} are off by {worst:.3f}: "
            "save it without layers that differ between training and use",
        )


def _is_between(values: NDArray[np.float64]) -> bool:
    return bool((values >= 0).all() and (values <= 1 + _TOLERANCE).all())


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
