"""The architecture of the eye network."""

import keras
from keras import layers

from edge_fer.models.kind import EYES

# Width of each convolution at 24, 12 and 6 px: 34 thousand parameters, 2 million multiply-adds.
WIDTHS = (16, 32, 40, 40)


def build_eyes() -> keras.Model:
    """Build the network: float32[N, 24, 24, 1] in 0..1 to float32[N, 2] logits (open, closed)."""
    inputs = keras.Input((EYES.side_px, EYES.side_px, 1), name="eye")
    x = inputs
    for number, width in enumerate(WIDTHS, start=1):
        if number in (2, 3):
            x = layers.MaxPooling2D(name=f"pool{number - 1}")(x)
        x = layers.Conv2D(
            width,
            3,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"conv{number}",
        )(x)
        x = layers.BatchNormalization(momentum=0.95, name=f"conv{number}_norm")(x)
        x = layers.ReLU(name=f"conv{number}_relu")(x)
    # Where in the patch the lid lies says much: no average over all places.
    x = layers.MaxPooling2D(name="pool3")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(len(EYES.labels), name="logits")(x), name="eyes")
