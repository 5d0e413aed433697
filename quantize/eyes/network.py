"""The architecture of the eye network."""

import keras
from keras import layers

from edge_fer.models.kind import EYES
from quantize.networks.blocks import normed_convolution

# Kernel side, stride and width of each convolution; 10 and 5 px are reached by max pooling.
FIRST = (5, 2, 16)
WIDTHS = ((24,), (32, 40), (40,))
REDUCED = 24  # channels that are flattened: where in the patch the lids lie says most
HIDDEN = 32


def build_eyes() -> keras.Model:
    """Build the network: float32[N, 40, 40, 1] in 0..1 to float32[N, 5], numbers as of `EYES`."""
    inputs = keras.Input((EYES.side_px, EYES.side_px, 1), name="eye")
    kernel, stride, width = FIRST
    x = _convolution(inputs, width, "conv1", kernel=kernel, stride=stride)
    number = 2
    for stage, widths in enumerate(WIDTHS):
        if stage:
            x = layers.MaxPooling2D(name=f"pool{stage}")(x)
        for width in widths:
            x = _convolution(x, width, f"conv{number}")
            number += 1
    x = _convolution(x, REDUCED, "reduced", kernel=1)
    x = layers.Flatten(name="flatten")(x)
    # Without the norm nearly all of these units died in the first epochs.
    x = layers.Dense(HIDDEN, use_bias=False, name="hidden")(x)
    x = layers.BatchNormalization(momentum=0.97, name="hidden_norm")(x)
    x = layers.ReLU(name="hidden_relu")(x)
    x = layers.Dropout(0.05, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(len(EYES.outputs), name="outputs")(x), name="eyes")


def _convolution(
    x: keras.KerasTensor, width: int, name: str, *, kernel: int = 3, stride: int = 1
) -> keras.KerasTensor:
    x = normed_convolution(x, width, name, kernel=kernel, stride=stride, momentum=0.97)
    return layers.ReLU(name=f"{name}_relu")(x)
