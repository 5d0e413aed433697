"""What the networks are built of."""

import keras
from keras import layers


def normed_convolution(
    x: keras.KerasTensor,
    width: int,
    name: str,
    *,
    kernel: int = 3,
    stride: int = 1,
    momentum: float = 0.95,
    gamma: str = "ones",
) -> keras.KerasTensor:
    """Return `x` through a convolution without bias, `name`, and its BatchNorm, `name`_norm.

    `kernel` and `stride` are those of both sides; `gamma` is how the norm's scales begin.
    """
    x = layers.Conv2D(
        width,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return layers.BatchNormalization(
        momentum=momentum, gamma_initializer=gamma, name=f"{name}_norm"
    )(x)
