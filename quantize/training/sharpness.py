"""Sharpness-aware minimization: the gradient is taken where the loss is higher nearby.

Foret, Kleiner, Mobahi and Neyshabur 2021, "Sharpness-Aware Minimization for Efficiently Improving
Generalization", arXiv:2010.01412. It needs TensorFlow as Keras' backend.
"""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="edge_fer")
class SharpnessAwareModel(keras.Model):  # type: ignore[misc]  # keras ships no types
    """A network whose training step looks `distance` (above 0) uphill before it steps down."""

    distance: float = 0.05

    def train_step(self, data: Any) -> Any:
        """Take one step on a batch of pictures and targets; return the metrics."""
        import tensorflow as tf  # noqa: PLC0415  # the backend's own tape

        pictures, targets, weights = keras.utils.unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        with tf.GradientTape() as tape:
            answers = self(pictures, training=True)
            loss = self.compute_loss(pictures, targets, answers, weights)
        gradients = tape.gradient(loss, [each.value for each in variables])
        self._loss_tracker.update_state(loss)
        metrics = self.compute_metrics(pictures, targets, answers, sample_weight=weights)
        length = tf.linalg.global_norm(gradients) + 1e-12
        uphill = [self.distance / length * gradient for gradient in gradients]
        for variable, way in zip(variables, uphill, strict=True):
            variable.assign_add(way)
        # The statistics of BatchNorm are those of the weights that are kept.
        before = [tf.identity(each.value) for each in self.non_trainable_variables]
        with tf.GradientTape() as tape:
            answers = self(pictures, training=True)
            loss = self.compute_loss(pictures, targets, answers, weights)
        gradients = tape.gradient(loss, [each.value for each in variables])
        for variable, way in zip(variables, uphill, strict=True):
            variable.assign_sub(way)
        for variable, value in zip(self.non_trainable_variables, before, strict=True):
            variable.assign(value)
        self.optimizer.apply(gradients, variables)
        return metrics
