"""Training batches: shuffled, augmented, and the same again for the same seed and epoch."""

import math

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.emotions import LABELS
from quantize.data.augmentation import AugmentationSettings, augment, resize

Targets = NDArray[np.float32] | dict[str, NDArray[np.float32]]


class AugmentedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """One epoch of batches (float32[n, side, side, 1] in [0, 1], float32[n, 7]).

    `targets` (float32[N, 7], rows of sum 1) are what the network is to answer. With `votes`
    (float32[N, 10], shares) each batch has a dict of both, by output name. `mixup` above 0 lays
    each face over another of its batch, with a share drawn from Beta(mixup, mixup), and mixes what
    is to be answered likewise (Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization").
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
    ) -> None:
        super().__init__()
        self._images, self._targets, self._votes = images, targets, votes
        self.side_px, self._batch_size = side_px, batch_size
        self._augmentation, self._mixup = augmentation, mixup
        self._seed = (seed, epoch)
        self._order = np.random.default_rng(self._seed).permutation(len(images))

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Targets]:
        rng = np.random.default_rng((*self._seed, index))
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        faces = [augment(self._images[row], self.side_px, self._augmentation, rng) for row in rows]
        inputs, targets = np.stack(faces)[..., np.newaxis], self._targets[rows]
        votes = None if self._votes is None else self._votes[rows]
        if self._mixup > 0:
            share = np.float32(rng.beta(self._mixup, self._mixup))
            partners = rng.permutation(len(rows))
            inputs, targets = (_mix(each, partners, share) for each in (inputs, targets))
            votes = None if votes is None else _mix(votes, partners, share)
        return inputs, targets if votes is None else {"logits": targets, "votes": votes}


def _mix(
    values: NDArray[np.float32], partners: NDArray[np.int64], share: np.float32
) -> NDArray[np.float32]:
    return share * values + (1 - share) * values[partners]


def one_hot(labels: NDArray[np.int64], classes: int = len(LABELS)) -> NDArray[np.float32]:
    """Return float32[n, classes] with a one at each label."""
    return np.eye(classes, dtype=np.float32)[labels]


def plain_batch(images: NDArray[np.uint8], side_px: int) -> NDArray[np.float32]:
    """Return `images` (uint8[n, 48, 48]) unaugmented as float32[n, side_px, side_px, 1]."""
    return np.stack([resize(face, side_px) for face in images])[..., np.newaxis]
