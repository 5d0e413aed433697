"""What a cabin does to a face, in five severities: pure functions of face, severity and generator.

The measure follows Hendrycks and Dietterich 2019 ("Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations"); the kinds and the strengths are those of a camera at a
driver's face of 48 px. Training draws from the same kinds at the lower severities.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.models.kind import FACE_PX

SEVERITIES: tuple[int, ...] = (1, 2, 3, 4, 5)

Face = NDArray[np.uint8]
_Corruption = Callable[[Face, int, np.random.Generator], NDArray[np.floating]]


def corrupt(face: Face, kind: str, severity: int, rng: np.random.Generator) -> Face:
    """Return `face` (uint8[h, w]) under the corruption called `kind`, at severity 1 to 5.

    What is random in it (direction, place, noise) comes from `rng`. In a larger face blur and
    occlusion are as much larger; noise and compression are those of its pixels. KeyError for an
    unknown kind, ValueError for another severity.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity} is not in 1..5")
    changed = CORRUPTIONS[kind](face, severity - 1, rng)
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def _motion_blur(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Vibrate while the shutter is open: a straight smear of 2 to 8 px, in any direction."""
    length = (2.0, 3.0, 4.0, 6.0, 8.0)[level] * _scale(face)
    angle = rng.uniform(0, np.pi)
    middle = _reach(5, face)
    kernel = np.zeros((2 * middle + 1, 2 * middle + 1))
    for along in np.linspace(-(length - 1) / 2, (length - 1) / 2, round(64 * _scale(face))):
        # Bilinear: a smear of two pixels in a slanted direction is no whole number of pixels.
        x, y = middle + along * np.cos(angle), middle + along * np.sin(angle)
        left, top = int(x), int(y)
        for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            kernel[row, column] += (1 - abs(x - column)) * (1 - abs(y - row))
    return _filtered(face, kernel / kernel.sum())


def _scale(face: Face) -> float:
    """Return how much larger than FER2013's a face is; at least 1."""
    return max(float(max(face.shape)) / FACE_PX, 1.0)


def _reach(px: int, face: Face) -> int:
    return math.ceil(px * _scale(face))


def _filtered(face: Face, kernel: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(
        cv2.filter2D(face, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE), np.float32
    )


def _defocus(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Put the lens out of focus: a Gaussian of 0.5 to 2 px."""
    del rng
    sigma = (0.5, 0.8, 1.1, 1.5, 2.0)[level] * _scale(face)
    across = cv2.getGaussianKernel(2 * _reach(6, face) + 1, sigma)
    return _filtered(face, across @ across.T)


def _low_light(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Take light that exposure cannot make up for: down to an eighth, over the sensor's noise."""
    gain = (0.6, 0.45, 0.3, 0.2, 0.125)[level]
    return face * gain + rng.normal(0, 2.0, face.shape)


def _overexposure(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Give more light than the sensor can hold: the bright parts are lost."""
    del rng
    return face * (1.25, 1.5, 1.8, 2.2, 2.8)[level]


def _gamma(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Apply the tone curve of another camera, steeper or flatter."""
    exponent = (1.2, 1.45, 1.75, 2.1, 2.6)[level]
    return np.asarray(255.0 * (face / 255.0) ** (exponent if rng.random() < 0.5 else 1 / exponent))


def _side_light(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Light from one side: it falls off across the face, in any direction."""
    lost = (0.3, 0.45, 0.6, 0.75, 0.9)[level]
    angle = rng.uniform(0, 2 * np.pi)
    height, width = face.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    across = (np.cos(angle) * x + np.sin(angle) * y) / (abs(np.cos(angle)) + abs(np.sin(angle)))
    return np.asarray(face * (1 - lost * (1 + across) / 2))


def _noise(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Turn the gain up in the dark: white noise of 4 to 26 grey levels."""
    return face + rng.normal(0, (4.0, 8.0, 13.0, 19.0, 26.0)[level], face.shape)


def _jpeg(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Compress, as a camera does (MJPEG)."""
    del rng
    quality = (50, 30, 20, 12, 7)[level]
    _, encoded = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.float32)


def _low_resolution(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Move the driver away from the camera: a face of 36 down to 14 px, enlarged."""
    del rng
    side = (36, 30, 24, 18, 14)[level]  # of the camera's pixels, however large the network's face
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(small, face.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32
    )


def _rotation(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Tilt the head by 4 to 20 degrees, to either side."""
    return _warped(face, degrees=_either((4.0, 8.0, 12.0, 16.0, 20.0)[level], rng))


def _box_jitter(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Put the detector's box beside the face: 2 to 12 % of its side, and too large or small."""
    amount = (0.02, 0.045, 0.07, 0.095, 0.12)[level]
    shift = (_either(amount, rng), _either(amount, rng))
    return _warped(face, scale=1 + _either(amount, rng), shift=shift)


def _either(amount: float, rng: np.random.Generator) -> float:
    return amount if rng.random() < 0.5 else -amount


def _warped(
    face: Face, *, degrees: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0, 0)
) -> NDArray[np.floating]:
    """Turn, scale and shift (a share of the side) about the centre, in one interpolation."""
    height, width = face.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    matrix[:, 2] += shift[0] * width, shift[1] * height
    return np.asarray(
        cv2.warpAffine(face, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _hand(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Hold a hand before the face: a smooth blob of skin from below or from a side."""
    reach = (0.12, 0.18, 0.25, 0.33, 0.42)[level]
    height, width = face.shape
    centre = ((width, 0.5 * height), (0.0, 0.5 * height), (0.5 * width, float(height)))
    x, y = centre[rng.integers(3)]
    along = rng.uniform(-0.25, 0.25)
    x, y = (x + along * width, y) if y == height else (x, y + along * height)
    covered = np.zeros(face.shape, np.float32)
    axes = (round(1.1 * reach * width), round(1.4 * reach * height))
    cv2.ellipse(covered, (round(x), round(y)), axes, rng.uniform(-30, 30), 0, 360, 1.0, -1)
    soft = 2 * _reach(2, face) + 1
    covered = np.asarray(cv2.GaussianBlur(covered, (soft, soft), 0.8 * _scale(face)), np.float32)
    skin = float(np.percentile(face, 70)) + rng.normal(0, 3.0, face.shape)
    return np.asarray(face * (1 - covered) + skin * covered)


def _sunglasses(face: Face, level: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Put on sunglasses, a dark band over the eyes: tinted at first, black at last."""
    light_through = (0.6, 0.45, 0.3, 0.15, 0.0)[level]
    height, width = face.shape
    top = round(height * rng.uniform(0.20, 0.27))
    # FER2013's faces fill the picture: the eyes lie in its second quarter.
    bottom = top + round(height * rng.uniform(0.20, 0.24))
    changed = face.astype(np.float32)
    changed[top:bottom, round(0.06 * width) : round(0.94 * width)] *= light_through
    return changed


CORRUPTIONS: dict[str, _Corruption] = {
    "motion blur": _motion_blur,
    "defocus": _defocus,
    "low light": _low_light,
    "overexposure": _overexposure,
    "gamma": _gamma,
    "side light": _side_light,
    "noise": _noise,
    "JPEG": _jpeg,
    "low resolution": _low_resolution,
    "rotation": _rotation,
    "box jitter": _box_jitter,
    "hand": _hand,
    "sunglasses": _sunglasses,
}
"""The kinds that `corrupt` knows."""
