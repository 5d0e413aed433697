"""What light, lens, compression and things in front of a face do to its picture."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


def weathered(crop: Grey, rng: np.random.Generator) -> Grey:
    """Return `crop` (uint8[n,n]) as another camera in another light would have seen it."""
    side = crop.shape[0]
    if rng.random() < 0.25:
        crop = _coarse(crop, float(rng.uniform(0.3, 0.8)))
    values: NDArray[Any] = crop.astype(np.float32) / 255
    if rng.random() < 0.3:
        values = cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.4, 1.8)))
    elif rng.random() < 0.12:
        values = cv2.filter2D(values, -1, _motion(int(rng.integers(3, 8)), rng))
    if rng.random() < 0.6:
        values = np.power(values, np.float32(np.exp(rng.uniform(-0.7, 0.7))))
    if rng.random() < 0.35:
        values = values * _side_light(side, rng)
    if rng.random() < 0.5:
        middle = float(values.mean())
        values = (values - middle) * np.float32(rng.uniform(0.5, 1.6)) + middle
        values = values + np.float32(rng.uniform(-0.2, 0.2))
    dark = float(np.exp(rng.uniform(-3.0, -0.7))) if rng.random() < 0.2 else 1.0
    values = values * np.float32(dark)
    if rng.random() < 0.6:
        grain = rng.standard_normal((side, side), np.float32)
        noise = min(float(rng.exponential(0.012)), 0.045) * dark**0.7
        values = values + np.float32(noise) * grain
    crop = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        quality = int(rng.integers(12, 70))
        _, coded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
        crop = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return crop


def _coarse(crop: Grey, share: float) -> Grey:
    side = crop.shape[0]
    small = max(int(side * share), 8)
    coarse = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _motion(length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, end = ((length - 1) / 2 - reach), ((length - 1) / 2 + reach)
    cv2.line(kernel, tuple(np.rint(start).astype(int)), tuple(np.rint(end).astype(int)), 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _side_light(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    angle, edge = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    steps = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    along = np.cos(angle) * steps[np.newaxis] + np.sin(angle) * steps[:, np.newaxis] - edge
    sharpness = np.exp(rng.uniform(0.7, 3.4))
    lit = 1 / (1 + np.exp(-along * sharpness))
    dark = rng.uniform(0.08, 0.6)
    return np.asarray(dark + (1 - dark) * lit, np.float32)


def covered(
    crop: Grey, points: NDArray[np.floating], other: Grey, rng: np.random.Generator
) -> tuple[Grey, float]:
    """Put something in front of the face; return the crop and the hidden share of `points`.

    `points` (float[n,2]) are in pixels of the crop; `other` is another crop, for its texture.
    """
    side = crop.shape[0]
    mask = np.zeros((side, side), np.uint8)
    kind = int(rng.integers(4))
    low, high = points.min(axis=0), points.max(axis=0)
    size = float((high - low).max())
    at = points[rng.integers(len(points))] + rng.normal(0, 0.1, 2) * size
    if kind == 0:  # a rectangle
        half = rng.uniform(0.08, 0.75, 2) * size / 2
        box = (tuple(map(float, at)), tuple(map(float, 2 * half)), float(rng.uniform(0, 180)))
        cv2.fillConvexPoly(mask, np.rint(cv2.boxPoints(box)).astype(np.int32), 255)
    elif kind == 1:  # an ellipse
        half = rng.uniform(0.08, 0.7, 2) * size / 2
        axes = (int(half[0]) + 1, int(half[1]) + 1)
        middle = (int(at[0]), int(at[1]))
        cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    else:  # a hand: fingers side by side and a palm
        _hand(mask, at, size * rng.uniform(0.4, 1.2), rng)
    texture = _texture(crop, other, kind, rng)
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.7)
    mixed = crop * (1 - soft) + texture * soft
    places = np.clip(np.rint(points).astype(int), 0, side - 1)
    hidden = float((mask[places[:, 1], places[:, 0]] > 0).mean())
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8), hidden


def _hand(
    mask: NDArray[np.uint8], at: NDArray[np.floating], size: float, rng: np.random.Generator
) -> None:
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    width = size * rng.uniform(0.16, 0.26)
    for finger in range(4):
        root = at + across * (finger - 1.5) * width * rng.uniform(0.9, 1.25)
        tip = root + along * size * (rng.uniform(0.5, 0.8) - 0.08 * abs(finger - 1.5))
        ends = (tuple(np.rint(root).astype(int).tolist()), tuple(np.rint(tip).astype(int).tolist()))
        cv2.line(mask, *ends, 255, max(int(width * rng.uniform(0.75, 1.0)), 1))
    palm = at - along * size * 0.25
    box = (
        (float(palm[0]), float(palm[1])),
        (float(size * 0.7), float(width * 4.2)),
        float(np.degrees(angle)),
    )
    cv2.fillConvexPoly(mask, np.rint(cv2.boxPoints(box)).astype(np.int32), 255)


def _texture(crop: Grey, other: Grey, kind: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return float32[n,n]: skin of the same face for a hand, else anything."""
    side = crop.shape[0]
    if kind < 2 and rng.random() < 0.5:
        if rng.random() < 0.5:
            return np.full((side, side), rng.uniform(0, 255), np.float32)
        return np.roll(other, rng.integers(side, size=2), (0, 1)).astype(np.float32)
    part = max(side // 6, 2)
    y, x = rng.integers(side // 4, 3 * side // 4 - part, 2)
    patch = crop[y : y + part, x : x + part]
    skin = cv2.resize(patch, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return skin * _side_light(side, rng) * np.float32(rng.uniform(0.8, 1.3))
