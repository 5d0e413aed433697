"""Opens a trained network from its file, ready for measuring and converting."""

from pathlib import Path

import keras

from edge_fer.models.kind import EMOTIONS, ModelKind
from quantize.networks.adapting import adapt, gives_probabilities, own_use
from quantize.networks.reading import read_network
from quantize.networks.use import Use

__all__ = ["gives_probabilities", "in_precision", "load_network", "load_own_network"]


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


def in_precision(network: keras.Model, precision: str) -> keras.Model:
    """Return the network computing in `precision`, as "mixed_bfloat16", but for its last layer.

    As in a training, for bfloat16 has two or three digits: too few for logits.
    """

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if layer is not network.layers[-1]:
            config["dtype"] = precision
        return type(layer).from_config(config)

    copied = keras.models.clone_model(network, clone_function=copy)
    copied.set_weights(network.get_weights())
    return copied
