"""Train a network on the Training rows, with a checkpoint an epoch. Resumes after a kill.

PublicTest chooses the network that is kept, or a fold of the Training rows, or the last epoch.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edge_fer.errors import DataError, DataReason
from edge_fer.models.kind import FACE_PX
from quantize.data.batches import Ask, AugmentedBatches, NumberedBatches, one_hot, plain_batch
from quantize.data.load import USAGES, Fer2013
from quantize.data.votes import unclear_share, votes_as_labels
from quantize.evaluation.evaluation import rows_of
from quantize.training.distillation import soft_targets
from quantize.training.folds import fold_of
from quantize.training.learner import Learner, at_full_size, new_learner, resized_learner
from quantize.training.run_folder import EpochResult, PublicTest, RunFolder, RunState
from quantize.training.settings import TrainingSettings

_FACES_TO_GROW = 512  # give means and variances to within a few percent
# Usages, and why each is needed.
USES = {"Training": "they are what is learned", "PublicTest": "they choose the checkpoint"}


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows to learn: faces, what is to be answered (float32[n, 7]), votes (float32[n, 10])."""

    faces: Fer2013
    targets: NDArray[np.float32]
    votes: NDArray[np.float32] | None

    def of(self, rows: NDArray[np.int64]) -> "_Rows":
        votes = None if self.votes is None else self.votes[rows]
        return _Rows(self.faces.rows(rows), self.targets[rows], votes)


def train(
    dataset: Fer2013,
    folder: Path,
    settings: TrainingSettings,
    *,
    initial: Path | None = None,
    votes: NDArray[np.float32] | None = None,
    answers: NDArray[np.float32] | None = None,
    ask: Ask | None = None,
    console: Console | None = None,
) -> RunState:
    """Train `settings.architecture`, or go on with the training that `folder` holds.

    `initial` is a network of the same architecture to begin with (a warm restart, Loshchilov and
    Hutter 2017), one that lacks some of its convolutions (`quantize.networks.growing`), or an int8
    file (`quantize.networks.initial_network`); without it the weights are random. `votes`
    (float32[N, 10], rows as in `dataset`) train a second head, which is left out of what is saved
    as the best. `answers` (float32[n, 7], the teachers' probabilities for the Training rows) are
    mixed into the labels; `ask` has them answer for each changed picture instead.

    Writes `best.keras` (the network of the epoch, among those at 48 px, that `settings.choose`
    keeps) and a checkpoint an epoch into `folder`. Where a fold chooses, that network is measured
    on PublicTest once, at the end. Returns the state at the end. UserError when a usage has no
    rows, or when `folder` holds another training or cannot be written.
    """
    console = console or Console(stderr=True)
    faces, public_test = (rows_of(dataset, *use) for use in USES.items())
    learned, held_out = _to_learn(
        faces,
        None if votes is None else votes[dataset.usages == USAGES.index("Training")],
        answers,
        settings,
        console,
    )
    validation = public_test if held_out is None else held_out
    training = learned.faces
    run = RunFolder(folder)
    state = run.begin(settings, dataset.digest())
    keras.utils.set_random_seed(settings.seed)
    steps = math.ceil(len(training) / settings.batch_size)
    if state is None:
        some_faces = plain_batch(training.images[:_FACES_TO_GROW], FACE_PX)
        learner = new_learner(settings, steps, initial, some_faces, len(training))
        state = RunState("", (), 0.0, None)
    else:
        console.print(f"resuming {folder} after epoch {state.epochs_done} of {settings.epochs}")
        learner = run.load_learner(state, settings, steps)
    with _progress(console) as progress:
        done = state.epochs_done * steps
        task = progress.add_task("", total=settings.epochs * steps, completed=done)
        for epoch in range(state.epochs_done, settings.epochs):
            side_px = settings.stage_of(epoch).side_px
            learner = resized_learner(learner, settings, epoch, steps, len(training))
            progress.update(
                task, description=f"epoch {epoch + 1}/{settings.epochs} at {side_px} px"
            )
            batches = AugmentedBatches(
                training.images,
                learned.targets,
                side_px=side_px,
                batch_size=settings.batch_size,
                augmentation=settings.augmentation,
                seed=settings.seed,
                epoch=epoch,
                votes=learned.votes,
                mixup=settings.mixup,
                mirrored=settings.mirror_agreement > 0,
                ask=ask,
                teacher_weight=settings.teacher_weight,
            )
            fed = NumberedBatches(batches) if settings.early_learning > 0 else batches
            learner.seed_dropout(settings.seed, epoch)
            result = _train_epoch(
                learner, fed, side_px, validation, epoch, lambda: progress.advance(task)
            )
            better = state.best_epoch is None or result.validation_accuracy > state.best_accuracy
            kept = {"best": better, "last": True, "none": False}[settings.choose]
            if side_px == FACE_PX and kept:
                # Before the state: a kill in between repeats this epoch and writes it again.
                run.save_best(at_full_size(learner.measured, settings.architecture))
                state = replace(
                    state, best_accuracy=result.validation_accuracy, best_epoch=epoch + 1
                )
            state = replace(
                state,
                checkpoint=f"epoch-{epoch + 1:03d}.keras",
                history=(*state.history, result),
            )
            run.save(learner, state)
            progress.console.print(_line(result, settings))
    if settings.fold and state.best_epoch is not None and state.public_test is None:
        best = keras.models.load_model(run.best)
        logits = predict_logits(best, plain_batch(public_test.images, FACE_PX))
        state = replace(state, public_test=PublicTest(*_score(logits, public_test.labels)))
        run.save_state(state)
    return state


def _to_learn(
    faces: Fer2013,
    votes: NDArray[np.float32] | None,
    answers: NDArray[np.float32] | None,
    settings: TrainingSettings,
    console: Console,
) -> tuple[_Rows, Fer2013 | None]:
    """Return the rows to learn, and the fold that is left out of them for validation, if any."""
    targets = one_hot(faces.labels)
    if votes is not None:
        targets = _with_votes_in_label(targets, votes, settings.votes_in_label)
    if answers is not None:
        targets = soft_targets(targets, answers, settings.teacher_weight)
    learned, validation = _Rows(faces, targets, votes), None
    if settings.fold:
        folds = fold_of(faces.images)
        held, others = (
            np.flatnonzero(of) for of in (folds == settings.fold, folds != settings.fold)
        )
        if len(held) == 0 or len(others) == 0:
            raise DataError(
                DataReason.EMPTY,
                f"--fold {settings.fold}: it has {len(held)} of {len(faces)} Training rows: "
                "there are too few to hold some out",
            )
        learned, validation = learned.of(others), faces.rows(held)
    if learned.votes is not None and settings.most_unclear < 1:
        clear = np.flatnonzero(unclear_share(learned.votes) <= settings.most_unclear)
        if len(clear) == 0:
            raise DataError(
                DataReason.EMPTY,
                f"most_unclear={settings.most_unclear:g}: no Training row is left; raise it",
            )
        console.print(f"{len(learned.faces) - len(clear)} unclear rows left out", highlight=False)
        learned = learned.of(clear)
    if 0 < settings.rows < len(learned.faces):
        drawn = np.random.default_rng(settings.seed).permutation(len(learned.faces))
        learned = learned.of(drawn[: settings.rows])
    return learned, validation


def _with_votes_in_label(
    targets: NDArray[np.float32], votes: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    """Mix the votes into `targets` (float32[n, 7]) of the rows that have votes for a class."""
    labels, there = votes_as_labels(votes)
    shares = np.where(there, share, 0.0)[:, np.newaxis]
    return np.asarray((1 - shares) * targets + shares * labels, np.float32)


def _train_epoch(
    learner: Learner,
    batches: AugmentedBatches | NumberedBatches,
    side_px: int,
    validation: Fer2013,
    epoch: int,
    advance: Callable[[], None],
) -> EpochResult:
    started = time.monotonic()
    model = learner.model
    step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: advance())
    # The order is the seed's own: fit would shuffle the batches by its own generator.
    fitted = model.fit(
        batches, epochs=1, shuffle=False, verbose=0, callbacks=[step, *learner.callbacks]
    ).history
    logits = predict_logits(learner.measured, plain_batch(validation.images, side_px))
    loss, accuracy = _score(logits, validation.labels)
    return EpochResult(
        epoch=epoch + 1,
        side_px=side_px,
        learning_rate=float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)),
        loss=float(fitted["loss"][0]),
        # Keras names a metric after its output where there are two.
        accuracy=float(fitted.get("accuracy", fitted.get("logits_accuracy"))[0]),
        validation_loss=loss,
        validation_accuracy=accuracy,
        seconds=time.monotonic() - started,
    )


def predict_logits(model: keras.Model, faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the network's logits (float32[n, 7]) for `faces` (float32[n, side, side, 1])."""
    return np.asarray(model.predict(faces, batch_size=256, verbose=0), dtype=np.float32)


def _score(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return mean cross-entropy (natural logarithm) and accuracy (0..1)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -(log_probabilities * one_hot(labels)).sum(axis=1).mean()
    return float(loss), float((logits.argmax(axis=1) == labels).mean())


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("batches, left:"),
        TimeRemainingColumn(),
        console=console,
    )


def _line(result: EpochResult, settings: TrainingSettings) -> str:
    return (
        f"epoch {result.epoch:3d}/{settings.epochs}  {result.side_px} px  "
        f"loss {result.loss:.3f}  accuracy {result.accuracy:.2%}  "
        f"{settings.validation} loss {result.validation_loss:.3f}  "
        f"accuracy {result.validation_accuracy:.2%}  {result.seconds:.0f} s"
    )
