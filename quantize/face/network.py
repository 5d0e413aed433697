"""The architecture of the face network."""

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge_fer.models.kind import FACE
from quantize.networks.blocks import normed_convolution

SIDE_PX = FACE.side_px
# Width and stride of each convolution, from 64 to 4 px. Strides instead of pooling: of networks
# with as many multiply-adds they trained nearly twice as fast. Then one dense layer, which keeps
# where things are. 0.28 million parameters, 10 million multiply-adds.
STEM_KERNEL = 5
LAYERS = ((16, 2), (32, 2), (48, 1), (64, 2), (64, 1), (80, 2))
DENSE = 112


def build_face() -> keras.Model:
    """Build the network: float32[N, 64, 64, 1] in 0..1 to float32[N, 58] in -1..1."""
    inputs = keras.Input((SIDE_PX, SIDE_PX, 1), name="face")
    x = inputs
    for number, (width, stride) in enumerate(LAYERS, start=1):
        kernel = STEM_KERNEL if number == 1 else 3
        x = normed_convolution(x, width, f"conv{number}", kernel=kernel, stride=stride)
        x = layers.ReLU(name=f"conv{number}_relu")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(DENSE, use_bias=False, kernel_initializer="he_normal", name="dense")(x)
    x = layers.BatchNormalization(momentum=0.95, name="dense_norm")(x)
    x = layers.ReLU(name="dense_relu")(x)
    small = keras.initializers.RandomNormal(stddev=0.01)
    numbers = layers.Dense(
        len(FACE.labels), kernel_initializer=small, dtype="float32", name="numbers"
    )(x)
    return keras.Model(inputs, numbers, name="face_landmarks")


def in_float32(model: keras.Model) -> keras.Model:
    """Return a trained network that computes in float32, whatever it was trained in."""
    copy = build_face()
    copy.set_weights(model.get_weights())
    return copy


def start_at(model: keras.Model, mean: NDArray[np.float64]) -> None:
    """Let an untrained network answer with `mean` (float[58]): the mean face."""
    layer = model.get_layer("numbers")
    kernel, _ = layer.get_weights()
    layer.set_weights([kernel, mean.astype(np.float32)])
