"""Training batches: shuffled, augmented, and the same again for the same seed and epoch."""

import math
from collections.abc import Callable
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from edge_fer.models.kind import FACE_PX
from quantize.data.augmentation import AugmentationSettings, augment, resize

Targets = NDArray[np.float32] | dict[str, NDArray[np.float32]]
Ask = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Teachers: from uint8[n, 48, 48] to their probabilities, float32[n, 7]."""


class AugmentedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """One epoch of batches (float32[n, side, side, 1] in [0, 1], float32[n, 7]).

    `targets` (float32[N, 7], rows of sum 1) are what the network is to answer. With `votes`
    (float32[N, 10], shares) each batch has a dict of both, by output name. `mixup` above 0 lays
    each face over another of its batch, with a share drawn from Beta(mixup, mixup), and mixes what
    is to be answered likewise (Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization").
    `ask` has teachers answer for the very pictures of the batch, changed and mixed (Beyer et al.
    2022, arXiv:2106.05237); their answers get `teacher_weight` (0..1) of the target. The pictures
    are then made at 48 px, which teachers see, and reduced to `side_px` for the student.
    `mirrored` appends the mirror image of each picture, in the same order and with the same target:
    a batch then has twice as many pictures.

    Each image's change depends on (seed, epoch, place in the epoch) alone, so a training that
    resumes after a kill sees what it would have seen.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.float32],
        *,
        side_px: int,
        batch_size: int,
        augmentation: AugmentationSettings,
        seed: int,
        epoch: int,
        votes: NDArray[np.float32] | None = None,
        mixup: float = 0.0,
        ask: Ask | None = None,
        teacher_weight: float = 0.0,
        mirrored: bool = False,
    ) -> None:
        super().__init__()
        self._images, self._targets, self._votes = images, targets, votes
        self.side_px, self._batch_size = side_px, batch_size
        self._augmentation, self._mixup = augmentation, mixup
        self._ask, self._teacher_weight = ask, np.float32(teacher_weight)
        self._mirrored = mirrored
        self._seed = (seed, epoch)
        self._order = np.random.default_rng(self._seed).permutation(len(images))

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Targets]:
        rng = np.random.default_rng((*self._seed, index))
        rows = self._rows(index)
        made_px = self.side_px if self._ask is None else FACE_PX
        faces = [augment(self._images[row], made_px, self._augmentation, rng) for row in rows]
        inputs, targets = np.stack(faces)[..., np.newaxis], self._targets[rows]
        votes = None if self._votes is None else self._votes[rows]
        if self._mixup > 0:
            share = np.float32(rng.beta(self._mixup, self._mixup))
            partners = rng.permutation(len(rows))
            inputs, targets = (_mix(each, partners, share) for each in (inputs, targets))
            votes = None if votes is None else _mix(votes, partners, share)
        if self._ask is not None:
            seen = np.asarray(np.rint(inputs[..., 0] * 255), np.uint8)
            targets = _mix_answers(targets, self._ask(seen), self._teacher_weight)
            inputs = _resized(inputs, self.side_px)
        if self._mirrored:
            inputs = np.concatenate([inputs, inputs[:, :, ::-1]])
            targets = np.concatenate([targets, targets])
            votes = None if votes is None else np.concatenate([votes, votes])
        return inputs, targets if votes is None else {"logits": targets, "votes": votes}

    def numbers(self, index: int) -> NDArray[np.int32]:
        """Return the row of each picture of a batch, int32[n] in 0..N-1; of a mirror image N more.

        Not with mixup, where a picture is of two rows.
        """
        rows = self._rows(index)
        if self._mirrored:
            rows = np.concatenate([rows, rows + len(self._images)])
        return rows.astype(np.int32)

    def _rows(self, index: int) -> NDArray[np.int64]:
        return self._order[index * self._batch_size : (index + 1) * self._batch_size]


class NumberedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """The same batches for a network with two inputs: "face", and "row", int32[n, 1]."""

    def __init__(self, batches: AugmentedBatches) -> None:
        super().__init__()
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[dict[str, Any], Targets]:
        faces, targets = self._batches[index]
        return {"face": faces, "row": self._batches.numbers(index)[:, np.newaxis]}, targets


def _mix(
    values: NDArray[np.float32], partners: NDArray[np.int64], share: np.float32
) -> NDArray[np.float32]:
    return share * values + (1 - share) * values[partners]


def _mix_answers(
    targets: NDArray[np.float32], answers: NDArray[np.float32], weight: np.float32
) -> NDArray[np.float32]:
    return (1 - weight) * targets + weight * answers


def _resized(faces: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    if faces.shape[1] == side_px:
        return faces
    size = (side_px, side_px)
    resized = [cv2.resize(face, size, interpolation=cv2.INTER_LINEAR) for face in faces[..., 0]]
    return np.asarray(np.stack(resized)[..., np.newaxis], np.float32)


def one_hot(labels: NDArray[np.int64], classes: int = len(LABELS)) -> NDArray[np.float32]:
    """Return float32[n, classes] with a one at each label."""
    return np.eye(classes, dtype=np.float32)[labels]


def plain_batch(images: NDArray[np.uint8], side_px: int) -> NDArray[np.float32]:
    """Return `images` (uint8[n, 48, 48]) unaugmented as float32[n, side_px, side_px, 1]."""
    return np.stack([resize(face, side_px) for face in images])[..., np.newaxis]
