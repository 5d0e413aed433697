"""What a cabin does to an eye: glasses, light, night, infra-red, blur, hair; and what hides it.

Pure functions of a picture and a generator. They draw what happens to the training's pictures, of
which too few show it, and say whether the eye can still be judged.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.eye_patch import PATCH_REACH, even_light
from edge_fer.models.kind import EYES

Grey = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class CabinSettings:
    """How far each change goes, and how often it happens (0..1)."""

    unchanged: float = 0.4  # nothing but where the landmarks are, and how many pixels there are
    rotation_deg: float = 12.0
    scale: float = 0.15
    stretch: float = 0.08
    shift: float = 0.11  # of the eye's width, either way: landmarks are off by so much
    small: float = 0.3  # eyes of few pixels in the frame
    least_px: float = 11.0  # width of the smallest eye that is to be judged
    hidden: float = 0.12  # one of the ways that hide an eye wholly
    glasses: float = 0.2
    reflection: float = 0.15
    tinted: float = 0.06
    hair: float = 0.1
    infrared: float = 0.12
    side_light: float = 0.3
    dark_socket: float = 0.2  # the brow's shadow, with a lamp above
    night: float = 0.25
    noise: float = 0.25
    blur: float = 0.3
    compressed: float = 0.2


@dataclass(frozen=True, slots=True)
class CabinEye:
    """A changed picture, uint8[40,40] as the network sees it, and what can be learned from it.

    `visible`: 1 yes, 0 no, NaN: neither. `sharpness` (0..1) is how much of the iris's place is
    left to see.
    """

    image: NDArray[np.uint8]
    visible: float
    sharpness: float


def in_a_cabin(
    image: NDArray[np.uint8],
    eye_px: float,
    iris: tuple[float, float],
    settings: CabinSettings,
    rng: np.random.Generator,
) -> CabinEye:
    """Return one random variant of `image` (uint8[s,s], the eye's width is s / REACH).

    `eye_px` is the eye's width in the original picture (NaN: not known), `iris` its place in
    half widths of the eye from the picture's middle, x to the right and y down.
    """
    unit = image.shape[0] / _SOURCE_REACH  # the eye's width
    grey = image.astype(np.float32)
    if rng.random() < settings.unchanged:
        width_px = _width_px(eye_px, settings, rng)
        cut = _through_the_lens(grey, unit, width_px, settings, rng)
        stored = np.clip(np.rint(cut), 0, 255).astype(np.uint8)
        return CabinEye(even_light(stored), 1.0, _sharpness(width_px))
    how = str(rng.choice(_HIDING)) if rng.random() < settings.hidden else ""
    visible = _before_the_eye(grey, unit, iris, how, settings, rng)
    if rng.random() < settings.side_light:
        _side_light(grey, rng)
    is_shaded = rng.random() < settings.dark_socket
    if is_shaded:
        _dark_socket(grey, unit, rng)
    width_px = rng.uniform(3.0, 8.0) if how == "tiny" else _width_px(eye_px, settings, rng)
    grey = _through_the_lens(grey, unit, width_px, settings, rng)
    sharpness = _sharpness(width_px)
    out_unit = EYES.side_px / PATCH_REACH
    if how == "blurred":
        grey = _blurred(grey, rng.uniform(0.24, 0.5) * out_unit)
    elif rng.random() < settings.blur:
        sigma = _blur(grey, out_unit, rng)
        sharpness *= float(np.clip(1.6 - sigma / (0.07 * out_unit), 0.0, 1.0))
        if sigma > 0.13 * out_unit:
            visible = _worse(visible, math.nan)
    stored, seen = _exposed(grey, how == "night", settings, rng, is_shaded=is_shaded)
    visible = 0.0 if how else _worse(visible, seen)
    if rng.random() < settings.compressed:
        quality = int(rng.integers(30, 80))
        packed = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        stored = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return CabinEye(even_light(stored), visible, sharpness)


def _before_the_eye(
    grey: Grey,
    unit: float,
    iris: tuple[float, float],
    how: str,
    settings: CabinSettings,
    rng: np.random.Generator,
) -> float:
    """Draw the lamp and what is worn before the eye into `grey`; return `visible`."""
    visible = 1.0
    if rng.random() < settings.infrared:
        _infrared(grey, unit, iris, rng)
    if rng.random() < settings.tinted:
        _lens(grey, unit, rng.uniform(0.3, 0.75), rng)
    if rng.random() < settings.glasses:
        _frame(grey, unit, rng)
    if rng.random() < settings.reflection and _reflections(grey, unit, rng):
        visible = math.nan
    if rng.random() < settings.hair:
        visible = _worse(visible, _hair(grey, unit, rng, covers=False))
    if how == "dark lens":
        _lens(grey, unit, rng.uniform(0.0, 0.09), rng, mirrored=rng.random() < 0.6)
    elif how == "glare":
        _glare(grey, unit, rng)
    elif how == "covered":
        _hair(grey, unit, rng, covers=True)
    return visible


def _width_px(eye_px: float, settings: CabinSettings, rng: np.random.Generator) -> float:
    """Draw of how many pixels the eye is in the frame."""
    most = 1.5 * EYES.side_px / PATCH_REACH  # more are averaged down all the same
    width_px = min(eye_px if math.isfinite(eye_px) else 40.0, most)
    if rng.random() < settings.small:
        smallest, largest = math.log(settings.least_px), math.log(30.0)
        width_px = min(width_px, math.exp(rng.uniform(smallest, largest)))
    return width_px


def _sharpness(width_px: float) -> float:
    return float(np.clip((width_px - 12.0) / 8.0, 0.0, 1.0))


_SOURCE_REACH = 2.3
_HIDING = ("dark lens", "dark lens", "glare", "covered", "tiny", "blurred", "night")


def _worse(one: float, other: float) -> float:
    """Return the worse of two: hidden, then unsure, then visible."""
    if 0.0 in (one, other):
        return 0.0
    return math.nan if math.isnan(one) or math.isnan(other) else 1.0


def _through_the_lens(
    grey: Grey, unit: float, width_px: float, settings: CabinSettings, rng: np.random.Generator
) -> Grey:
    """Return the patch at EYES.side_px, sampled first at `width_px` pixels an eye."""
    side, out = grey.shape[0], EYES.side_px
    angle = math.radians(rng.uniform(-settings.rotation_deg, settings.rotation_deg))
    zoom = rng.uniform(1 - settings.scale, 1 + settings.scale)
    stretch = rng.uniform(1 - settings.stretch, 1 + settings.stretch)
    shift = np.clip(rng.normal(0, settings.shift / 1.5, 2), -2 * settings.shift, 2 * settings.shift)
    small = max(round(PATCH_REACH * width_px), 4)
    coarse = small < out
    target = small if coarse else out
    scale = target / (PATCH_REACH * unit) * zoom
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    linear = np.array([[cos, -sin * stretch], [sin, cos * stretch]])
    offset = np.full(2, (target - 1) / 2) - linear @ (np.full(2, (side - 1) / 2) + shift * unit)
    if scale < 0.6:  # averaged down, as a lens and a cut do
        grey = _blurred(grey, 0.4 / scale)
    warped = cv2.warpAffine(
        grey,
        np.column_stack([linear, offset]),
        (target, target),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if coarse:
        warped = cv2.resize(warped, (out, out), interpolation=cv2.INTER_LINEAR)
    return np.asarray(warped, np.float32)


def _exposed(
    grey: Grey,
    lost: bool,
    settings: CabinSettings,
    rng: np.random.Generator,
    *,
    is_shaded: bool = False,
) -> tuple[NDArray[np.uint8], float]:
    """Return the patch as the sensor stores it, and whether the eye is still to be seen."""
    mean = float(grey.mean())
    grey = (grey - mean) * rng.uniform(0.6, 1.4) + mean + rng.uniform(-25, 25)
    grey = 255 * (np.clip(grey, 0, 255) / 255) ** math.exp(rng.uniform(-0.5, 0.5))
    noise = 0.0
    low, high = (EYES.side_px * share // 100 for share in (25, 75))
    if lost:
        grey *= rng.uniform(0.01, 0.08)
        noise = rng.uniform(2.0, 6.0)
    elif rng.random() < settings.night:
        grey *= math.exp(rng.uniform(math.log(0.1), 0.0))
        noise = rng.uniform(0.3, 2.0)
    elif rng.random() < 0.15:
        grey *= rng.uniform(1.1, 1.8)  # more than the sensor holds
    # A shadow over the eye is no detail of it.
    detail = grey - _blurred(grey, 0.3 * EYES.side_px) if is_shaded else grey
    signal = float(detail[low:high, low:high].std())
    if rng.random() < settings.noise:
        noise = math.hypot(noise, rng.uniform(0.05, 0.9) * signal)
    if noise:
        grain: Grey = rng.normal(0, noise, grey.shape)
        if rng.random() < 0.4:  # noise reduction, or a frame that was enlarged
            grain = _blurred(grain, 0.7) * 1.6
        grey = grey + grain
    stored = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    clear = signal / max(math.hypot(noise, 0.4), 1e-6)
    saturated = float((stored[low:high, low:high] >= 252).mean())
    if clear < 0.6 or saturated > 0.7:
        return stored, 0.0
    return stored, math.nan if clear < 1.0 or saturated > 0.4 else 1.0


def _infrared(grey: Grey, unit: float, iris: tuple[float, float], rng: np.random.Generator) -> None:
    """Give the look of a lamp of 850 or 940 nm: pale iris, flat skin, a glint, a bright pupil."""
    mean = float(grey.mean())
    flat = _blurred(grey, unit * 0.3)
    grey[:] = flat + (grey - flat) * rng.uniform(0.5, 1.0)
    grey[:] = (grey - mean) * rng.uniform(0.5, 1.0) + rng.uniform(0.6, 1.3) * mean
    if rng.random() < 0.3:  # sclera and skin change places
        middle = rng.uniform(0.9, 1.3) * mean
        bright = np.maximum(grey - middle, 0)
        grey -= bright * rng.uniform(0.5, 1.6)
    x, y = (grey.shape[0] / 2 + place * unit / 2 for place in iris)
    if rng.random() < 0.3:
        radius = rng.uniform(0.03, 0.09) * unit
        _spot(grey, x, y, radius, rng.uniform(20, 120), 0.3 * radius)
    for _ in range(int(rng.integers(0, 3))):
        offset = rng.normal(0, 0.06 * unit, 2)
        _spot(grey, x + offset[0], y + offset[1], rng.uniform(0.015, 0.04) * unit, 255, 0.6)


def _blurred(grey: Grey, sigma: float) -> Grey:
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.float32)


def _spot(grey: Grey, x: float, y: float, radius: float, added: float, soft: float) -> None:
    mask = np.zeros_like(grey)
    cv2.circle(mask, (round(8 * x), round(8 * y)), round(8 * radius), 1.0, -1, cv2.LINE_8, 3)
    mask = _blurred(mask, max(soft, 0.4))
    np.clip(grey + mask * added, 0, 255, out=grey)


def _glasses(grey: Grey, unit: float, rng: np.random.Generator) -> tuple[NDArray[np.int32], Grey]:
    """Return the outline of a lens around the eye, and a mask (0..1) of what lies behind it."""
    centre = grey.shape[0] / 2 + rng.uniform(-0.25, 0.25, 2) * unit * (1.0, 0.6)
    across, down = rng.uniform(0.62, 1.15) * unit, rng.uniform(0.42, 0.9) * unit
    power = rng.uniform(2.0, 6.0)  # from an ellipse to a rounded rectangle
    tilt = rng.uniform(-0.2, 0.2)
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x = across * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** (2 / power)
    y = down * np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** (2 / power)
    turned = np.stack(
        [x * math.cos(tilt) - y * math.sin(tilt), x * math.sin(tilt) + y * math.cos(tilt)], axis=1
    )
    outline = np.round((centre + turned) * 8).astype(np.int32)
    mask = np.zeros_like(grey)
    cv2.fillPoly(mask, [outline], 1.0, cv2.LINE_8, 3)
    return outline, mask


def _frame(grey: Grey, unit: float, rng: np.random.Generator) -> None:
    outline, _ = _glasses(grey, unit, rng)
    line = np.zeros_like(grey)
    thick = max(round(rng.uniform(0.02, 0.16) * unit), 1)
    cv2.polylines(line, [outline], True, 1.0, thick, cv2.LINE_8, 3)
    line = _blurred(line, 0.6) * rng.uniform(0.4, 1.0)
    shade = rng.uniform(5, 90) if rng.random() < 0.75 else rng.uniform(120, 250)
    grey[:] = grey * (1 - line) + shade * line


def _lens(
    grey: Grey, unit: float, through: float, rng: np.random.Generator, *, mirrored: bool = False
) -> None:
    """Put a tinted lens before the eye, with a frame and, mirrored, with what it reflects."""
    outline, mask = _glasses(grey, unit, rng)
    if rng.random() < 0.4 and through < 0.1:
        mask[:] = 1.0  # a lens that fills the whole picture
    seen = grey * (1 - mask * (1 - through))
    if mirrored:
        reflected = rng.normal(0, 1, (int(rng.integers(2, 7)), int(rng.integers(2, 7))))
        scene = cv2.resize(
            reflected.astype(np.float32), grey.shape[::-1], interpolation=cv2.INTER_CUBIC
        )
        seen += np.clip(scene * rng.uniform(5, 60) + rng.uniform(0, 50), 0, 255) * mask
    grey[:] = np.clip(seen + rng.uniform(0, 25) * mask * (through < 0.1), 0, 255)
    if rng.random() < 0.6:
        thick = max(round(rng.uniform(0.02, 0.12) * unit), 1)
        cv2.polylines(grey, [outline], True, float(rng.uniform(0, 120)), thick, cv2.LINE_AA, 3)


def _reflections(grey: Grey, unit: float, rng: np.random.Generator) -> bool:
    """Draw one to three reflections of a lens; return whether they cover much of the eye."""
    cover = np.zeros_like(grey)
    middle = grey.shape[0] / 2
    for _ in range(int(rng.integers(1, 4))):
        centre = middle + rng.uniform(-0.6, 0.6, 2) * unit * (1.0, 0.7)
        size = rng.uniform(0.05, 0.3, 2) * unit
        corners = centre + rng.uniform(0.6, 1.4, (4, 2)) * size * (
            (-1, -1),
            (1, -1),
            (1, 1),
            (-1, 1),
        )
        cv2.fillPoly(
            cover,
            [np.round(corners * 8).astype(np.int32)],
            float(rng.uniform(0.2, 1.0)),
            cv2.LINE_8,
            3,
        )
    cover = _blurred(cover, rng.uniform(0.5, 0.06 * unit))
    shade = rng.uniform(170, 255)
    grey[:] = grey * (1 - cover) + shade * cover
    return _covered(cover, unit) > 0.3


def _covered(cover: Grey, unit: float) -> float:
    """Return how much of the eye's own opening is covered, 0..1."""
    middle, half, down = _middle(cover), 0.42 * unit, 0.2 * unit
    box = cover[
        round(middle - down) : round(middle + down), round(middle - half) : round(middle + half)
    ]
    return float(box.mean())


def _middle(grey: Grey) -> float:
    """Return the middle of a square picture in pixels."""
    return float(grey.shape[0]) / 2


def _glare(grey: Grey, unit: float, rng: np.random.Generator) -> None:
    """Cover the eye with light: a blown reflection on its lens."""
    cover = np.zeros_like(grey)
    centre = _middle(grey) + rng.uniform(-0.12, 0.12, 2) * unit
    axes = rng.uniform((0.5, 0.28), (1.1, 0.8)) * unit
    cv2.ellipse(
        cover,
        (round(centre[0]), round(centre[1])),
        (round(axes[0]), round(axes[1])),
        rng.uniform(-30, 30),
        0,
        360,
        1.0,
        -1,
    )
    cover = _blurred(cover, rng.uniform(0.02, 0.12) * unit)
    cover *= rng.uniform(0.9, 1.0)
    grey[:] = np.clip(grey * (1 - cover) + rng.uniform(225, 300) * cover, 0, 255)


def _hair(grey: Grey, unit: float, rng: np.random.Generator, *, covers: bool) -> float:
    """Draw strands of hair, or something smooth as a hand; return `visible`."""
    cover, shade = np.zeros_like(grey), np.zeros_like(grey)
    middle = _middle(grey)
    if covers and rng.random() < 0.6:  # a hand or a scarf
        centre = middle + rng.uniform(-0.25, 0.25, 2) * unit
        axes = rng.uniform((0.75, 0.5), (1.6, 1.2)) * unit
        cv2.ellipse(
            cover,
            (round(centre[0]), round(centre[1])),
            (round(axes[0]), round(axes[1])),
            rng.uniform(0, 180),
            0,
            360,
            1.0,
            -1,
        )
        coarse = rng.normal(0, 1, (int(rng.integers(2, 8)), int(rng.integers(2, 8))))
        folds = cv2.resize(
            coarse.astype(np.float32), grey.shape[::-1], interpolation=cv2.INTER_CUBIC
        )
        shade[:] = rng.uniform(30, 220) + folds * rng.uniform(2, 25)
    else:
        strands = int(rng.integers(25, 60) if covers else rng.integers(1, 10))
        slope, base = rng.uniform(-0.8, 0.8), rng.uniform(10, 160)
        thick_most = 3 if covers else 2
        spread = 0.6 if covers else 1.0
        for _ in range(strands):
            x = middle + rng.uniform(-spread, spread) * unit
            lean = (slope + rng.normal(0, 0.12)) * unit
            ends = (round(x - lean), 0), (round(x + lean), grey.shape[0])
            thick = int(rng.integers(1, thick_most + 1))
            cv2.line(cover, *ends, 1.0, thick, cv2.LINE_AA)
            cv2.line(shade, *ends, float(np.clip(base + rng.normal(0, 25), 1, 255)), thick)
        shade[shade == 0] = base
    grey[:] = np.clip(grey * (1 - cover) + shade * cover, 0, 255)
    covered = _covered(cover, unit)
    return 0.0 if covered > 0.75 else math.nan if covered > 0.35 else 1.0


def _side_light(grey: Grey, rng: np.random.Generator) -> None:
    """Light from one side, with a soft or a hard edge of the shadow."""
    side = grey.shape[0]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    across = math.cos(angle) * x + math.sin(angle) * y
    steep = math.exp(rng.uniform(math.log(0.8), math.log(12)))
    light = 1 / (1 + np.exp(-steep * (across + rng.uniform(-0.6, 0.6))))
    grey *= 1 - rng.uniform(0.3, 0.9) * light


def _dark_socket(grey: Grey, unit: float, rng: np.random.Generator) -> None:
    """Shade the eye softly, its middle most, as the brow does below a lamp or street lights."""
    side = grey.shape[0]
    x0, y0 = _middle(grey) + rng.normal(0, (0.12, 0.15), 2) * unit
    y, x = np.mgrid[:side, :side].astype(np.float32)
    across, down = rng.uniform(0.6, 1.3) * unit, rng.uniform(0.4, 0.9) * unit
    distance = ((x - x0) / across) ** 2 + ((y - y0) / down) ** 2
    # From a blot with a soft edge to a slope over the whole picture.
    shadow = np.exp(-((distance / 2) ** rng.uniform(0.8, 2.0)))
    grey *= 1 - rng.uniform(0.3, 0.85) * shadow


def _blur(grey: Grey, unit: float, rng: np.random.Generator) -> float:
    """Blur in place, by motion or out of focus; return about which sigma in pixels."""
    if rng.random() < 0.5:
        sigma = rng.uniform(0.02, 0.16) * unit
        grey[:] = _blurred(grey, sigma)
        return float(sigma)
    length = rng.uniform(0.08, 0.4) * unit
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((15, 15), np.float32)
    for along in np.linspace(-length / 2, length / 2, 40):
        x, y = 7 + along * math.cos(angle), 7 + along * math.sin(angle)
        if 0 <= round(x) < 15 and 0 <= round(y) < 15:
            kernel[round(y), round(x)] += 1
    grey[:] = cv2.filter2D(grey, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return float(length / 3.5)
