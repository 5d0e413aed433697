"""A model soup: one network with the mean weights of several that started from the same one.

Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves
accuracy without increasing inference time", arXiv:2203.05482; all with the same weight, as their
uniform soup. Networks that started from different random weights have their channels in different
orders, and their mean is no network. Means and variances of BatchNorm do not average with the
weights: they are taken anew over faces (Izmailov et al. 2018, arXiv:1803.05407).
"""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
from numpy.typing import NDArray


def soup(networks: Sequence[keras.Model], batches: Iterable[NDArray[np.float32]]) -> keras.Model:
    """Return a network with the mean weights of `networks`, its statistics those of `batches`.

    `batches` are float32[n, 48, 48, 1], as a training sees them. ValueError where `same_layers` is
    not so.
    """
    first = networks[0]
    if not all(same_layers(network, first) for network in networks):
        raise ValueError("networks with different layers have no mean")
    mean = keras.models.clone_model(first)
    weights = zip(*(network.get_weights() for network in networks), strict=True)
    mean.set_weights([np.mean(np.stack(values), axis=0) for values in weights])
    _renew_statistics(mean, batches)
    return mean


def same_layers(network: keras.Model, other: keras.Model) -> bool:
    """Return whether both have the same layers with weights, by name and shape."""
    one, two = (
        [(layer.name, tuple(weight.shape)) for layer in each.layers for weight in layer.weights]
        for each in (network, other)
    )
    return one == two


def _renew_statistics(network: keras.Model, batches: Iterable[NDArray[np.float32]]) -> None:
    norms = [
        layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [norm.momentum for norm in norms]
    for done, batch in enumerate(batches if norms else ()):
        for norm in norms:
            norm.momentum = done / (done + 1)  # what this leaves is the mean over all batches
        network(batch, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
