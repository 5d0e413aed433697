"""Takes from a network the channels that matter most, to begin a narrower one with.

Channels are ranked by what they pass on: the spread of a channel's values over faces, times the
norm of the weights that read it. Li et al. 2017, "Pruning Filters for Efficient ConvNets", rank by
the norm of weights alone; Molchanov et al. 2017, arXiv:1611.06440, by values too. The mean of a
channel that goes is added to the bias of the layer that read it.
"""

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from quantize.networks.folding import chain_of, fold_batch_norms


def narrow(wide: keras.Model, network: keras.Model, faces: NDArray[np.float32]) -> keras.Model:
    """Return a network with the widths of `network`, its weights the best channels of `wide`.

    Both are chains with the same layers; the result has its BatchNorms folded. `faces`
    (float32[n, 48, 48, 1] in [0, 1]) rank the channels. UserError where a layer of `network` is
    missing in `wide` or wider there.
    """
    source = fold_batch_norms(wide).model
    result = fold_batch_norms(network).model
    chain, target = _weighted(source), _weighted(result)
    if [layer.name for layer in chain] != [layer.name for layer in target]:
        raise _other_family(wide, network)
    read: NDArray[np.int64] | None = None  # channels of the layer before that stay; None: all
    means = np.zeros(0, np.float32)  # over the faces, of all channels of the layer before
    for place, (layer, narrower) in enumerate(zip(chain, target, strict=True)):
        kernel, bias = layer.get_weights()
        if read is not None:
            gone = np.setdiff1d(np.arange(len(means)), read)
            spatial = kernel.reshape(-1, *kernel.shape[-2:]).sum(axis=0)
            bias = bias + means[gone] @ spatial[gone]
            kernel = kernel[..., read, :]
        outputs = narrower.get_weights()[0].shape[-1]
        if outputs > kernel.shape[-1]:
            raise _other_family(wide, network)
        kept = np.arange(kernel.shape[-1])
        if outputs < len(kept):
            values = _values_behind(source, layer, faces)
            readers = chain[place + 1].get_weights()[0]
            norms = np.sqrt((readers**2).sum(axis=(*range(readers.ndim - 2), -1)))
            kept = np.sort(np.argsort(values.std(axis=0) * norms)[-outputs:])
            means = values.mean(axis=0)
            read = kept
        else:
            read = None
        narrower.set_weights([kernel[..., kept], bias[kept]])
    return result


def _weighted(model: keras.Model) -> list[Any]:
    return [layer for layer in chain_of(model) or () if layer.weights]


def _values_behind(
    model: keras.Model, layer: layers.Layer, faces: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return what the next layer with weights reads, float32[values, channels]."""
    chain = chain_of(model) or []
    behind = chain[chain.index(layer) + 1 :]
    last = next(place for place, each in enumerate(behind) if each.weights)
    output = behind[last - 1].output if last else layer.output
    values = keras.Model(model.inputs, output).predict(faces, verbose=0)
    return np.asarray(values.reshape(-1, values.shape[-1]), np.float32)


def _other_family(wide: keras.Model, network: keras.Model) -> ModelError:
    return ModelError(
        ModelReason.UNSUPPORTED,
        f"--initial: {wide.name!r} is not a wider network with the layers of {network.name!r}",
    )
