"""The inside of a Keras network."""

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from quantize.data.calibration_set import to_float_input
from quantize.networks.complexity import known_layer_multiply_adds
from quantize.report.anatomy import LayerRow, last_of_each_size


class KerasAnatomy:
    """Reads a network's layers. What lies within a network in the network is one layer here."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model

    def layers(self) -> list[LayerRow]:
        """Return the layers in their order."""
        return [
            LayerRow(
                layer.name,
                type(layer).__name__,
                tuple(keras.tree.flatten(layer.output)[0].shape[1:]),
                layer.count_params(),
                known_layer_multiply_adds(layer),
            )
            for layer in self._model.layers
        ]

    def first_filters(self) -> NDArray[np.float32] | None:
        """Return the first convolution's weights, float32[n, height, width]; None without one."""
        for layer in self._model.layers:
            if isinstance(layer, layers.Conv2D):
                kernel = np.asarray(layer.kernel, np.float32)  # [height, width, channels, n]
                return np.ascontiguousarray(kernel.mean(axis=2).transpose(2, 0, 1))
        return None

    def feature_maps(self, face: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return what `face` (uint8[48, 48]) becomes, float32[height, width, channels] by layer."""
        outputs: dict[str, Any] = {
            layer.name: layer.output
            for layer in self._model.layers
            if not isinstance(layer, (layers.InputLayer, keras.Model))
            and len(layer.output.shape) == 4
        }
        shapes = {name: tuple(output.shape[1:]) for name, output in outputs.items()}
        chosen = last_of_each_size(shapes)
        if not chosen:
            return {}
        # By name: a list of one output would come back as the bare array.
        inside = keras.Model(self._model.inputs, {name: outputs[name] for name in chosen})
        maps = inside.predict_on_batch(to_float_input(face[np.newaxis]))
        return {name: np.asarray(maps[name][0], np.float32) for name in chosen}
