"""Random changes to a training face: geometry, light, erasing. Pure functions of image and seed.

They imitate what a cabin does to a face between the detector and the network: a box that
jitters (shift, scale), a tilted head (rotation), changing light (contrast, gamma), something in
front of the face (erasing), and now and then one of the corruptions that robustness is measured by.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from quantize.data.corruptions import CORRUPTIONS, corrupt


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """How far each random change goes; each is drawn uniformly from its range."""

    flip: bool = True
    rotation_deg: float = 12.0  # either way
    scale: float = 0.12  # 1 - scale .. 1 + scale
    shift: float = 0.08  # of the side, either way
    contrast: float = 0.3  # 1 - contrast .. 1 + contrast, about the image's mean
    brightness: float = 0.12  # of the full range, either way
    gamma: float = 0.25  # exponent exp(-gamma) .. exp(gamma)
    erase_probability: float = 0.25
    erase_side: tuple[float, float] = (0.15, 0.4)  # of the image's side
    corrupt_probability: float = 0.2  # of one corruption, of any kind, before the rest
    corrupt_severity: int = 3  # the worst of them; from 1


# For a network that has learnt the coarse things: nearer to what the device will see.
LIGHT = AugmentationSettings(
    rotation_deg=10.0,
    scale=0.10,
    shift=0.06,
    contrast=0.2,
    brightness=0.08,
    gamma=0.15,
    erase_probability=0.1,
    corrupt_probability=0.1,
)
# To see what the changes bring.
NONE = AugmentationSettings(
    flip=False,
    rotation_deg=0.0,
    scale=0.0,
    shift=0.0,
    contrast=0.0,
    brightness=0.0,
    gamma=0.0,
    erase_probability=0.0,
    corrupt_probability=0.0,
)
AUGMENTATIONS: dict[str, AugmentationSettings] = {
    "standard": AugmentationSettings(),
    "light": LIGHT,
    "none": NONE,
}


_KINDS = tuple(CORRUPTIONS)


def augment(
    face: NDArray[np.uint8],
    side_px: int,
    settings: AugmentationSettings,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return one random variant of `face` (uint8[h, w]) as float32[side_px, side_px] in [0, 1]."""
    if rng.random() < settings.corrupt_probability:
        kind = _KINDS[rng.integers(len(_KINDS))]
        face = corrupt(face, kind, int(rng.integers(1, settings.corrupt_severity + 1)), rng)
    image = _light(_geometry(face, side_px, settings, rng), settings, rng)
    if rng.random() < settings.erase_probability:
        _erase(image, settings, rng)
    return image


def resize(face: NDArray[np.uint8], side_px: int) -> NDArray[np.float32]:
    """Return `face` unchanged but for its size, as float32[side_px, side_px] in [0, 1]."""
    if face.shape != (side_px, side_px):
        # What is tested at a reduced size has to be filtered as what is trained on.
        face = np.asarray(
            cv2.resize(face, (side_px, side_px), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
        )
    return face.astype(np.float32) / 255.0


def _geometry(
    face: NDArray[np.uint8], side_px: int, settings: AugmentationSettings, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Flip, rotate, scale, shift and resize in one interpolation, so that it blurs only once."""
    height, width = face.shape
    angle = np.deg2rad(rng.uniform(-settings.rotation_deg, settings.rotation_deg))
    scale = rng.uniform(1 - settings.scale, 1 + settings.scale) * side_px / width
    mirror = -1.0 if settings.flip and rng.random() < 0.5 else 1.0
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[mirror * cos, -sin], [mirror * sin, cos]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = rng.uniform(-settings.shift, settings.shift, 2) * side_px
    offset = np.full(2, (side_px - 1) / 2) + shift - linear @ centre
    warped = cv2.warpAffine(
        face,
        np.column_stack([linear, offset]),
        (side_px, side_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return warped.astype(np.float32) / 255.0


def _light(
    image: NDArray[np.float32], settings: AugmentationSettings, rng: np.random.Generator
) -> NDArray[np.float32]:
    contrast = rng.uniform(1 - settings.contrast, 1 + settings.contrast)
    brightness = rng.uniform(-settings.brightness, settings.brightness)
    gamma = np.exp(rng.uniform(-settings.gamma, settings.gamma))
    mean = image.mean()
    lit = np.clip((image - mean) * contrast + mean + brightness, 0.0, 1.0)
    return np.asarray(lit**gamma, np.float32)


def _erase(
    image: NDArray[np.float32], settings: AugmentationSettings, rng: np.random.Generator
) -> None:
    """Cover a random rectangle with one random grey (random erasing, Zhong et al. 2020)."""
    side = image.shape[0]
    height, width = (rng.uniform(*settings.erase_side, 2) * side).astype(int)
    top = rng.integers(0, side - height + 1)
    left = rng.integers(0, side - width + 1)
    image[top : top + height, left : left + width] = rng.random()
