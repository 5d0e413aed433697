"""The demo camera's picture: a driver in a cabin, drawn for each moment of a short story.

A pure function of the scene's time, noise included, so that each run sees the same frames.
"""

import itertools
import math
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.portrait import FACE, HEIGHT_PX, Portrait
from edge_fer.camera.uri import SCENE_S

WIDTH, HEIGHT = 640, 480
DURATION_S = SCENE_S
PORTRAIT = Path(__file__).parents[1] / "assets" / "collins.jpg"


@dataclass(frozen=True, slots=True)
class Moment:
    """What the story fixes at one time; in between, everything glides.

    `x` is the face's place in widths of the frame (0..1 is inside), `scale` the portrait's
    magnification, `light` the share of full light, `cover` how much of the lens is covered (0..1).
    `yaw_deg` is the turn of the head, positive to the driver's left. `lids` is how far the lids are
    closed, `mouth` how wide the mouth is open in a yawn, and `earnest` how much of the smile is
    gone (all 0..1), because closed eyes in a laugh do not count as sleep.
    """

    time_s: float
    x: float = 0.5
    scale: float = 1.3
    light: float = 1.0
    cover: float = 0.0
    yaw_deg: float = 0.0
    lids: float = 0.0
    mouth: float = 0.0
    earnest: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the story: what happens from its first moment on, in words."""

    name: str
    moments: tuple[Moment, ...]


PARTS: tuple[Part, ...] = (
    Part("the driver looks at the road", (Moment(0.0), Moment(5.0))),
    Part("comes nearer", (Moment(6.2, scale=1.75), Moment(7.0, scale=1.75), Moment(8.0))),
    Part(
        "drives through a tunnel",  # less light, and enough
        (Moment(9.2, light=0.35), Moment(10.8, light=0.35), Moment(12.0)),
    ),
    Part(
        "a hand covers the lens",
        (Moment(12.3, cover=1.0), Moment(15.0, cover=1.0), Moment(15.3)),
    ),
    Part("looks at the road", (Moment(18.5),)),
    Part("leaves the seat", (Moment(19.2, x=1.5), Moment(22.0, x=1.5))),
    Part("is back", (Moment(22.8), Moment(26.0))),
    Part("looks aside", (Moment(26.6, yaw_deg=36.0), Moment(30.5, yaw_deg=36.0), Moment(31.0))),
    Part(
        "looks at the road",
        (Moment(32.5), Moment(33.5, earnest=1.0), Moment(36.0, earnest=1.0)),
    ),
    Part(
        "closes the eyes",
        (
            Moment(36.3, lids=1.0, earnest=1.0),
            Moment(37.8, lids=1.0, earnest=1.0),
            Moment(38.0, earnest=1.0),
        ),
    ),
    Part("looks at the road", (Moment(41.0, earnest=1.0),)),
    Part(
        "yawns",
        (
            Moment(41.6, mouth=1.0, earnest=1.0),
            Moment(43.8, mouth=1.0, earnest=1.0),
            Moment(44.4, earnest=1.0),
        ),
    ),
    Part("looks at the road", (Moment(45.2), Moment(DURATION_S))),
)
STORY: tuple[Moment, ...] = tuple(moment for part in PARTS for moment in part.moments)

_NOISE_SEED = 7
_NOISE_DEVIATION = 2.5  # grey values; a small sensor at some gain
_NOISE_MARGIN = 64  # a frame takes its noise from a random place of a larger field
_COVER_LEVEL = 42.0  # grey value of a hand on the lens with light shining through


def part_at(time_s: float) -> str:
    """Return what happens at `time_s` of the scene, in words."""
    for part in PARTS[:-1]:
        if time_s < part.moments[-1].time_s:
            return part.name
    return PARTS[-1].name


def moment_at(time_s: float) -> Moment:
    """Return the story's state at `time_s`, gliding between its fixed moments."""
    for before, after in itertools.pairwise(STORY):
        if time_s < after.time_s:
            share = max(time_s - before.time_s, 0.0) / (after.time_s - before.time_s)
            share = share * share * (3 - 2 * share)  # starts and stops gently
            mixed = {
                item.name: (1 - share) * getattr(before, item.name)
                + share * getattr(after, item.name)
                for item in fields(Moment)
            }
            return Moment(**mixed | {"time_s": time_s})
    return replace(STORY[-1], time_s=time_s)


class Scene:
    """Draws the story; UserError when the portrait is not there."""

    def __init__(self, portrait: Path = PORTRAIT) -> None:
        self._portrait = Portrait(portrait)
        self._cabin = _draw_cabin()
        self._cover = _draw_cover()
        random = np.random.default_rng(_NOISE_SEED)
        noise = random.normal(0, _NOISE_DEVIATION, (HEIGHT + _NOISE_MARGIN, WIDTH + _NOISE_MARGIN))
        self._noise = noise.round().clip(-127, 127).astype(np.int8)

    def render(self, time_s: float) -> NDArray[np.uint8]:
        """Return the frame at `time_s` of the scene, uint8[480,640]."""
        moment = moment_at(time_s)
        frame = self._cabin
        if moment.cover < 1:
            frame = self._with_driver(moment)
            if moment.light < 1:
                dimmed = cv2.convertScaleAbs(frame, alpha=moment.light)
                frame = dimmed.astype(np.uint8, copy=False)
        if moment.cover > 0:
            frame = self._covered(frame, moment.cover)
        return self._with_noise(frame, time_s)

    def _with_driver(self, moment: Moment) -> NDArray[np.uint8]:
        time_s = moment.time_s
        sway_x = 9 * math.sin(2 * math.pi * time_s / 4.3)
        sway_y = 5 * math.sin(2 * math.pi * time_s / 2.9)
        angle = 2.5 * math.sin(2 * math.pi * time_s / 5.3)
        place = cv2.getRotationMatrix2D(FACE, angle, moment.scale)
        place[0, 2] += moment.x * WIDTH + sway_x - FACE[0]
        # The portrait's lower edge stays below the frame's, and the head of one who is near inside.
        below = 20 + 150 * (moment.scale - 1.3)
        place[1, 2] += HEIGHT + below - (HEIGHT_PX - FACE[1]) * moment.scale + sway_y - FACE[1]
        drawn = self._portrait.drawn(
            yaw_deg=moment.yaw_deg, lids=moment.lids, mouth=moment.mouth, earnest=moment.earnest
        )
        driver, opacity = cv2.split(cv2.warpAffine(drawn, place, (WIDTH, HEIGHT)))
        behind = cv2.multiply(self._cabin, cv2.bitwise_not(opacity), scale=1 / 255)
        return cv2.add(driver, behind).astype(np.uint8, copy=False)

    def _covered(self, frame: NDArray[np.uint8], cover: float) -> NDArray[np.uint8]:
        """Slide a hand over the lens from the left; so near, its edge is a wide blur."""
        if cover >= 1:
            return self._cover
        edge = (1.6 * cover - 0.3) * WIDTH
        hand = 1 / (1 + np.exp((np.arange(WIDTH, dtype=np.float32) - edge) / 30))
        mixed = frame * (1 - hand) + self._cover * hand
        return mixed.astype(np.uint8)

    def _with_noise(self, frame: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        # The time itself says which noise a frame gets, so that one moment always looks the same.
        place = np.random.default_rng((_NOISE_SEED, round(time_s * 1e3)))
        top, left = place.integers(0, _NOISE_MARGIN, 2)
        noise = self._noise[top : top + HEIGHT, left : left + WIDTH]
        return cv2.add(frame, noise, dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def _draw_cabin() -> NDArray[np.uint8]:
    """Draw the seat, the side window and the pillar behind the driver; out of focus."""
    rows = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None]
    columns = np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :]
    cabin = 95 - 40 * rows + 15 * np.cos(2.2 * columns)
    # A cloth-like roughness of some centimetres, seeded as everything here.
    random = np.random.default_rng(_NOISE_SEED + 1)
    rough = cv2.resize(random.normal(0, 1, (60, 80)).astype(np.float32), (WIDTH, HEIGHT))
    cabin += 3 * rough
    window = [(-10, 40), (150, 60), (190, 250), (-10, 270)]
    cv2.fillPoly(cabin, [np.array(window, np.int32)], 185)
    cv2.fillPoly(cabin, [np.array([(-10, 200), (178, 190), (190, 250), (-10, 270)], np.int32)], 120)
    pillar = [(480, -10), (535, -10), (600, 490), (520, 490)]
    cv2.fillPoly(cabin, [np.array(pillar, np.int32)], 58)
    back = [(205, 300), (250, 255), (395, 255), (440, 300), (470, 490), (175, 490)]
    cv2.fillPoly(cabin, [np.array(back, np.int32)], 42)
    cv2.fillPoly(cabin, [np.array([(268, 140), (372, 140), (385, 235), (255, 235)], np.int32)], 50)
    cv2.line(cabin, (295, 232), (292, 260), 110, 6)
    cv2.line(cabin, (347, 232), (350, 260), 110, 6)
    cabin = cv2.GaussianBlur(cabin, (0, 0), 4) + rough
    return np.asarray(cabin.clip(0, 255), np.uint8)


def _draw_cover() -> NDArray[np.uint8]:
    """Draw what a lens sees of a hand upon it: a dim, even glow."""
    rows = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
    glow = _COVER_LEVEL * (1 - 0.12 * (rows**2 + columns**2))
    return np.asarray(glow, np.float32).astype(np.uint8)
