"""The network in training: what is optimised, and what of it is measured and shipped.

With votes it has a second head on the features that the first head reads. With a decay its
weights' moving average is what gets measured; without, it is measured itself.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.models.kind import FACE_PX
from quantize.data.votes import VOTE_CLASSES
from quantize.networks.architectures import FIXED_SIZE, build
from quantize.networks.growing import grow
from quantize.networks.initial_network import open_initial
from quantize.networks.narrowing import narrow
from quantize.training.agreement import AgreeingCrossEntropy
from quantize.training.early_learning import EarlyLearning
from quantize.training.settings import TrainingSettings
from quantize.training.sharpness import SharpnessAwareModel
from quantize.training.weight_average import WeightAverage


@dataclass(frozen=True, slots=True)
class Learner:
    """`model` is compiled and goes into the checkpoint; `average` is None where there is none."""

    model: keras.Model
    average: WeightAverage | None

    @property
    def measured(self) -> keras.Model:
        """The network from faces to logits whose accuracy counts."""
        return _first_head(self.model) if self.average is None else self.average.network

    @property
    def callbacks(self) -> list[keras.callbacks.Callback]:
        """What has to run with each step of a training."""
        return [] if self.average is None else [self.average]

    def seed_dropout(self, seed: int, epoch: int) -> None:
        """Make the masks of an epoch depend on seed and epoch alone: a checkpoint has no masks."""
        dropouts = [layer for layer in self.model.layers if isinstance(layer, keras.layers.Dropout)]
        for index, layer in enumerate(dropouts):
            # [key, counter]; each step counts one up.
            layer.seed_generator.state.assign([seed + 1000 * index, epoch << 16])


def new_learner(
    settings: TrainingSettings,
    steps_per_epoch: int,
    initial: Path | None,
    faces: NDArray[np.float32],
    rows: int,
) -> Learner:
    """Build and compile the network of `settings`; its weights are those of `initial`, if given.

    `faces` (float32[n, 48, 48, 1]) are some to start what `initial` lacks with; `rows` is how many
    are learned.
    """
    network = _build(settings, settings.precision)
    if initial is not None:
        begun = open_initial(initial, settings.architecture)
        if begun.name != network.name:
            begun = narrow(begun, network, faces)
        grow(network, begun, faces)
    model = _in_training(network, settings, rows)
    _compile(model, settings, steps_per_epoch)
    return _learner(model, settings, steps_done=0)


def resized_learner(
    learner: Learner, settings: TrainingSettings, epoch: int, steps_per_epoch: int, rows: int
) -> Learner:
    """Return a learner for the image size of `epoch`, counted from 0; the same one where it fits.

    A network of a fixed size becomes a new one, with the weights of all layers that do not depend
    on the size, as convolutions do, and an optimizer that begins anew. The dense layer behind the
    feature map has another number of weights: it and what follows it begin with random ones. What
    is remembered of the `rows` that are learned begins anew too.
    """
    side_px = settings.stage_of(epoch).side_px
    if _side_px(learner.model) in (None, side_px):
        return learner
    keras.utils.set_random_seed(settings.seed + epoch)
    network = _in_precision(settings.precision, settings.architecture, side_px)
    known = {layer.name: layer.get_weights() for layer in learner.model.layers}
    for layer in network.layers:
        values = known[layer.name]
        if [value.shape for value in values] != [tuple(each.shape) for each in layer.weights]:
            break
        layer.set_weights(values)
    model = _in_training(network, settings, rows)
    _compile(model, settings, steps_per_epoch)
    return _learner(model, settings, steps_done=0)


def loaded_learner(
    model: Path, average: Path, settings: TrainingSettings, steps_done: int
) -> Learner:
    """Load what `save_learner` stored after `steps_done` steps."""
    loaded = keras.models.load_model(model)
    if isinstance(loaded, SharpnessAwareModel):
        loaded.distance = settings.sharpness
    learner = _learner(loaded, settings, steps_done)
    if learner.average is not None:
        learner.average.network.load_weights(average)
    return learner


def at_full_size(network: keras.Model, architecture: str) -> keras.Model:
    """Return the same network in float32, with its input fixed to 48x48."""
    full = _in_precision("float32", architecture, FACE_PX)
    full.set_weights(network.get_weights())
    return full


def _learner(model: keras.Model, settings: TrainingSettings, steps_done: int) -> Learner:
    if settings.average_decay == 0:
        return Learner(model, None)
    average = WeightAverage(
        _in_precision("float32", settings.architecture, _side_px(model)),
        _first_head(model),
        settings.average_decay,
        steps_done,
    )
    return Learner(model, average)


def _build(settings: TrainingSettings, precision: str) -> keras.Model:
    sides = {stage.side_px for stage in settings.stages}
    side_px = sides.pop() if len(sides) == 1 else None
    if settings.architecture in FIXED_SIZE:
        side_px = settings.stages[0].side_px
    return _in_precision(precision, settings.architecture, side_px)


def _in_precision(precision: str, architecture: str, side_px: int | None) -> keras.Model:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return build(architecture, side_px)
    finally:
        keras.config.set_dtype_policy(before)


def _with_votes(network: keras.Model) -> keras.Model:
    head = keras.layers.Dense(len(VOTE_CLASSES), dtype="float32", name="votes")
    features = network.layers[-1].input
    return keras.Model(network.input, {"logits": network.output, "votes": head(features)})


def _in_training(network: keras.Model, settings: TrainingSettings, rows: int) -> keras.Model:
    """Return what is trained of `network`, layers shared: heads, losses and step of `settings`."""
    model = network if settings.votes_sha256 is None else _with_votes(network)
    if settings.early_learning > 0:
        model = _with_memory(model, settings, rows)
    if settings.sharpness == 0:
        return model
    aware = SharpnessAwareModel(model.input, model.output)
    aware.distance = settings.sharpness
    return aware


def _with_memory(model: keras.Model, settings: TrainingSettings, rows: int) -> keras.Model:
    # The mirror image of a face is remembered beside it.
    rows = 2 * rows if settings.mirror_agreement > 0 else rows
    memory = EarlyLearning(rows, settings.early_learning, settings.early_learning_momentum)
    row = keras.Input((1,), dtype="int32", name="row")
    answers = memory(model.get_layer("logits").output, row)
    outputs = model.output
    outputs = {**outputs, "logits": answers} if isinstance(outputs, dict) else answers
    return keras.Model({"face": model.input, "row": row}, outputs)


def _side_px(model: keras.Model) -> int | None:
    """Return the image size that a network takes; None for any."""
    side_px: int | None = model.get_layer("face").output.shape[1]
    return side_px


def _first_head(model: keras.Model) -> keras.Model:
    """Return the network from faces to logits, its layers shared with `model`."""
    return keras.Model(model.get_layer("face").output, model.get_layer("logits").output)


def _compile(model: keras.Model, settings: TrainingSettings, steps_per_epoch: int) -> None:
    labels = (
        AgreeingCrossEntropy(settings.mirror_agreement, settings.label_smoothing)
        if settings.mirror_agreement > 0
        else keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=settings.label_smoothing
        )
    )
    optimizer = _optimizer(settings, steps_per_epoch)
    if settings.votes_sha256 is None:
        model.compile(optimizer=optimizer, loss=labels, metrics=["accuracy"])
        return
    votes = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(
        optimizer=optimizer,
        loss={"logits": labels, "votes": votes},
        loss_weights={"logits": 1.0, "votes": settings.votes_weight},
        metrics={"logits": ["accuracy"]},
    )


def _optimizer(settings: TrainingSettings, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(settings.learning_rate)
    warmup_steps = round(settings.warmup_epochs * steps_per_epoch)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 10,
        decay_steps=max(1, settings.epochs * steps_per_epoch - warmup_steps),
        warmup_target=settings.learning_rate,
        warmup_steps=warmup_steps,
    )
    optimizer = keras.optimizers.SGD(
        schedule,
        momentum=settings.momentum,
        nesterov=True,
        weight_decay=settings.weight_decay,
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
