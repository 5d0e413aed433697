"""Networks of the kinds that people publish become int8 files that answer as they do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="needs the workstation extra")

from edge_fer.emotions import LABELS  # noqa: E402
from edge_fer.errors import ModelError  # noqa: E402
from edge_fer.models.golden import choose_golden  # noqa: E402
from edge_fer.models.runtime import open_model  # noqa: E402
from quantize.data.calibration_set import CalibrationSet  # noqa: E402
from quantize.int8.convert import convert  # noqa: E402
from quantize.networks.adapting import own_answers, own_use  # noqa: E402
from quantize.networks.folding import fold_batch_norms  # noqa: E402
from quantize.networks.network_file import load_network  # noqa: E402
from quantize.networks.reading import read_network  # noqa: E402
from quantize.networks.use import Use  # noqa: E402

layers = keras.layers
COUNT = 60


def _pictures() -> NDArray[np.uint8]:
    """Return smooth pictures of many shades, uint8[COUNT, 48, 48]."""
    rng = np.random.default_rng(5)
    coarse = rng.random((COUNT, 7, 7, 1), np.float32) ** rng.uniform(0.4, 2.5, (COUNT, 1, 1, 1))
    smooth = np.asarray(keras.ops.image.resize(coarse.astype(np.float32), (48, 48)))[..., 0]
    return np.clip(smooth * 255 + rng.normal(0, 6, (COUNT, 48, 48)), 0, 255).astype(np.uint8)


IMAGES = _pictures()
CALIBRATION = CalibrationSet(IMAGES, 1, "")


def wide(gain: float = 1.5, seed: int = 9) -> Any:
    """Return weights of a last layer whose answers are sure of something."""
    return keras.initializers.RandomNormal(0, gain, seed=seed)


def trunk(x: Any, activation: Any = "relu", norm: bool = True) -> Any:
    x = layers.MaxPooling2D(2)(x)
    for width in (8, 12):
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=not norm)(x)
        if norm:
            x = layers.BatchNormalization(
                beta_initializer=keras.initializers.RandomNormal(0.3, 0.2, seed=width)
            )(x)
        x = activation()(x) if isinstance(activation, type) else layers.Activation(activation)(x)
    return x


def pooled(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(x)


def head(x: Any, activation: str | None = "softmax", classes: int = 7, gain: float = 1.5) -> Any:
    return layers.Dense(classes, activation=activation, kernel_initializer=wide(gain))(x)


def face(side: int = 48, channels: int = 1) -> Any:
    return keras.Input((side, side, channels))


def nested_softmax() -> Any:
    x = face()
    inner = keras.Model(x, head(layers.Flatten()(trunk(x))), name="inner")
    y = face()
    return keras.Model(y, inner(y))


def sequential() -> Any:
    return keras.Sequential(
        [
            face(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(16, activation="relu"),
            layers.Dense(7, kernel_initializer=wide()),
            layers.Softmax(),
        ]
    )


def sequential_of_models() -> Any:
    x = face()
    features = keras.Model(x, pooled(trunk(x, norm=False)), name="features")
    last = layers.Dense(7, "softmax", kernel_initializer=wide(8))
    return keras.Sequential([face(), features, last])


def augmented() -> Any:
    return keras.Sequential(
        [
            face(),
            keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)]),
            layers.RandomZoom(0.1),
            layers.GaussianNoise(0.1),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dense(7, kernel_initializer=wide()),
        ]
    )


def rescaled() -> Any:
    x = face()
    y = trunk(layers.Rescaling(1 / 255)(x))
    return keras.Model(x, head(layers.Flatten()(y)))


def normalised() -> Any:
    x = face()
    y = trunk(layers.Normalization(mean=0.45, variance=0.06)(x))
    return keras.Model(x, head(layers.Flatten()(y)))


def signed_colours() -> Any:
    """As MobileNetV2: colours in -1..1 by a Rescaling, depthwise convolutions, ReLU6."""
    x = face(96, 3)
    y = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    y = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    z = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    z = layers.ReLU(6.0)(layers.BatchNormalization()(z))
    z = layers.Conv2D(8, 1, use_bias=False)(z)
    y = layers.Add()([y, layers.BatchNormalization()(z)])
    y = layers.AveragePooling2D(6)(y)
    return keras.Model(x, head(layers.Flatten()(y)))


def prelu() -> Any:
    x = face()
    y = layers.MaxPooling2D(2)(x)
    y = layers.Conv2D(8, 3, strides=2)(y)
    y = layers.PReLU(alpha_initializer=keras.initializers.Constant(0.2), shared_axes=[1, 2])(y)
    return keras.Model(x, head(layers.Flatten()(layers.MaxPooling2D(2)(y))))


def hard_swish() -> Any:
    x = face()
    return keras.Model(x, head(layers.Flatten()(trunk(x, "hard_silu"))))


def average_of_64() -> Any:
    x = face(64)
    return keras.Model(x, head(pooled(trunk(x, norm=False)), None, gain=8))


def separable() -> Any:
    x = face()
    y = layers.SeparableConv2D(8, 3, activation="relu")(layers.MaxPooling2D(2)(x))
    y = layers.MaxPooling2D(4)(y)
    return keras.Model(x, head(layers.Flatten()(y)))


def sigmoids() -> Any:
    x = face()
    return keras.Model(x, head(layers.Flatten()(trunk(x)), "sigmoid"))


def one_sigmoid() -> Any:
    x = face()
    return keras.Model(x, head(layers.Flatten()(trunk(x)), "sigmoid", 1, gain=0.1))


def dict_outputs() -> Any:
    x = face()
    y = layers.Flatten()(trunk(x))
    return keras.Model(x, {"emotion": head(y), "age": layers.Dense(1)(y)})


def softmax_activation() -> Any:
    x = face()
    y = layers.Activation("softmax")(head(layers.Flatten()(trunk(x)), None))
    return keras.Model(x, layers.Reshape((7,))(y))


def softmax_function() -> Any:
    x = face()
    return keras.Model(x, keras.ops.softmax(head(layers.Flatten()(trunk(x)), None)))


def fully_convolutional() -> Any:
    x = face()
    y = layers.Conv2D(7, 3, padding="same", kernel_initializer=wide(2))(trunk(x, norm=False))
    return keras.Model(x, layers.Softmax()(pooled(y)))


def two_heads_averaged() -> Any:
    x = face()
    y = layers.Flatten()(trunk(x))
    other = layers.Dense(7, "softmax", kernel_initializer=wide(seed=4))(y)
    return keras.Model(x, layers.Average()([head(y), other]))


def leaky_residual() -> Any:
    x = face()
    y = layers.Conv2D(8, 3, strides=4, padding="same")(x)
    z = layers.LeakyReLU()(layers.Conv2D(8, 3, padding="same")(y))
    y = layers.MaxPooling2D(2)(layers.Concatenate()([y, z]))
    return keras.Model(x, head(layers.Flatten()(y)))


def flat_pixels() -> Any:
    x = keras.Input((48 * 48,))
    y = layers.Dense(16, activation="relu")(x)
    return keras.Model(x, head(y))


def squeeze_excite() -> Any:
    x = face()
    y = layers.Conv2D(8, 3, strides=4, activation="relu")(x)
    z = layers.GlobalAveragePooling2D(keepdims=True)(y)
    z = layers.Conv2D(8, 1, activation="hard_sigmoid")(layers.Conv2D(2, 1, activation="relu")(z))
    y = layers.MaxPooling2D(2)(layers.Multiply()([y, z]))
    return keras.Model(x, head(layers.Flatten()(y)))


def leaky() -> Any:
    """LeakyReLU before a strong last layer: kernels with and without XNNPACK differ by 3 units."""
    x = face()
    return keras.Model(x, head(layers.Flatten()(trunk(x, "leaky_relu", norm=False))))


def softmax_of_softmax() -> Any:
    """As people train it with a loss from logits over a softmax."""
    x = face()
    return keras.Model(x, layers.Softmax()(head(layers.Flatten()(trunk(x)))))


def of_integers() -> Any:
    x = keras.Input((48, 48, 1), dtype="uint8")
    y = trunk(keras.ops.cast(x, "float32") / 255.0)
    return keras.Model(x, head(layers.Flatten()(y)))


def own_classes() -> Any:
    x = face(224, 3)
    y = layers.AveragePooling2D(7)(x)
    y = layers.Conv2D(8, 3, strides=2, activation="swish")(y)
    return keras.Model(x, head(layers.Flatten()(layers.MaxPooling2D(3)(y)), classes=3, gain=0.01))


def of_bytes(labels: tuple[str, ...] = LABELS) -> Use:
    return Use(labels, 0.0, 255.0)


ALPHABETICAL = tuple(sorted(LABELS))
MATRIX: list[tuple[Callable[[], Any], str, Use]] = [
    (sequential, ".keras", Use()),
    (sequential_of_models, ".h5", Use()),
    (augmented, ".keras", Use()),
    (rescaled, ".keras", of_bytes()),
    (normalised, ".keras", Use()),
    (signed_colours, ".keras", of_bytes()),
    (signed_colours, ".h5", of_bytes(ALPHABETICAL)),
    (prelu, ".keras", Use()),
    (hard_swish, ".keras", Use()),
    (average_of_64, ".keras", Use(LABELS, -1.0, 1.0)),
    (separable, ".h5", Use()),
    (sigmoids, ".keras", Use()),
    (one_sigmoid, ".keras", Use(("awake", "drowsy"))),
    (dict_outputs, ".keras", Use(ALPHABETICAL)),
    (softmax_activation, ".h5", Use(ALPHABETICAL)),
    (softmax_function, ".keras", Use(ALPHABETICAL)),
    (fully_convolutional, ".keras", Use(ALPHABETICAL)),
    (two_heads_averaged, ".keras", Use()),
    (leaky_residual, ".keras", Use()),
    (flat_pixels, ".keras", Use()),
    (squeeze_excite, ".keras", Use()),
    (leaky, ".keras", Use()),
    (softmax_of_softmax, ".keras", Use()),
    (of_integers, ".keras", of_bytes()),
    (own_classes, ".keras", of_bytes(("calm", "tense", "asleep"))),
    (nested_softmax, "saved_model", Use()),
    (average_of_64, "saved_model", Use(ALPHABETICAL)),
]


def save(model: Any, folder: Path, how: str) -> Path:
    if how == "saved_model":
        path = folder / "network"
        model.export(path, verbose=False)
    else:
        path = folder / f"network{how}"
        model.save(path)
    return path


def own_probabilities(path: Path, use: Use) -> NDArray[np.float64]:
    """Return what the network itself says of IMAGES, its outputs in the int8 file's order."""
    faces = (IMAGES / np.float32(255))[..., np.newaxis].astype(np.float32)
    answers = own_answers(read_network(path), faces, use, "it")
    if answers.shape[1] == 1:
        answers = np.concatenate([1 - answers, answers], axis=1)
    if answers.min() < 0 or answers.max() > 1.001:
        answers = np.exp(answers - answers.max(axis=1, keepdims=True))
    answers /= answers.sum(axis=1, keepdims=True)
    return answers[:, [use.labels.index(label) for label in use.kind.labels]]


def check(build: Callable[[], Any], how: str, use: Use, folder: Path) -> None:
    keras.utils.set_random_seed(3)
    path = save(build(), folder, how)
    wanted = own_probabilities(path, use)
    network = load_network(path, use.kind, use)
    content = convert(fold_batch_norms(network), CALIBRATION, use.kind).content
    model = open_model(content, "it", kind=use.kind)
    found = (np.array([model.run(image) for image in IMAGES]).astype(float) + 128) / 256
    assert wanted.std(axis=0).max() > 0.02, "the network does not tell pictures apart"
    assert np.abs(found - wanted).mean() < 0.02
    assert np.abs(found - wanted).max() < 0.25
    assert (found.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.8
    plain = open_model(content, "it", kind=use.kind, xnnpack=False)
    choose_golden(model.run, plain.run)


def test_a_nested_softmax_is_applied_once(tmp_path: Path) -> None:
    check(nested_softmax, ".keras", Use(), tmp_path)


def test_the_number_of_a_class_is_no_answer(tmp_path: Path) -> None:
    x = face()
    network = keras.Model(x, keras.ops.argmax(head(layers.Flatten()(x)), axis=-1))
    with pytest.raises(ModelError, match="as argmax gives: save the network without it"):
        load_network(save(network, tmp_path, ".keras"))


def test_a_network_of_integers_is_asked_for_bytes() -> None:
    assert own_use(of_integers(), "it", Use()) == of_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "how", "use"), MATRIX, ids=[f"{build.__name__}{how}" for build, how, _ in MATRIX]
)
def test_int8_answers_as_the_network(
    build: Callable[[], Any], how: str, use: Use, tmp_path: Path
) -> None:
    check(build, how, use, tmp_path)
