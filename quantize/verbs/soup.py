"""The verb `soup`: from several files of trained networks to one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from edge_fer.errors import ModelError, ModelReason, UsageError, UsageReason
from edge_fer.models.kind import FACE_PX
from quantize.data.augmentation import AugmentationSettings
from quantize.data.batches import AugmentedBatches, one_hot
from quantize.data.fer2013 import Fer2013
from quantize.evaluation.evaluation import rows_of
from quantize.int8.record import training_record
from quantize.networks.network_file import load_network
from quantize.training.soup import same_layers, soup
from quantize.verbs.reading import read_data, reading_of

_FACES = 4096  # give means and variances to within two percent
_BATCH = 128


def soup_verb(networks: Sequence[Path], data: Path, out: Path, *, skip_bad: bool = False) -> None:
    """Average the weights of `networks` and write `out`. UserError where they do not fit."""
    if len(networks) < 2:  # the mean of one is itself
        raise UsageError(UsageReason.BAD_VALUE, "soup: give two or more .keras files")
    opened = [load_network(path) for path in networks]
    for path, network in zip(networks, opened, strict=True):
        if not same_layers(network, opened[0]):
            raise ModelError(ModelReason.UNSUPPORTED, f"{path} has other layers than {networks[0]}")
    console = Console(stderr=True)
    beginnings = {_beginning(path) for path in networks}
    if None in beginnings or len(beginnings) > 1:
        console.print(
            "warning: no record beside these files says that they started from the same network; "
            "the mean of others is of no use",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    training = rows_of(read_data(data, reading_of(skip_bad=skip_bad)), "Training")
    soup(opened, _batches(training)).save(out)
    print(f"{out}: the mean of {len(networks)} networks; measure it with `edge-fer evaluate`")


def _beginning(path: Path) -> str | None:
    """Return the sha256 of what a training began with, or None where that is not known."""
    beginning: str | None = training_record(path).get("settings", {}).get("initial_sha256")
    return beginning


def _batches(training: Fer2013) -> Iterator[NDArray[np.float32]]:
    epoch = AugmentedBatches(
        training.images,
        one_hot(training.labels),
        side_px=FACE_PX,
        batch_size=_BATCH,
        augmentation=AugmentationSettings(),
        seed=1,
        epoch=0,
    )
    for place in range(min(len(epoch), _FACES // _BATCH)):
        faces, _ = epoch[place]
        yield faces
