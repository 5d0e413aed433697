"""Trains the eye network on pictures that are changed as a cabin and its landmarks change them."""

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import EYES
from quantize.data.calibration_set import to_float_input
from quantize.eyes.cabin import CabinSettings, in_a_cabin
from quantize.eyes.network import build_eyes
from quantize.eyes.patches import (
    CEW,
    ELSEWHERE,
    GAZE_FROM_OPENING,
    INFRARED,
    SPLIT,
    STRAIGHT_INWARDS,
    STRAIGHT_UPWARDS,
    EyePatches,
    with_common_height,
)

# What one standard error is, by which the differences of each output are divided. Upwards an eye
# moves less than half as far as sideways: with one unit for both it was hardly learned.
_OPENING_UNIT, _INWARDS_UNIT, _UPWARDS_UNIT = 0.05, 0.10, 0.04
# Spread of the teacher's gaze at which it counts half.
_DOUBT_UNIT = 0.06
# Lid opening that closed and open eyes without a teacher's answer have at most and at least.
_CLOSED_MOST, _OPEN_LEAST = 0.18, 0.28


@dataclass(frozen=True, slots=True)
class EyeTraining:
    """What, with the pictures, decides the weights."""

    seed: int = 1
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 2e-3  # at first; it falls to nothing as a cosine
    weight_decay: float = 2e-4
    label_smoothing: float = 0.03
    start: str = ""  # sha256 of the network whose weights it begins with; "": random ones
    average: float = 0.999  # of the weights, step by step: what is kept at the end
    gaze_weight: float = 2.0
    closed_weight: float = 1.4  # of closed eyes against open ones: they are fewer
    visible_weight: float = 2.0
    rows: int = 0  # how many pictures were taken, as many of each source; 0: all
    # How often an epoch takes the pictures of each source: natural, infra-red, CEW, elsewhere.
    repeats: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.5)
    cabin: CabinSettings = field(default_factory=CabinSettings)

    def record(self, patches: EyePatches, history: list[float]) -> dict[str, Any]:
        """Return what the card says of the training; `history` has the loss of each epoch."""
        return {
            "settings": asdict(self),
            "data_sha256": patches.digest(),
            "split": SPLIT,
            "epochs": len(history),
            "loss": [round(loss, 4) for loss in history],
        }


def train_eyes(
    patches: EyePatches,
    settings: EyeTraining,
    done: Callable[[int, float], None],
    checkpoint: Path | None = None,
    start: keras.Model | None = None,
) -> tuple[keras.Model, list[float]]:
    """Train on `patches`; `done` is called after each epoch with its number and its loss.

    Returns the network and the loss of each epoch.

    With `start` the weights begin as those of that network, and `settings.start` names it. No epoch
    is chosen by the held-out pictures, which are not seen here: the last one counts. With
    `checkpoint`, a file that is written after each epoch, an interrupted training goes on there.
    UserError where that file is of other settings.
    """
    keras.utils.set_random_seed(settings.seed)
    model = build_eyes()
    if start is not None:
        model.set_weights(start.get_weights())
    patches = with_common_height(patches)
    numbers = _epoch_rows(patches, settings, np.random.default_rng(0))
    steps = settings.epochs * -(-len(numbers) // settings.batch_size)
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps),
        weight_decay=settings.weight_decay,
        use_ema=True,
        ema_momentum=settings.average,
        clipnorm=5.0,
    )
    model.compile(optimizer, lambda truth, found: _loss(truth, found, settings))
    optimizer.build(model.trainable_variables)
    history = [] if checkpoint is None else _resume(checkpoint, model, settings)
    for epoch in range(len(history), settings.epochs):
        rng = np.random.default_rng((settings.seed, epoch))
        rows = _epoch_rows(patches, settings, rng)
        images, targets = changed(patches, rows, settings, rng)
        fitted = model.fit(
            to_float_input(images),
            targets,
            batch_size=settings.batch_size,
            shuffle=False,
            verbose=0,
        )
        history.append(float(fitted.history["loss"][0]))
        if checkpoint is not None:
            _save(checkpoint, model, settings, history)
        done(epoch + 1, history[-1])
    optimizer.finalize_variable_values(model.trainable_variables)
    _settle_norms(model, patches, settings)
    network = build_eyes()  # without the loss, which a .keras file cannot hold
    network.set_weights(model.get_weights())
    return network, history


def _settle_norms(model: keras.Model, patches: EyePatches, settings: EyeTraining) -> None:
    """Let each BatchNorm see, with the averaged weights, what it normalises."""
    rng = np.random.default_rng((settings.seed, settings.epochs))
    rows = _epoch_rows(patches, settings, rng)[: 100 * settings.batch_size]
    images = to_float_input(changed(patches, rows, settings, rng)[0])
    for start in range(0, len(images), settings.batch_size):
        model(images[start : start + settings.batch_size], training=True)


def _epoch_rows(
    patches: EyePatches, settings: EyeTraining, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return the rows of one epoch in their order: of each source its share."""
    parts = []
    for source, repeats in enumerate(settings.repeats):
        of_source = np.flatnonzero(patches.source == source)
        count = round(repeats * len(of_source))
        if len(of_source):
            parts.append(rng.choice(of_source, count, replace=count > len(of_source)))
    return rng.permutation(np.concatenate(parts))


def changed(
    patches: EyePatches, rows: NDArray[np.intp], settings: EyeTraining, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return random variants of `rows`: uint8[n,40,40] and targets float32[n,10] for `_loss`."""
    seeds = rng.integers(0, 2**63, len(rows))

    def one(place: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        return _variant(patches, int(rows[place]), settings, np.random.default_rng(seeds[place]))

    with ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(one, range(len(rows)), chunksize=64))
    return np.stack([image for image, _ in pairs]), np.stack([target for _, target in pairs])


def _variant(
    patches: EyePatches, row: int, settings: EyeTraining, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return one variant and its target: the five values, then their weights."""
    inwards, upwards = float(patches.inwards[row]), float(patches.upwards[row])
    known = math.isfinite(inwards)
    iris = (inwards + STRAIGHT_INWARDS, -(upwards + STRAIGHT_UPWARDS)) if known else (-0.1, -0.1)
    image, source = patches.images[row], int(patches.source[row])
    if source in (INFRARED, CEW) and rng.random() < 0.5:
        image = image[:, ::-1]  # which eye it is, is not known of all, and says nothing of lids
    eye = in_a_cabin(image, float(patches.eye_px[row]), iris, settings.cabin, rng)
    opening, closed, seen = patches.known(row)
    visible = 0.0 if 0.0 in (seen, eye.visible) else eye.visible + seen - 1  # NaN with a NaN
    values = np.zeros(5, np.float32)
    weights = np.zeros(5, np.float32)
    values[4] = 0.0 if math.isnan(visible) else visible
    weights[4] = 0.0 if math.isnan(visible) else 1.0
    if visible == 0.0 or source == ELSEWHERE:
        return eye.image, np.concatenate([values, weights])
    sure = 1.0 if visible == 1.0 else 0.3
    if math.isfinite(opening):
        values[0], weights[0] = opening, sure
    if math.isfinite(closed):
        values[3] = closed
        weights[3] = sure * (settings.closed_weight if closed == 1.0 else 1.0)
    if known and eye.sharpness > 0 and opening > GAZE_FROM_OPENING:
        # Eyes that look aside are few; those of which the teacher is unsure say less.
        rare = 0.6 + 2.0 * min(math.hypot(inwards, upwards) / 0.4, 1.0)
        trust = 1 / (1 + (float(patches.doubt[row]) / _DOUBT_UNIT) ** 2)
        values[1:3] = inwards, upwards
        weights[1:3] = rare * trust * eye.sharpness * sure
    return eye.image, np.concatenate([values, weights])


def _loss(truth: Any, found: Any, settings: EyeTraining) -> Any:
    values, weights = truth[:, :5], truth[:, 5:]
    low = ops.convert_to_tensor([output.low for output in EYES.outputs], "float32")
    high = ops.convert_to_tensor([output.high for output in EYES.outputs], "float32")
    meant = low + (found + 1) / 2 * (high - low)
    opening = weights[:, 0] * _huber((meant[:, 0] - values[:, 0]) / _OPENING_UNIT)
    # Closed and open are known, the opening is not: it has to be on its side.
    unknown = weights[:, 3] * ops.cast(weights[:, 0] == 0, "float32")
    wrong = ops.where(values[:, 3] > 0.5, meant[:, 0] - _CLOSED_MOST, _OPEN_LEAST - meant[:, 0])
    opening = opening + 0.3 * unknown * _huber(ops.relu(wrong) / _OPENING_UNIT)
    unit = ops.convert_to_tensor([_INWARDS_UNIT, _UPWARDS_UNIT])
    gaze = ops.sum(weights[:, 1:3] * _huber((meant[:, 1:3] - values[:, 1:3]) / unit), axis=1)
    smooth = settings.label_smoothing
    wanted = values[:, 3:] * (1 - 2 * smooth) + smooth
    logits = meant[:, 3:]
    crossed = ops.relu(logits) - logits * wanted + ops.log1p(ops.exp(-ops.abs(logits)))
    importance = ops.convert_to_tensor([1.5, settings.visible_weight])
    answers = ops.sum(weights[:, 3:] * crossed * importance, axis=1)
    # What int8 cannot hold is of no use.
    beyond = ops.sum(ops.square(ops.relu(ops.abs(found) - 0.95)), axis=1)
    return opening + settings.gaze_weight * gaze + answers + beyond


def _huber(error: Any) -> Any:
    size = ops.abs(error)
    return ops.where(size < 1, 0.5 * ops.square(size), size - 0.5)


def _fixed(settings: EyeTraining) -> str:
    """Return what has to stay as it is when a training continues: all but the number of epochs."""
    return json.dumps(asdict(replace(settings, epochs=0)))


def _save(path: Path, model: keras.Model, settings: EyeTraining, history: list[float]) -> None:
    """Write weights, averages and the optimizer's state, and the epochs' losses."""
    arrays: dict[str, Any] = {
        f"w{number:04d}": np.asarray(value)
        for number, value in enumerate([*model.weights, *model.optimizer.variables])
    }
    text = _fixed(settings)
    temporary = path.with_suffix(".writing.npz")
    np.savez(
        temporary, allow_pickle=False, history=np.array(history), settings=np.array(text), **arrays
    )
    temporary.replace(path)


def _resume(path: Path, model: keras.Model, settings: EyeTraining) -> list[float]:
    """Put the checkpoint into `model`; return the losses up to there, none without a checkpoint."""
    if not path.exists():
        return []
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if str(arrays["settings"]) != _fixed(settings):
                raise DataError(
                    DataReason.MISMATCH,
                    f"{path}: of a training with other settings: remove it to start anew",
                )
            for number, value in enumerate([*model.weights, *model.optimizer.variables]):
                value.assign(arrays[f"w{number:04d}"])
            return [float(loss) for loss in arrays["history"]]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            DataReason.BAD_FORMAT, f"{path}: not a checkpoint of this network ({error}): remove it"
        ) from error
