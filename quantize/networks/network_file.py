"""Opens a trained network from its file, ready for measuring and converting."""

from pathlib import Path

import keras

from edge_fer.models.kind import EMOTIONS, ModelKind
from quantize.networks.adapting import adapt, gives_probabilities
from quantize.networks.reading import read_network
from quantize.networks.use import Use

__all__ = ["gives_probabilities", "load_network"]


def load_network(path: Path, kind: ModelKind = EMOTIONS, use: Use | None = None) -> keras.Model:
    """Load a network in the daemon's form: float32[n, 48, 48, 1] in 0..1 to 7 logits, or as `kind`.

    `path` is a `.keras` or `.h5` file or the folder of a SavedModel. Whatever its image size,
    channels, range (`use`) and number format, it comes back so and in float32
    (`quantize.networks.adapting`). UserError when it cannot be read, or takes no picture, or
    returns other classes.
    """
    return adapt(read_network(path), str(path), use, kind)
