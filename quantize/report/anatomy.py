"""The inside of a model, whatever its format: layers, first filters, feature maps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer: the shape of its output for one image, its parameters and its multiply-adds.

    `multiply_adds` is None where they are not known, and a side of `shape` where it is left open.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    multiply_adds: int | None


class Anatomy(Protocol):
    """Shows the inside of a model."""

    def layers(self) -> list[LayerRow]:
        """Return the layers in their order."""
        ...

    def first_filters(self) -> NDArray[np.float32] | None:
        """Return the first convolution's weights, float32[n, height, width]; None without one."""
        ...

    def feature_maps(self, face: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return what `face` (uint8[48, 48]) becomes, float32[height, width, channels] by layer.

        Of each size of map the last layer's, in the order of the layers.
        """
        ...


def last_of_each_size(shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the last layer of each map size; `shapes` are [height, width, channels], in order.

    A single value, as of an average over the whole face, is no map.
    """
    last: dict[tuple[int, ...], str] = {}
    for name, shape in shapes.items():
        if shape[:2] != (1, 1):
            last[shape[:2]] = name
    return _in_order(last.values(), shapes)


def _in_order(chosen: Iterable[str], order: Iterable[str]) -> list[str]:
    wanted = set(chosen)
    return [name for name in order if name in wanted]
