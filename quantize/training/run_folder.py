"""The folder of one training: settings, history and checkpoints that survive a kill at any moment.

    settings.json     what the training is made of, and the digest of its data
    state.json        epochs done, history, best accuracy, name of the checkpoint that goes with it
    epoch-NNN.keras   weights and optimizer after that epoch
    epoch-NNN.average.weights.h5   the weights' moving average, where there is one
    best.keras        the network of the epoch at full size that is kept
    answers.npz       the teachers' answers for the Training rows, where they are asked once

`state.json` is replaced in one step and only after the checkpoint that it names is complete, so
it never names one that is missing or half written.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import DataError, DataReason, OutputError, OutputReason
from quantize.training.learner import Learner, loaded_learner
from quantize.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class EpochResult:
    """What one epoch gave. Accuracies are shares 0..1.

    `validation` means PublicTest, or the fold of the Training rows that the settings name.
    """

    epoch: int
    side_px: int
    learning_rate: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True)
class PublicTest:
    """The cross-entropy (natural logarithm) and the accuracy (0..1) of the network that is kept."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a training has come; `best` is of the epoch whose network is kept.

    `public_test` is measured at the end of a training that a fold chose for, else None.
    """

    checkpoint: str
    history: tuple[EpochResult, ...]
    best_accuracy: float
    best_epoch: int | None
    public_test: PublicTest | None = None

    @property
    def epochs_done(self) -> int:
        """Epochs that are complete."""
        return len(self.history)


class RunFolder:
    """Reads and writes the folder of one training."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def best(self) -> Path:
        """The network to use."""
        return self.path / "best.keras"

    def checkpoint(self, state: RunState) -> Path:
        """Return the checkpoint that goes with `state`."""
        return self.path / state.checkpoint

    def _average(self, state: RunState) -> Path:
        return self.checkpoint(state).with_suffix(".average.weights.h5")

    def begin(self, settings: TrainingSettings, data_digest: str) -> RunState | None:
        """Open the folder for these settings and data; return the state to resume from, if any.

        UserError when the folder holds a training with other settings or on other data: resuming
        it would give weights that no settings describe. And where it cannot be written.
        """
        wanted = {"settings": settings.to_json(), "data_sha256": data_digest}
        path = self.path / "settings.json"
        if not path.exists():
            with self._written():
                self.path.mkdir(parents=True, exist_ok=True)
                _write_json(path, wanted)
            return None
        found = _read_json(path)
        try:
            same = TrainingSettings.from_json(found["settings"]) == settings
        except (KeyError, TypeError):  # settings of a later version
            same = False
        if not same or found.get("data_sha256") != data_digest:
            raise DataError(
                DataReason.MISMATCH,
                f"{self.path} holds a training with other settings or on other data: "
                "choose another folder with --run, or delete it",
            )
        return self.state()

    def state(self) -> RunState | None:
        """Return how far the training has come, or None before its first checkpoint."""
        path = self.path / "state.json"
        if not path.exists():
            return None
        values = _read_json(path)
        history = tuple(EpochResult(**result) for result in values.pop("history"))
        measured = values.pop("public_test", None)
        public_test = None if measured is None else PublicTest(**measured)
        return RunState(history=history, public_test=public_test, **values)

    def load_learner(
        self, state: RunState, settings: TrainingSettings, steps_per_epoch: int
    ) -> Learner:
        """Return the network in training as it was after the last complete epoch.

        UserError when its checkpoint is gone, as in a folder that was cleared to be published.
        """
        if not self.checkpoint(state).is_file():
            raise DataError(
                DataReason.NOT_FOUND,
                f"{self.checkpoint(state)} is missing: nothing to resume from; "
                "choose another folder with --run",
            )
        return loaded_learner(
            self.checkpoint(state),
            self._average(state),
            settings,
            state.epochs_done * steps_per_epoch,
        )

    def save(self, learner: Learner, state: RunState) -> None:
        """Store checkpoint and state, then drop the checkpoints before it."""
        with self._written():
            _save_model(learner.model, self.checkpoint(state))
            if learner.average is not None:
                learner.average.network.save_weights(self._average(state))
            self.save_state(state)
            for old in self.path.glob("epoch-*"):
                if old not in (self.checkpoint(state), self._average(state)):
                    old.unlink()

    def save_state(self, state: RunState) -> None:
        """Store the state, of which the checkpoint is stored."""
        with self._written():
            _write_json(self.path / "state.json", asdict(state))

    def save_best(self, model: keras.Model) -> None:
        """Store the network that is kept, in place of the one before."""
        with self._written():
            _save_model(model, self.best)

    def answers(self, key: str) -> NDArray[np.float32] | None:
        """Return what `save_answers` stored for the same `key`, if anything."""
        try:
            with np.load(self._answers) as file:
                found: NDArray[np.float32] = file["answers"]
                return found if str(file["key"]) == key else None
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def save_answers(self, answers: NDArray[np.float32], key: str) -> None:
        """Store the teachers' answers (float32[n, 7]); `key` names teachers, views and data."""
        with self._written():
            temporary = self.path / "incomplete-answers.npz"
            np.savez(temporary, answers=answers, key=np.array(key))
            temporary.replace(self._answers)

    @property
    def _answers(self) -> Path:
        return self.path / "answers.npz"

    @contextmanager
    def _written(self) -> Iterator[None]:
        """UserError where the folder cannot be written, as on a full disk: what it held stays."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or " ".join(str(error).split())[:200]
            raise OutputError(
                OutputReason.NOT_WRITABLE, f"--run {self.path}: cannot be written ({reason})"
            ) from error


def _save_model(model: keras.Model, path: Path) -> None:
    temporary = path.with_name(f"incomplete-{path.name}")
    model.save(temporary)
    temporary.replace(path)


def _write_json(path: Path, values: Any) -> None:
    temporary = path.with_suffix(".incomplete")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            DataReason.UNREADABLE, f"{path} cannot be read ({error}): delete the folder"
        ) from error
