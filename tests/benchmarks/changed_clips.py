"""Writes clips anew as another camera would have taken them, so that their annotations still hold.

`python -m tests.benchmarks.changed_clips CLIPS OUT --change mirrored|half-rate|dark`, then
`edge-fer benchmark states OUT --annotations FILE`: the figures of docs/what-it-cannot-see.md.
"""

import argparse
import enum
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_LIGHT, _NOISE = 0.2, 3.0  # share of the light, and standard deviation in grey values


class Change(enum.Enum):
    """How the other camera differs."""

    MIRRORED = "mirrored"
    HALF_RATE = "half-rate"
    DARK = "dark"  # a fifth of the light, and noise


def changed_picture(picture: NDArray[np.uint8], change: Change, number: int) -> NDArray[np.uint8]:
    """Return the picture (uint8[h,w,3]) with its number, as that camera takes it."""
    if change is Change.MIRRORED:
        return np.ascontiguousarray(picture[:, ::-1])
    if change is Change.DARK:
        noise = np.random.default_rng(number).normal(0.0, _NOISE, picture.shape)
        return np.clip(picture * _LIGHT + noise, 0, 255).astype(np.uint8)
    return picture


def write_changed(source: Path, target: Path, change: Change) -> int:
    """Write one clip; return how many pictures it has now."""
    clip = cv2.VideoCapture(str(source))
    step = 2 if change is Change.HALF_RATE else 1
    rate = clip.get(cv2.CAP_PROP_FPS) / step
    target.parent.mkdir(parents=True, exist_ok=True)
    writer: cv2.VideoWriter | None = None
    number = written = 0
    while True:
        there, picture = clip.read()
        if not there:
            break
        if number % step == 0:
            changed = changed_picture(np.asarray(picture, np.uint8), change, number)
            if writer is None:
                code = cv2.VideoWriter.fourcc(*"mp4v")
                size = changed.shape[1], changed.shape[0]
                writer = cv2.VideoWriter(str(target), code, rate, size)
            writer.write(changed)
            written += 1
        number += 1
    clip.release()
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
