"""Golden images: a dozen synthetic patterns that show whether a device computes as it should.

`edge-fer quantize` stores in the card what the int8 model answers to each. A device that answers
otherwise, by more than one unit of the output, runs other kernels, another file or bad memory.
The patterns are integer arithmetic on pixel coordinates, so every device draws the same bytes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.kind import FACE_PX

# Kernels of LiteRT with and without XNNPACK and of tflite-runtime round requantization differently;
# one unit of the output is 1/256 of probability, or of the range of what is measured.
TOLERANCE = 1
# A network whose kernels differ by more has its own tolerance in its card: LiteRT's with and
# without XNNPACK compute LeakyReLU and products of tensors differently. A device that computes
# wrongly is off by tens: 8 units are 3 % of probability.
MOST_TOLERANCE = 8
COUNT = 12  # of the patterns below, those on which the kernels agree best are in the card
Run = Callable[[NDArray[np.uint8]], NDArray[np.int8]]
"""Runs a model on one image: uint8[48, 48] in and the output bytes int8[7] out, as for faces."""

_ROW, _COLUMN = np.indices((FACE_PX, FACE_PX), np.int64)
_SKIN, _DARK, _BACKGROUND = 190, 40, 90


@dataclass(frozen=True, slots=True)
class Golden:
    """What a card stores: the output bytes of each pattern by name, and how far they may be off.

    `tolerance` is in units of the output, TOLERANCE to MOST_TOLERANCE.
    """

    outputs: Mapping[str, tuple[int, ...]]
    tolerance: int = TOLERANCE


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """The largest difference of an output byte from the card's, for each pattern by name."""

    differences: Mapping[str, int]
    tolerance: int = TOLERANCE

    @property
    def passed(self) -> bool:
        """Say whether each pattern came out within the tolerance."""
        return all(difference <= self.tolerance for difference in self.differences.values())

    @property
    def worst(self) -> tuple[str, int]:
        """Name of the pattern that is farthest off, and how far."""
        return max(self.differences.items(), key=lambda item: item[1])


def golden_images(side_px: int = FACE_PX) -> dict[str, NDArray[np.uint8]]:
    """Return the patterns by name, each uint8[side_px, side_px]: twelve and their negatives.

    They are drawn at 48 px; for another side each pixel is the one at its place there.
    """
    places = np.arange(side_px) * FACE_PX // side_px
    centred = (2 * _COLUMN - FACE_PX + 1) ** 2 + (2 * _ROW - FACE_PX + 1) ** 2
    patterns = {
        "grey": np.full_like(_ROW, 128),
        "ramp_right": _COLUMN * 255 // (FACE_PX - 1),
        "ramp_down": _ROW * 255 // (FACE_PX - 1),
        "checker": (_ROW // 3 + _COLUMN // 3) % 2 * 255,
        "stripes": _COLUMN % 4 // 2 * 200 + 20,
        "rings": centred // 3 % 256,
        "weave": (_ROW ^ _COLUMN) * 5 % 256,
        "noise": _noise(),
        "face_neutral": _face(mouth_bend=0, mouth_open=2, brow_slant=0),
        "face_smiling": _face(mouth_bend=-1, mouth_open=3, brow_slant=0),
        "face_frowning": _face(mouth_bend=1, mouth_open=2, brow_slant=1),
        "face_surprised": _face(mouth_bend=0, mouth_open=10, brow_slant=-1),
    }
    negatives = {f"{name}_negative": 255 - pattern for name, pattern in patterns.items()}
    return {
        name: pattern[np.ix_(places, places)].astype(np.uint8)
        for name, pattern in (patterns | negatives).items()
    }


def golden_outputs(run: Run, side_px: int = FACE_PX) -> dict[str, tuple[int, ...]]:
    """Return the output bytes of each pattern by name."""
    return {name: tuple(map(int, run(image))) for name, image in golden_images(side_px).items()}


def choose_golden(first: Run, second: Run, side_px: int = FACE_PX) -> Golden:
    """Return what the card stores: COUNT patterns with their output bytes.

    `first` and `second` run the same model with different kernels, which round differently. Taken
    are the patterns on which they agree best, and of each byte the middle: so both kernels are
    within TOLERANCE of the card, or within the least tolerance above it that both reach. UserError
    where that is above MOST_TOLERANCE: then a broken device would pass as a sound one.
    """
    one, other = golden_outputs(first, side_px), golden_outputs(second, side_px)
    apart = {name: _difference(one[name], other[name]) for name in one}
    # One unit apart is as good as none, lest only patterns with a single possible answer be taken.
    chosen = sorted(one, key=lambda name: max(apart[name], TOLERANCE))[:COUNT]
    tolerance = max(-(-apart[chosen[-1]] // 2), TOLERANCE)
    if tolerance > MOST_TOLERANCE:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"kernels with and without XNNPACK are {apart[chosen[-1]]} units apart on golden image "
            f"{chosen[-1]}: this model cannot be checked on a device within {MOST_TOLERANCE}: put "
            "relu in the place of other activations and train on",
        )
    outputs = {
        name: tuple((a + b) // 2 for a, b in zip(one[name], other[name], strict=True))
        for name in chosen
    }
    return Golden(outputs, tolerance)


def compare_golden(
    wanted: Mapping[str, tuple[int, ...]],
    run: Run,
    side_px: int = FACE_PX,
    tolerance: int = TOLERANCE,
) -> GoldenResult:
    """Run the patterns of the card and compare the bytes with it, within its `tolerance`.

    UserError when the card has fewer than COUNT, or has patterns that this version cannot draw.
    """
    images = golden_images(side_px)
    unknown = [name for name in wanted if name not in images]
    if unknown or len(wanted) < COUNT:
        what = f"cannot draw {unknown[0]!r}" if unknown else f"wants {COUNT}"
        raise ModelError(
            ModelReason.BAD_CARD,
            f"golden: the card has outputs of {len(wanted)} golden images, this version {what}: "
            "convert the model again with `edge-fer quantize`",
        )
    return GoldenResult(
        {name: _difference(values, map(int, run(images[name]))) for name, values in wanted.items()},
        tolerance,
    )


def _difference(one: Iterable[int], other: Iterable[int]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _noise() -> NDArray[np.int64]:
    """Return pixels without order: a multiplicative hash of the place (Knuth, TAOCP 6.4)."""
    mixed = (_ROW * FACE_PX + _COLUMN + 1) * 2_654_435_761 % 2**32
    mixed = (mixed ^ (mixed >> 15)) * 2_246_822_519 % 2**32
    return np.asarray(mixed >> 24, np.int64)


def _face(*, mouth_bend: int, mouth_open: int, brow_slant: int) -> NDArray[np.int64]:
    """Return a drawn face, so that the network's later layers have something to answer to."""
    x, y = _COLUMN - 24, _ROW - 24
    image = np.full_like(x, _BACKGROUND)
    image[25 * x**2 + 16 * y**2 < 25 * 16 * 24] = _SKIN - 20
    image[25 * x**2 + 16 * y**2 < 25 * 16 * 20] = _SKIN
    for side in (-1, 1):
        from_eye = x - side * 9
        image[from_eye**2 + 2 * (y + 6) ** 2 < 14] = _DARK
        brow = y + 13 + brow_slant * side * from_eye // 3
        image[(abs(from_eye) < 6) & (abs(brow) < 2)] = _DARK + 20
    image[(abs(x) < 2) & (y > -3) & (y < 6)] = _SKIN - 50
    lips = y - 13 + mouth_bend * (24 - x**2) // 12
    image[(abs(x) < 10) & (2 * abs(lips) < mouth_open)] = _DARK
    return image
