"""A square as a camera that is far off, or in the dark, sees it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sight:
    """`side_px` is the square's side in the frame, None: as many as the network takes.

    `light` (0..1) is left of it, and the sensor's noise has a deviation of `noise` grey values.
    """

    name: str
    side_px: int | None = None
    light: float = 1.0
    noise: float = 0.0

    def of(self, crop: Grey, rng: np.random.Generator) -> Grey:
        """Return what is seen of `crop` (uint8[n,n]), of the same size."""
        side = crop.shape[0]
        seen = crop
        if self.side_px is not None:
            seen = cv2.resize(crop, (self.side_px,) * 2, interpolation=cv2.INTER_AREA).astype(
                np.uint8
            )
        if self.light < 1.0 or self.noise:
            dim = seen * self.light + rng.normal(0.0, self.noise, seen.shape)
            seen = np.clip(np.rint(dim), 0, 255).astype(np.uint8)
        return cv2.resize(seen, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


_DARK, _NIGHT = 0.1, 0.05
_NOISE = 2.0
SIGHTS = (
    Sight("as they are"),
    Sight("a tenth of the light", light=_DARK, noise=_NOISE),
    Sight("a twentieth of the light", light=_NIGHT, noise=_NOISE),
    Sight("32 px", side_px=32),
    Sight("24 px", side_px=24),
    Sight("16 px", side_px=16),
    Sight("32 px, a tenth of the light", side_px=32, light=_DARK, noise=_NOISE),
    Sight("24 px, a tenth of the light", side_px=24, light=_DARK, noise=_NOISE),
    Sight("16 px, a tenth of the light", side_px=16, light=_DARK, noise=_NOISE),
)
