"""Early-learning regularization: what a network saw first of a face outweighs a wrong label.

Liu, Niles-Weed, Razavian and Fernandez-Granda 2020, "Early-Learning Regularization Prevents
Memorization of Noisy Labels", arXiv:2007.00151. A network fits the right labels first and memorizes
the wrong ones later. The loss therefore also asks it to agree with the moving average of its own
answers, which for a wrongly labelled face points to the right class.
"""

from typing import Any

import keras

_LEAST = 1e-4  # as in the authors' code, github.com/shengliu66/ELR: no logarithm of 0


@keras.saving.register_keras_serializable(package="edge_fer")
class EarlyLearning(keras.layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Returns logits as they are, and in training adds the loss and remembers the answers.

    The loss of n pictures is `weight` / n times the sum of log(1 - t·p): p are the probabilities, t
    the average of them for that row of the data, of which each step keeps the share `momentum`. It
    is at most 0. The averages, float32[rows, classes], begin with zeros and are in a checkpoint.
    """

    def __init__(
        self, rows: int, weight: float, momentum: float, name: str = "early_learning", **others: Any
    ) -> None:
        super().__init__(name=name, **{**others, "dtype": "float32"})
        self.rows, self.weight, self.momentum = rows, weight, momentum

    def build(self, logits_shape: Any, rows_shape: Any) -> None:
        """Create the averages for logits of shape (n, classes)."""
        del rows_shape
        self.remembered = self.add_weight(
            shape=(self.rows, logits_shape[-1]),
            initializer="zeros",
            trainable=False,
            name="remembered",
        )

    def call(self, logits: Any, rows: Any, training: bool | None = None) -> Any:
        """Take logits [n, classes] and the number of each picture's row, int32[n, 1]."""
        if training:
            # A step may have a row only once: which of two answers stays would be left to chance.
            now = keras.ops.clip(keras.ops.softmax(logits), _LEAST, 1 - _LEAST)
            shares = now / keras.ops.sum(now, axis=-1, keepdims=True)
            before = keras.ops.take(self.remembered, rows[:, 0], axis=0)
            targets = keras.ops.stop_gradient(self.momentum * before + (1 - self.momentum) * shares)
            self.remembered.assign(keras.ops.scatter_update(self.remembered, rows, targets))
            apart = keras.ops.log(1 - keras.ops.sum(targets * now, axis=-1))
            self.add_loss(self.weight * keras.ops.mean(apart))
        return logits

    def compute_output_shape(self, logits_shape: Any, rows_shape: Any) -> Any:
        """Return the shape of the logits."""
        del rows_shape
        return logits_shape

    def get_config(self) -> dict[str, Any]:
        """Return what `__init__` takes, for a checkpoint."""
        config = super().get_config()
        return {**config, "rows": self.rows, "weight": self.weight, "momentum": self.momentum}
