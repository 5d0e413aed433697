"""What a tracked frame costs in this source tree and in an older one, in turns in one run.

`python -m tests.benchmarks.tracked_frame BEFORE`, where BEFORE is a checkout of 5987d12, the commit
before the face and eyes networks, measures the ratio of docs/performance.md. Each tree runs in a
process of its own, ten frames at a time while the other waits.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_fer.camera.scene import Scene

_HERE = Path(__file__).resolve()
_ROOT = _HERE.parents[2]
_WORKER = _HERE.with_name("tracked_worker.py")
_AT_ONCE = 10
_SETTLING = 60  # frames of each tree before the first that counts
_SCENE_FRAMES = 150  # five seconds of the demo's driver


@dataclass(frozen=True, slots=True)
class Tracked:
    """The tracked frames of one tree, ms of the processor."""

    frames: int
    fastest_tenth_ms: float
    median_ms: float

    @classmethod
    def of(cls, taken_ms: Sequence[float]) -> "Tracked":
        """Return the figures of these times, which are at least one."""
        fastest, median = np.percentile(taken_ms, (10, 50))
        return cls(len(taken_ms), float(fastest), float(median))


class _Worker:
    def __init__(self, tree: Path, frames_file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, _WORKER, tree, frames_file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, first: int, count: int) -> list[float]:
        """Return what the tracked ones of these frames took, in ms."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{first} {count}\n")
        self._process.stdin.flush()
        return [taken for taken in json.loads(self._process.stdout.readline()) if taken is not None]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10.0)


def measure(trees: Sequence[Path], frames: int) -> list[Tracked]:
    """Return the figures of each tree on `frames` frames, 640x480, of the demo's scene."""
    scene = Scene()
    with tempfile.TemporaryDirectory() as folder:
        frames_file = Path(folder) / "frames.npy"
        np.save(frames_file, np.stack([scene.render(n / 30) for n in range(_SCENE_FRAMES)]))
        workers = [_Worker(tree, frames_file) for tree in trees]
        taken_ms: list[list[float]] = [[] for _ in workers]
        try:
            for first in range(0, _SETTLING + frames, _AT_ONCE):
                for worker, times in zip(workers, taken_ms, strict=True):
                    taken = worker.run(first, _AT_ONCE)
                    if first >= _SETTLING:
                        times.extend(taken)
        finally:
            for worker in workers:
                worker.close()
    return [Tracked.of(times) for times in taken_ms]


def main() -> None:
    """Print the figures of both trees and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="checkout of the older commit")
    parser.add_argument("--now", type=Path, default=_ROOT, help="the newer tree; default: this one")
    parser.add_argument("--frames", type=int, default=900, help="frames of each; default: 900")
    given = parser.parse_args()
    before, now = measure([given.before.resolve(), given.now.resolve()], given.frames)
    for name, one in (("before", before), ("now", now)):
        print(
            f"{name:7} {one.frames} tracked frames: fastest tenth {one.fastest_tenth_ms:.3f} ms, "
            f"median {one.median_ms:.3f} ms"
        )
    print(
        f"ratio   fastest tenth {now.fastest_tenth_ms / before.fastest_tenth_ms:.2f}, "
        f"median {now.median_ms / before.median_ms:.2f}"
    )


if __name__ == "__main__":
    main()
