"""Writes clips anew as another camera would have taken them, so that their annotations still hold.

`python -m tests.benchmarks.changed_clips CLIPS OUT --change mirrored`, then `edge-fer benchmark
states OUT --annotations FILE`: the figures of docs/what-it-cannot-see.md. `--help` lists the
changes. Behind sunglasses and hands eyes cannot be seen: there only false alarms count.
"""

import argparse
import enum
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.observation import Landmarks

Picture = NDArray[np.uint8]
"""uint8[h,w,3]."""
Spot = NDArray[np.float64]
Colour = tuple[int, int, int]

_LIGHT, _NOISE = 0.2, 3.0  # share of the light, and standard deviation in grey values
_TILT_DEG = 10.0
_CROP = 0.85  # of width and height, in the middle
_JPEG_QUALITY = 12
_BLUR_SHARE = 0.004  # of the picture's diagonal, standard deviation
_COVER_EVERY_S, _COVERED_S = 6.0, 2.0
_SKIN, _BLACK, _WHITE = (120, 150, 200), (22, 20, 20), (215, 220, 225)  # blue, green, red
FRAME_RATES = {"ten-a-second": 10.0, "fifteen-a-second": 15.0, "sixty-a-second": 60.0}


class Change(enum.Enum):
    """How the other camera, or what is before it, differs."""

    MIRRORED = "mirrored"
    HALF_RATE = "half-rate"
    TEN_A_SECOND = "ten-a-second"
    FIFTEEN_A_SECOND = "fifteen-a-second"
    SIXTY_A_SECOND = "sixty-a-second"  # pictures between two are both of them, by halves
    DARK = "dark"  # a fifth of the light, and noise
    BRIGHT = "bright"  # most of the picture's upper half saturates
    FLAT = "flat"  # a third of the contrast, as through a dirty lens
    TILTED = "tilted"  # the camera is mounted 10 degrees askew
    HALF_SIZE = "half-size"
    DOUBLE_SIZE = "double-size"
    CROPPED = "cropped"
    COMPRESSED = "compressed"
    BLURRED = "blurred"
    SUNGLASSES = "sunglasses"
    CUP = "cup"  # before mouth and chin
    PHONE = "phone"  # at the driver's left ear, over a part of the cheek
    COVERED = "covered"  # a hand before the face for 2 of each 6 s
    WHITE_WALL = "white-wall"  # all but head and shoulders is saturated


OVERLAYS = frozenset(
    {Change.SUNGLASSES, Change.CUP, Change.PHONE, Change.COVERED, Change.WHITE_WALL}
)


def _mirrored(picture: Picture, _: int) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def _dark(picture: Picture, number: int) -> Picture:
    noise = np.random.default_rng(number).normal(0.0, _NOISE, picture.shape)
    return np.asarray(np.clip(picture * _LIGHT + noise, 0, 255), np.uint8)


def _bright(picture: Picture, _: int) -> Picture:
    return np.asarray(np.clip(picture * 1.6 + 20.0, 0, 255), np.uint8)


def _flat(picture: Picture, _: int) -> Picture:
    return np.asarray(90.0 + picture / 3.0, np.uint8)


def _tilted(picture: Picture, _: int) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), _TILT_DEG, 1.0)
    turned = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _sized(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    # Codecs want even sides.
    size = round(width * factor / 2) * 2, round(height * factor / 2) * 2
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _cropped(picture: Picture, _: int) -> Picture:
    height, width = picture.shape[:2]
    rows, columns = int(height * _CROP) // 2 * 2, int(width * _CROP) // 2 * 2
    top, left = (height - rows) // 2, (width - columns) // 2
    return np.ascontiguousarray(picture[top : top + rows, left : left + columns])


def _compressed(picture: Picture, _: int) -> Picture:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _blurred(picture: Picture, _: int) -> Picture:
    deviation = _BLUR_SHARE * float(np.hypot(*picture.shape[:2]))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.uint8)


_TAKEN: dict[Change, Callable[[Picture, int], Picture]] = {
    Change.MIRRORED: _mirrored,
    Change.DARK: _dark,
    Change.BRIGHT: _bright,
    Change.FLAT: _flat,
    Change.TILTED: _tilted,
    Change.HALF_SIZE: lambda picture, _: _sized(picture, 0.5),
    Change.DOUBLE_SIZE: lambda picture, _: _sized(picture, 2.0),
    Change.CROPPED: _cropped,
    Change.COMPRESSED: _compressed,
    Change.BLURRED: _blurred,
}


def changed_picture(picture: Picture, change: Change, number: int) -> Picture:
    """Return the picture with its number, as that camera takes it, without anything before it."""
    taken = _TAKEN.get(change)
    return picture if taken is None else taken(picture, number)


def with_overlay(picture: Picture, points: Landmarks, change: Change, time_s: float) -> Picture:
    """Return the picture with something before the face of which `points` are the landmarks."""
    drawn = picture.copy()
    right, left = np.array(points.right_eye), np.array(points.left_eye)
    mouth = (np.array(points.right_mouth) + np.array(points.left_mouth)) / 2
    eyes = (right + left) / 2
    across, down = left - right, mouth - eyes
    # Of a turned head the eyes are near each other, of a bowed one eyes and mouth.
    unit = max(float(np.hypot(*across)), 0.9 * float(np.hypot(*down)), 4.0)
    angle = float(np.degrees(np.arctan2(across[1], across[0])))

    def oval(
        centre: NDArray[np.float64], wide: float, high: float, colour: tuple[int, ...]
    ) -> None:
        box = ((float(centre[0]), float(centre[1])), (wide * unit, high * unit), angle)
        cv2.ellipse(drawn, box, colour, -1, cv2.LINE_AA)

    def board(
        centre: NDArray[np.float64], wide: float, high: float, colour: tuple[int, ...]
    ) -> None:
        box = ((float(centre[0]), float(centre[1])), (wide * unit, high * unit), angle)
        cv2.fillPoly(drawn, [cv2.boxPoints(box).astype(np.int32)], colour, cv2.LINE_AA)

    if change is Change.SUNGLASSES:
        oval(right, 0.95, 0.7, _BLACK)
        oval(left, 0.95, 0.7, _BLACK)
        thick = max(int(0.08 * unit), 1)
        ends = [tuple(int(value) for value in end) for end in (right, left)]
        cv2.line(drawn, ends[0], ends[1], _BLACK, thick, cv2.LINE_AA)
    elif change is Change.CUP:
        board(mouth + 0.15 * down, 0.8, 1.1, _WHITE)
    elif change is Change.PHONE:
        board(left + 0.45 * across + 0.5 * down, 0.45, 1.7, _BLACK)
        oval(left + 0.6 * across + 0.9 * down, 0.8, 1.0, _SKIN)
    elif change is Change.WHITE_WALL:
        person = np.zeros(picture.shape[:2], np.uint8)
        # Wide enough for the back of a turned head.
        head = ((float(eyes[0]), float(eyes[1])), (3.9 * unit, 4.2 * unit), angle)
        cv2.ellipse(person, head, 255, -1, cv2.LINE_AA)
        shoulders = mouth + 3.2 * down
        body = ((float(shoulders[0]), float(shoulders[1])), (5.5 * unit, 4.5 * unit), angle)
        cv2.ellipse(person, body, 255, -1, cv2.LINE_AA)
        share = (person / np.float32(255))[..., np.newaxis]
        drawn = np.asarray(np.rint(share * picture + (1 - share) * 255), np.uint8)
    elif time_s % _COVER_EVERY_S >= _COVER_EVERY_S - _COVERED_S:
        oval(eyes + 0.4 * down, 2.6, 3.2, _SKIN)
    return drawn


def changed_frames(source: Path, change: Change) -> Iterator[tuple[Picture, float]]:
    """Yield each picture that the other camera takes of a clip, and its time in seconds."""
    clip = cv2.VideoCapture(str(source))
    rate = clip.get(cv2.CAP_PROP_FPS) or 30.0
    tracker = open_tracker(FaceConfig()) if change in OVERLAYS else None
    wanted = new_rate(rate, change)
    number = written = 0
    before: Picture | None = None
    try:
        while True:
            there, read = clip.read()
            if not there:
                return
            picture = np.asarray(read, np.uint8)
            time_s = number / rate
            if tracker is not None:
                grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
                face = tracker.update(grey, time_s)
                points = None if face is None else face.box.landmarks
                if points is not None:
                    picture = with_overlay(picture, points, change, time_s)
            if change is Change.HALF_RATE:
                if number % 2 == 0:
                    yield picture, time_s
            elif wanted == rate:
                yield changed_picture(picture, change, number), time_s
            else:
                # All times of the new rate up to this picture's.
                while written / wanted <= time_s + 1e-9:
                    between = before is not None and time_s - written / wanted > 0.25 / rate
                    if between and wanted > rate:
                        assert before is not None
                        yield (
                            np.asarray(cv2.addWeighted(before, 0.5, picture, 0.5, 0.0)),
                            (written / wanted),
                        )
                    else:
                        yield picture, written / wanted
                    written += 1
            number, before = number + 1, picture
    finally:
        clip.release()


def new_rate(rate: float, change: Change) -> float:
    """Return how many pictures a second the other camera takes, where this one took `rate`."""
    if change is Change.HALF_RATE:
        return rate / 2
    return FRAME_RATES.get(change.value, rate)


def write_changed(source: Path, target: Path, change: Change) -> int:
    """Write one clip; return how many pictures it has now."""
    clip = cv2.VideoCapture(str(source))
    rate = new_rate(clip.get(cv2.CAP_PROP_FPS), change)
    clip.release()
    target.parent.mkdir(parents=True, exist_ok=True)
    writer: cv2.VideoWriter | None = None
    written = 0
    for picture, _ in changed_frames(source, change):
        if writer is None:
            code = cv2.VideoWriter.fourcc(*"mp4v")
            writer = cv2.VideoWriter(str(target), code, rate, (picture.shape[1], picture.shape[0]))
        writer.write(picture)
        written += 1
    if writer is not None:
        writer.release()
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all MP4 files of a folder and the folders in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--change", choices=[change.value for change in Change], required=True)
    given = parser.parse_args(arguments)
    for source in sorted(given.clips.rglob("*.mp4")):
        target = given.out / source.relative_to(given.clips)
        print(f"{target}: {write_changed(source, target, Change(given.change))} pictures")


if __name__ == "__main__":
    main()
