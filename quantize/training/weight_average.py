"""An exponential moving average of a network's weights, which is what gets measured and shipped.

Polyak and Juditsky 1992; as the mean teacher of Tarvainen and Valpola 2017 ramps it up.
"""

import keras

UPDATE_STEPS = 8
"""Steps between two updates: the weights move little in so few, and each costs milliseconds."""


class WeightAverage(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Keeps `network` at the moving average of the weights of `source`, of the same architecture.

    `decay` is what a step leaves of the average, in [0, 1); 0 follows the weights at once. The
    running means and variances of BatchNorm are averaged like the weights that they belong to.
    """

    def __init__(
        self, network: keras.Model, source: keras.Model, decay: float, steps_done: int
    ) -> None:
        super().__init__()
        self.network, self._source = network, source
        self._decay, self._steps = decay, steps_done
        if steps_done == 0:
            network.set_weights(source.get_weights())

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Count a step, and move the average when it is due."""
        del batch, logs
        self._steps += 1
        if self._steps % UPDATE_STEPS == 0:
            # Young averages follow quickly, or they would remember the random weights.
            kept = min(self._decay, (1 + self._steps) / (10 + self._steps)) ** UPDATE_STEPS
            for mean, weight in zip(self.network.weights, self._source.weights, strict=True):
                mean.assign(kept * mean.value + (1 - kept) * weight.value)
