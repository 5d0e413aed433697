"""The two spaces: what a point is, how it is sampled, and which network it stands for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from quantize.one_of import check_one_of


class Suggest(Protocol):
    """What a space needs of an Optuna trial."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        """Return a whole number of `low`, `low + step`, ... `high`."""
        ...


@dataclass(frozen=True, slots=True)
class PaperPoint:
    """A network of the paper's family; dropouts are shares 0..1."""

    first: int
    further: tuple[int, ...]
    convolution_dropout: float
    dense_dropout: float

    def build(self, side_px: int) -> Any:
        """Return the Keras network for images of that side."""
        from quantize.networks.architectures import build_paper  # noqa: PLC0415  # imports TensorFlow

        return build_paper(
            side_px,
            first=self.first,
            widths=self.further,
            convolution_dropout=self.convolution_dropout,
            dense_dropout=self.dense_dropout,
        )


@dataclass(frozen=True, slots=True)
class EdgePoint:
    """A network of the `edge` family: one tuple of widths a resolution."""

    widths: tuple[tuple[int, ...], ...]

    def build(self, side_px: int) -> Any:
        """Return the Keras network for images of that side."""
        from quantize.networks.architectures import build_edge  # noqa: PLC0415  # imports TensorFlow

        return build_edge(side_px, widths=self.widths)


Point = PaperPoint | EdgePoint


def suggest_paper(trial: Suggest) -> PaperPoint:
    """Sample the space of Vulpe-Grigorasi and Grigore 2021.

    First layer 32 to 256 kernels in steps of 32; up to 4 further layers of 64 to 512 in steps of
    64; dropout 0.1 to 0.4 in steps of 0.1 for the convolutional and for the dense part. There is
    at least one further layer here: without one nothing is pooled, and the dense layer alone has
    up to 151 M weights. Adam 0.001, batch 128, ReLU, 3x3 and two dense layers are fixed.
    """
    first = trial.suggest_int("first", 32, 256, step=32)
    further = trial.suggest_int("further", 1, 4)
    return PaperPoint(
        first,
        tuple(trial.suggest_int(f"width{index + 2}", 64, 512, step=64) for index in range(further)),
        # Tenths, because 0.1 + 0.2 is not 0.3 in binary.
        trial.suggest_int("convolution_dropout_tenths", 1, 4) / 10,
        trial.suggest_int("dense_dropout_tenths", 1, 4) / 10,
    )


# Lowest width, highest width, step and deepest stack of each resolution (48, 24, 12, 6 px).
_EDGE_STAGES = ((16, 48, 16, 1), (32, 80, 16, 2), (64, 128, 32, 3), (128, 256, 64, 2))


def suggest_edge(trial: Suggest) -> EdgePoint:
    """Sample the `edge` family: width and depth of each resolution, around the shipped network."""
    stages = []
    for number, (low, high, step, deepest) in enumerate(_EDGE_STAGES, start=1):
        width = trial.suggest_int(f"width{number}", low, high, step=step)
        depth = trial.suggest_int(f"depth{number}", 1, deepest)
        stages.append((width,) * depth)
    return EdgePoint(tuple(stages))


SPACES: dict[str, Callable[[Suggest], Point]] = {"paper": suggest_paper, "edge": suggest_edge}


def suggest(space: str, trial: Suggest) -> Point:
    """Sample a point of the space called `space`; UserError if there is none of that name."""
    check_one_of("--space", space, SPACES)
    return SPACES[space](trial)
