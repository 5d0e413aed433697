"""Training samples: squares around faces as a tracker gives them, and squares without a face."""

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.cutting import turned_square
from edge_fer.face.landmarks import MIRRORED, NAMES, Square, square_around
from edge_fer.face.levels import levelled
from edge_fer.face.rotation import angles_of
from quantize.face.labels import FaceLabels
from quantize.face.light import covered, weathered
from quantize.face.sights import Sight
from quantize.face.targets import angles, eye_distance, points_of

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """How a square differs from the one that fits: half ranges, drawn evenly.

    A twentieth of `wide` squares are as far off as a search leaves them.
    """

    shift: float = 0.12  # of the square's side
    scale: float = 0.18
    tilt_deg: float = 28.0
    wide_probability: float = 0.15
    wide_shift: float = 0.24
    wide_scale: float = 0.45
    wide_tilt_deg: float = 42.0
    cover_probability: float = 0.25
    mirror: bool = True
    weather: bool = True

    def record(self) -> dict[str, Any]:
        """Return what a training's record says of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What the network should answer for one square; weights of 0 leave an answer open.

    `points`: float64[26, 2] in shares of the square's side from its middle. Angles in degrees in
    the square's frame. `eye_distance` in sides of the square.
    """

    points: NDArray[np.float64]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    mouth_opening: float
    presence: float
    profile: float
    face_weight: float = 1.0
    presence_weight: float = 1.0
    profile_weight: float = 1.0
    eye_distance: float = 0.3


# Between them nobody could say whether it is a profile.
NO_PROFILE_DEG, PROFILE_DEG = 38.0, 52.0
_ASIDE_DEG, _UP_OR_DOWN_DEG = 25.0, 18.0
WIDE_MOUTH = 0.4  # of its width: wider than in talk
_HIDDEN_PRESENT, _HIDDEN_ABSENT = 0.35, 0.65
_NO_POINTS = np.zeros((len(NAMES), 2))
NO_FACE = Target(_NO_POINTS, 0, 0, 0, 0, 0, 0, face_weight=0.0, profile_weight=0.0)


class FaceSource:
    """Faces with labels, ready to be cut: what does not change is computed once.

    `exact` is whether the rotations are true ones; what the teacher read of strong turns is not.
    """

    def __init__(self, labels: FaceLabels, *, exact: bool = False) -> None:
        self.labels = labels
        self.offsets = np.concatenate([[0], np.cumsum(np.square(labels.sizes))])
        self.points = [points_of(mesh) for mesh in labels.meshes]
        self.angles = [
            angles_of(rotation.astype(np.float64)) if exact else angles(rotation)
            for rotation in labels.rotations
        ]
        self.mouths = [float(opening) for opening in labels.mouths]
        self.distances = [eye_distance(mesh) for mesh in labels.meshes]
        self.squares = [
            square_around(points, np.radians(roll))
            for points, (_, _, roll) in zip(self.points, self.angles, strict=True)
        ]

        self._shares = np.cumsum(
            [
                _share(*found[:2], mouth)
                for found, mouth in zip(self.angles, self.mouths, strict=True)
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def draw(self, rng: np.random.Generator) -> int:
        """Return a row.

        Heads that are turned, bowed or tilted back, and wide-open mouths, come several times as
        often.
        """
        found = np.searchsorted(self._shares, rng.random() * self._shares[-1])
        return min(int(found), len(self) - 1)

    def picture(self, row: int) -> Grey:
        """Return a picture, uint8[size, size]."""
        size = int(self.labels.sizes[row])
        return self.labels.pixels[self.offsets[row] : self.offsets[row + 1]].reshape(size, size)

    def target(self, row: int, square: Square, *, mirrored: bool) -> Target:
        """Return the target for a square of that picture."""
        yaw, pitch, roll = self.angles[row]
        points = (self.points[row] - square.centre) / square.side
        cos, sin = np.cos(square.tilt), np.sin(square.tilt)
        points = points @ np.array([[cos, -sin], [sin, cos]])
        roll = (roll - np.degrees(square.tilt) + 180) % 360 - 180
        if mirrored:
            points = points[list(MIRRORED)] * (-1, 1)
            yaw, roll = -yaw, -roll
        profile = float(abs(yaw) > PROFILE_DEG)
        unsure = NO_PROFILE_DEG < abs(yaw) <= PROFILE_DEG
        return Target(
            points,
            yaw,
            pitch,
            roll,
            self.mouths[row],
            1.0,
            profile,
            profile_weight=float(not unsure),
            eye_distance=self.distances[row] / square.side,
        )


def _share(yaw_deg: float, pitch_deg: float, mouth_opening: float) -> float:
    """Return how often a face is drawn: few in the data look far aside, and those are hardest."""
    aside = 3.0 * (abs(yaw_deg) > _ASIDE_DEG) + 1.5 * (abs(pitch_deg) > _UP_OR_DOWN_DEG)
    return 1.0 + aside + 1.5 * (mouth_opening > WIDE_MOUTH)


def cut(picture: Grey, square: Square, side_px: int, border: int = cv2.BORDER_REPLICATE) -> Grey:
    """Return the square as the device cuts it, with a border of the given kind."""
    large = 2 * side_px
    there = turned_square(square.centre, square.side, square.tilt, large)
    upright = cv2.warpAffine(
        picture, there, (large, large), flags=cv2.INTER_LINEAR, borderMode=border
    )
    return cv2.resize(upright, (side_px, side_px), interpolation=cv2.INTER_AREA).astype(np.uint8)


def jittered(square: Square, settings: SampleSettings, rng: np.random.Generator) -> Square:
    """Return a square that is off as a tracker's is."""
    is_wide = rng.random() < settings.wide_probability
    shift = settings.wide_shift if is_wide else settings.shift
    scale = settings.wide_scale if is_wide else settings.scale
    tilt = settings.wide_tilt_deg if is_wide else settings.tilt_deg
    x, y = np.array(square.centre) + rng.uniform(-shift, shift, 2) * square.side
    factor = float(np.exp(rng.uniform(-1, 1) * np.log1p(scale)))
    return Square(
        (float(x), float(y)),
        square.side * factor,
        square.tilt + float(np.radians(rng.uniform(-tilt, tilt))),
    )


def face_sample(
    source: FaceSource,
    row: int,
    side_px: int,
    settings: SampleSettings,
    rng: np.random.Generator,
    other: Grey,
    sight: Sight | None = None,
) -> tuple[Grey, Target]:
    """Return a square with a face, uint8[side_px, side_px], as `sight` has it, and its target."""
    square = jittered(source.squares[row], settings, rng)
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_REFLECT_101
    crop = cut(source.picture(row), square, side_px, border)
    mirrored = settings.mirror and bool(rng.random() < 0.5)
    if mirrored:
        crop = np.ascontiguousarray(crop[:, ::-1])
    target = source.target(row, square, mirrored=mirrored)
    if rng.random() < settings.cover_probability:
        places = (target.points + 0.5) * side_px - 0.5
        crop, hidden = covered(crop, places, other, rng)
        target = _seen(target, hidden)
    if settings.weather:
        crop = weathered(crop, rng)
    return levelled(crop if sight is None else sight.of(crop, rng)), target


def _seen(target: Target, hidden: float) -> Target:
    """Return the target of a face of which that share is hidden."""
    if hidden <= _HIDDEN_PRESENT:
        return target
    absent = hidden >= _HIDDEN_ABSENT
    return Target(
        target.points,
        target.yaw_deg,
        target.pitch_deg,
        target.roll_deg,
        target.mouth_opening,
        0.0 if absent else 1.0,
        target.profile,
        face_weight=0.0,
        presence_weight=float(absent),
        profile_weight=0.0,
    )


NEGATIVE_KINDS = ("beside", "part", "covered", "back of head", "texture", "turned over")
_SHARES = np.array([0.28, 0.22, 0.2, 0.14, 0.1, 0.06])


def empty_sample(
    source: FaceSource,
    row: int,
    side_px: int,
    rng: np.random.Generator,
    other: Grey,
    kind: str | None = None,
    *,
    weather: bool = True,
    sight: Sight | None = None,
) -> Grey:
    """Return a square without a face that is seen well enough; `kind` of NEGATIVE_KINDS."""
    kind = kind or NEGATIVE_KINDS[rng.choice(len(NEGATIVE_KINDS), p=_SHARES)]
    picture, right = source.picture(row), source.squares[row]
    x, y = right.centre
    tilt = float(rng.uniform(-np.pi, np.pi)) if rng.random() < 0.3 else float(rng.normal(0, 0.3))
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_REFLECT_101
    if kind == "beside":
        crop = cut(picture, _beside(right, picture.shape[0], rng), side_px, border)
    elif kind == "part":
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.55) * right.side
        centre = (x + reach * float(np.cos(angle)), y + reach * float(np.sin(angle)))
        side = right.side * float(np.exp(rng.uniform(np.log(0.12), np.log(0.43))))
        if rng.random() < 0.15:
            centre, side = right.centre, right.side * float(rng.uniform(2.3, 4.0))
        crop = cut(picture, Square(centre, side, tilt), side_px, border)
    elif kind == "turned over":
        turn = float(rng.uniform(np.radians(85), np.radians(275)))
        crop = cut(picture, Square(right.centre, right.side, right.tilt + turn), side_px, border)
    elif kind == "texture":
        crop = _texture(side_px, rng)
    else:
        settings = SampleSettings()
        square = jittered(right, settings, rng)
        crop = cut(picture, square, side_px, border)
        points = source.target(row, square, mirrored=False).points
        places = (points + 0.5) * side_px - 0.5
        crop = (
            _back_of_head(crop, places, rng)
            if kind == "back of head"
            else _hidden(crop, places, other, rng)
        )
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    if weather:
        crop = weathered(crop, rng)
    return levelled(crop if sight is None else sight.of(crop, rng))


def _beside(right: Square, size: int, rng: np.random.Generator) -> Square:
    """Return a square whose middle is at least six tenths of the face's square away."""
    for _ in range(20):
        side = right.side * float(np.exp(rng.uniform(np.log(0.3), np.log(1.3))))
        centre = rng.uniform(-0.1 * size, 1.1 * size, 2)
        if np.hypot(*(centre - right.centre)) > 0.33 * right.side + 0.37 * max(
            side, right.side * 0.7
        ):
            break
    else:
        centre = np.array((right.centre[0] + 0.8 * right.side, right.centre[1]))
    return Square((float(centre[0]), float(centre[1])), side, float(rng.normal(0, 0.4)))


def _hidden(
    crop: Grey, places: NDArray[np.floating], other: Grey, rng: np.random.Generator
) -> Grey:
    """Return the crop with two thirds of the face or more hidden."""
    for _ in range(25):
        changed, hidden = covered(crop, places, other, rng)
        if hidden >= _HIDDEN_ABSENT:
            return changed
        if rng.random() < 0.5:
            crop = changed if hidden < 0.3 else crop
    low, high = places.min(axis=0), places.max(axis=0)
    left, top = np.maximum(low - 3, 0).astype(int)
    right, bottom = np.maximum(high + 3, 1).astype(int)
    crop = crop.copy()
    part = crop[top:bottom, left:right]
    crop[top:bottom, left:right] = np.roll(other, 7)[: part.shape[0], : part.shape[1]]
    return crop


def _back_of_head(crop: Grey, places: NDArray[np.floating], rng: np.random.Generator) -> Grey:
    """Return the crop with the face painted over by what lies around it: hair, mostly."""
    side = crop.shape[0]
    hull = cv2.convexHull(np.rint(places).astype(np.int32))
    mask: NDArray[Any] = np.zeros_like(crop)
    cv2.fillConvexPoly(mask, hull, 255)
    grow = int(rng.integers(3, 9))
    mask = cv2.dilate(mask, np.ones((grow, grow), np.uint8))
    low = places.min(axis=0)
    # A strip above the brows, stretched over the face: hair where there is some.
    height = int(rng.integers(3, 12))
    bottom = int(np.clip(low[1] - rng.integers(0, 6), height, side - 1))
    strip = crop[bottom - height : bottom, :]
    if rng.random() < 0.3:
        column = int(rng.integers(0, side - 8))
        strip = crop[:, column : column + 8].T
    hair = cv2.resize(np.ascontiguousarray(strip), (side, side), interpolation=cv2.INTER_LINEAR)
    grain: NDArray[Any] = rng.standard_normal((side, side)) * rng.uniform(0, 12)
    grain = cv2.GaussianBlur(grain, (0, 0), sigmaX=0.6, sigmaY=float(rng.uniform(0.6, 3))) * 2
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), float(rng.uniform(0.6, 3)))
    mixed = crop * (1 - soft) + (hair.astype(np.float32) + grain) * soft
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _texture(side: int, rng: np.random.Generator) -> Grey:
    """Return noise, waves, blobs, edges or stripes, coarse or fine."""
    kind = rng.integers(5)
    steps = np.arange(side, dtype=np.float32) / side
    across, down = np.meshgrid(steps, steps)
    angle = rng.uniform(0, np.pi)
    along = across * np.cos(angle) + down * np.sin(angle)
    if kind == 0:
        values: NDArray[Any] = rng.standard_normal((side, side)).astype(np.float32)
        values = cv2.GaussianBlur(values, (0, 0), float(np.exp(rng.uniform(-1, 2.3))))
    elif kind == 1:
        values = np.sin(along * rng.uniform(3, 80) + rng.uniform(0, 6)).astype(np.float32)
    elif kind == 2:
        values = along.astype(np.float32) + 0.02 * rng.standard_normal((side, side)).astype(
            np.float32
        )
    else:
        values = np.full((side, side), rng.uniform(0, 1), np.float32)
        for _ in range(int(rng.integers(1, 14))):
            grey = float(rng.uniform(0, 1))
            a, b = rng.integers(-10, side + 10, (2, 2)).tolist()
            if kind == 3:
                cv2.rectangle(values, a, b, grey, -1)
            else:
                axes = [int(rng.integers(1, side // 2)) for _ in range(2)]
                cv2.ellipse(values, a, axes, float(rng.uniform(0, 180)), 0, 360, grey, -1)
    low, high = float(values.min()), float(values.max())
    values = (values - low) / max(high - low, 1e-6)
    start, reach = rng.uniform(0, 150), rng.uniform(10, 105)
    return np.asarray(np.clip(start + values * reach, 0, 255), np.uint8)
