"""Trains the face network on squares with faces, turned heads and squares without a face."""

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import DataError, DataReason
from edge_fer.face.landmarks import MIRRORED
from edge_fer.face.outputs import MOUTH, PITCH, POINTS, PRESENCE, PROFILE, ROLL, YAW
from edge_fer.models.kind import FACE
from quantize.face.labels import FaceLabels
from quantize.face.network import SIDE_PX, build_face, in_float32, start_at
from quantize.face.samples import (
    NO_FACE,
    FaceSource,
    Grey,
    SampleSettings,
    Target,
    empty_sample,
    face_sample,
)

# Weights of the answers in the loss. With the rotation at a fifth of this it was hardly learned.
_POINTS_WEIGHT = 4.0
_YAW_WEIGHT, _PITCH_WEIGHT, _ROLL_WEIGHT, _MOUTH_WEIGHT = 1.5, 1.5, 0.7, 0.8
_PRESENCE_WEIGHT, _PROFILE_WEIGHT = 0.5, 0.2
_WEIGHTS = np.array(
    [_POINTS_WEIGHT / (POINTS.stop)] * POINTS.stop
    + [_YAW_WEIGHT, _PITCH_WEIGHT, _ROLL_WEIGHT, _MOUTH_WEIGHT, 0.0, 0.0],
    np.float32,
)
# In the loss, answers count in quarters of the range that -1 or 1 stands for.
_QUARTERS = 4.0
_QUARTER = np.array([output.high for output in FACE.outputs]) / _QUARTERS
_MOST = 1.1 * _QUARTERS  # what lies far outside of the square is not seen, nor can it be stored
STATE = "last.keras"  # to go on from, in bfloat16 and with the optimizer
NETWORK = "face.keras"  # to use, in float32
_QUEUED = 12  # batches that are made ahead
_MIRRORED_AFTER = 20  # batches


@dataclass(frozen=True, slots=True)
class FaceTraining:
    """What, with the labels, decides the weights."""

    seed: int = 1
    epochs: int = 40
    steps_per_epoch: int = 400
    batch_size: int = 64
    learning_rate: float = 3e-3  # at first, after a warm-up; it falls to nothing as a cosine
    weight_decay: float = 1e-4
    # Shares of a batch; the rest are squares without a face.
    natural: float = 0.36  # faces at their own resolution
    fer: float = 0.24
    turned: float = 0.2
    samples: SampleSettings = field(default_factory=SampleSettings)

    def with_rows(self, rows: int) -> "FaceTraining":
        """Return the settings for a training on `rows` faces of each kind; 0: as they are.

        An epoch then has as many squares as faces, of the kinds together.
        """
        steps = min(self.steps_per_epoch, -(-3 * rows // self.batch_size))
        return replace(self, steps_per_epoch=steps) if rows else self

    def record(self, digests: dict[str, str], epochs_done: int) -> dict[str, Any]:
        """Return what the card says of the training."""
        return {"settings": asdict(self), "data_sha256": digests, "epochs": epochs_done}


def encode(target: Target) -> NDArray[np.float32]:
    """Return a target as what the network should answer, in quarters, and weights: float32[2, 58].

    Presence and profile are 0 or 1.
    """
    values = np.zeros(len(FACE.labels))
    values[POINTS] = target.points.ravel()
    values[[YAW, PITCH, ROLL, MOUTH]] = (
        target.yaw_deg,
        target.pitch_deg,
        target.roll_deg,
        target.mouth_opening,
    )
    values = np.clip(values / _QUARTER, -_MOST, _MOST)
    values[[PRESENCE, PROFILE]] = target.presence, target.profile
    weights = _WEIGHTS * target.face_weight
    weights[[PRESENCE, PROFILE]] = (
        _PRESENCE_WEIGHT * target.presence_weight,
        _PROFILE_WEIGHT * target.profile_weight,
    )
    return np.stack([values, weights]).astype(np.float32)


def face_loss(wanted: Any, found: Any) -> Any:
    """Return the loss of a batch: `wanted` float32[n, 2, 58] from `encode`, `found` [n, 58]."""
    values, weights = wanted[:, 0], wanted[:, 1]
    found = _QUARTERS * found
    difference = ops.abs(values - found)
    # Linear, and steeper near nothing, as Feng et al. 2018 ("Wing loss", arXiv:1711.06753) found
    # landmarks to need it: small errors are many and would drown in the large ones.
    wing = difference + 0.25 * ops.log(1 + difference / 0.05)
    logits = found[:, PRESENCE:] * _QUARTER[PRESENCE:].astype(np.float32)
    labels = values[:, PRESENCE:]
    entropy = ops.maximum(logits, 0) - logits * labels + ops.log(1 + ops.exp(-ops.abs(logits)))
    total = ops.sum(wing[:, :PRESENCE] * weights[:, :PRESENCE], axis=1)
    return ops.mean(total + ops.sum(entropy * weights[:, PRESENCE:], axis=1))


def mirrored(
    images: NDArray[np.float32], targets: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a batch as a mirror shows it."""
    turned = targets.copy()
    points = targets[:, :, POINTS].reshape(len(targets), 2, -1, 2)[:, :, list(MIRRORED)].copy()
    points[:, 0, :, 0] *= -1
    turned[:, :, POINTS] = points.reshape(len(targets), 2, -1)
    turned[:, 0, [YAW, ROLL]] *= -1
    return np.ascontiguousarray(images[:, :, ::-1]), turned


class SampleStream:
    """Endless batches, made by a thread of its own."""

    def __init__(
        self, sources: list[FaceSource], shares: list[float], settings: FaceTraining, start: int
    ) -> None:
        self._sources, self._shares, self._settings = sources, shares, settings
        self._queue: queue.Queue[tuple[Any, Any]] = queue.Queue(_QUEUED)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._make, args=(start,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        while True:
            yield self._queue.get()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _make(self, start: int) -> None:
        # Each batch comes a second time, mirrored, a little later: making it costs as much time as
        # learning from it.
        later: deque[tuple[Any, Any]] = deque()
        number = start // 2
        while not self._stop.is_set():
            batch = self.batch(number)
            later.append(mirrored(*batch))
            self._queue.put(batch)
            if len(later) > _MIRRORED_AFTER:
                self._queue.put(later.popleft())
            number += 1

    def batch(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return images float32[n, 64, 64, 1] in 0..1 and targets float32[n, 2, 58]."""
        settings = self._settings
        rng = np.random.default_rng((settings.seed, 7, number))
        images = np.empty((settings.batch_size, SIDE_PX, SIDE_PX, 1), np.float32)
        targets = np.empty((settings.batch_size, 2, len(FACE.labels)), np.float32)
        other: Grey = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
        shares = np.cumsum(self._shares)
        for place in range(settings.batch_size):
            which = int(np.searchsorted(shares, rng.random()))
            if which < len(self._sources):
                source = self._sources[which]
                row = source.draw(rng)
                crop, target = face_sample(source, row, SIDE_PX, settings.samples, rng, other)
            else:
                # Mostly of pictures that show more than the face.
                source = self._sources[0 if rng.random() < 0.75 else 1]
                row = int(rng.integers(len(source)))
                crop, target = empty_sample(source, row, SIDE_PX, rng, other), NO_FACE
            images[place, ..., 0] = crop
            targets[place] = encode(target)
            other = crop
        return images / np.float32(255), targets


def _load_initial(model: keras.Model, initial: Path) -> None:
    """Give `model` the weights of a file; UserError where that is no face network."""
    try:
        model.load_weights(initial)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(
            DataReason.UNREADABLE,
            f"--initial {initial}: not the weights of a face network ({reason}): give the "
            "face.keras of another `edge-fer face train`",
        ) from error


def train_face(
    natural: FaceSource,
    fer: FaceSource,
    turned: FaceSource,
    settings: FaceTraining,
    folder: Path,
    done: Callable[[int, dict[str, float]], None],
    *,
    initial: Path | None = None,
) -> keras.Model:
    """Train, and leave the network and the state after each epoch in `folder`; go on from there.

    `initial` are weights to begin with. `done` is called with each epoch's number and its losses.
    """
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build_face()
    keras.config.set_dtype_policy("float32")
    start_at(model, _mean_answer(natural, settings))
    if initial is not None:
        _load_initial(model, initial)
    steps = settings.epochs * settings.steps_per_epoch
    warm_up = min(settings.steps_per_epoch, max(steps // 10, 1))
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 20,
        max(steps - warm_up, 1),
        warmup_target=settings.learning_rate,
        warmup_steps=warm_up,
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=settings.weight_decay, global_clipnorm=5.0
    )
    model.compile(optimizer, face_loss)
    first = _resume(model, folder)
    rest = [settings.natural, settings.fer, settings.turned]
    stream = SampleStream([natural, fer, turned], rest, settings, first * settings.steps_per_epoch)
    batches = iter(stream)
    try:
        for epoch in range(first, settings.epochs):
            began = time.monotonic()
            losses = [
                float(model.train_on_batch(*next(batches))) for _ in range(settings.steps_per_epoch)
            ]
            # train_on_batch keeps a running mean: the last is that of the epoch.
            found = {"loss": losses[-1], "seconds": time.monotonic() - began}
            model.reset_metrics()
            _leave(model, folder, epoch + 1, found)
            done(epoch + 1, found)
    finally:
        stream.close()
    return model


def _mean_answer(source: FaceSource, settings: FaceTraining) -> NDArray[np.float64]:
    rng = np.random.default_rng(settings.seed)
    other = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    rows = rng.integers(len(source), size=64)
    targets = [
        face_sample(source, int(row), SIDE_PX, settings.samples, rng, other)[1] for row in rows
    ]
    mean = np.mean([encode(target)[0] for target in targets], axis=0)
    mean[PRESENCE:] = 0.5, -0.5
    return np.asarray(mean / _QUARTERS, np.float64)


def _leave(model: keras.Model, folder: Path, epoch: int, losses: dict[str, float]) -> None:
    history = _history(folder)
    history.append({"epoch": epoch, **losses})
    for name, saved in ((STATE, model), (NETWORK, in_float32(model))):
        kept = folder / f"{name}.tmp.keras"
        saved.save(kept)
        kept.replace(folder / name)
    write_atomically(folder / "history.json", (json.dumps(history, indent=1) + "\n").encode())


def _history(folder: Path) -> list[dict[str, float]]:
    path = folder / "history.json"
    if not path.is_file():
        return []
    found: list[dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _resume(model: keras.Model, folder: Path) -> int:
    """Load what an interrupted training left, optimizer too; return how many epochs are done."""
    history = _history(folder)
    path = folder / STATE
    if not history or not path.is_file():
        return 0
    left = keras.models.load_model(path, custom_objects={"face_loss": face_loss})
    model.set_weights(left.get_weights())
    model.optimizer.build(model.trainable_variables)
    for mine, theirs in zip(model.optimizer.variables, left.optimizer.variables, strict=True):
        mine.assign(theirs)
    return len(history)


def calibration_images(
    natural: FaceLabels, fer: FaceLabels, *, seed: int, count: int
) -> NDArray[np.uint8]:
    """Return `count` squares as in training, faces and none, uint8[count, 64, 64]."""
    sources = [FaceSource(natural), FaceSource(fer)]
    settings = FaceTraining(seed=seed)
    rng = np.random.default_rng((seed, 13))
    images = np.empty((count, SIDE_PX, SIDE_PX), np.uint8)
    other = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for place in range(count):
        source = sources[place % 2]
        row = int(rng.integers(len(source)))
        if place % 5 == 0:
            other = empty_sample(source, row, SIDE_PX, rng, other)
        else:
            other, _ = face_sample(source, row, SIDE_PX, settings.samples, rng, other)
        images[place] = other
    return images
