"""Cross-entropy that also asks for the same answer for a face and for its mirror image."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="edge_fer")
class AgreeingCrossEntropy(keras.losses.Loss):  # type: ignore[misc]  # keras ships no types
    """Cross-entropy plus `weight` times the divergence between both halves of a batch.

    The second half of a batch has the mirror images of the first one, in the same order. The
    divergence is the symmetric one of Kullback and Leibler, in natural logarithms, at least 0.
    """

    def __init__(
        self, weight: float, label_smoothing: float, name: str = "agreeing", **others: Any
    ) -> None:
        super().__init__(name=name, **others)
        self.weight, self.label_smoothing = weight, label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each picture, float[2 n], for targets and logits of [2 n, classes]."""
        entropy = keras.losses.categorical_crossentropy(
            y_true, y_pred, from_logits=True, label_smoothing=self.label_smoothing
        )
        logs = keras.ops.log_softmax(y_pred)
        half = keras.ops.shape(logs)[0] // 2
        faces, mirrored = logs[:half], logs[half:]
        apart = (keras.ops.exp(faces) - keras.ops.exp(mirrored)) * (faces - mirrored)
        divergence = keras.ops.sum(apart, axis=-1) / 2
        return entropy + self.weight * keras.ops.concatenate([divergence, divergence])

    def get_config(self) -> dict[str, Any]:
        """Return what `__init__` takes, for a checkpoint."""
        config = super().get_config()
        return {**config, "weight": self.weight, "label_smoothing": self.label_smoothing}
