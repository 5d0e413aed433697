"""Opens a trained network from its file, ready for measuring and converting."""

from pathlib import Path

import keras

from edge_fer.models.kind import EMOTIONS, ModelKind
from quantize.networks.adapting import adapt, gives_probabilities, own_use
from quantize.networks.reading import read_network
from quantize.networks.use import Use

__all__ = ["gives_probabilities", "load_network", "load_own_network"]


def load_network(path: Path, kind: ModelKind = EMOTIONS, use: Use | None = None) -> keras.Model:
    """Load a network in the daemon's form: float32[n, 48, 48, 1] in 0..1 to 7 logits, or as `kind`.

    `path` is a `.keras` or `.h5` file or the folder of a SavedModel. Whatever its image size,
    channels, range (`use`) and number format, it comes back so and in float32
    (`quantize.networks.adapting`). UserError when it cannot be read, or takes no picture, or
    returns other classes.
    """
    return adapt(read_network(path), str(path), use, kind)


def load_own_network(path: Path, use: Use | None = None) -> keras.Model:
    """Load a network as `load_network`, but for faces of its own size: float32[n, side, side, 1].

    `quantize.networks.adapting.own_use` says which side that is. The outputs are in the order of
    `use.kind`.
    """
    network = read_network(path)
    own = own_use(network, str(path), use or Use())
    return adapt(network, str(path), own, own.kind)
