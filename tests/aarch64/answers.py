"""The shipped networks' raw answers to seeded pictures; with a second file, how far it is off.

usage: answers.py OUT.npy [OTHER.npy]
"""

import sys

import numpy as np

from edge_fer.models.kind import EMOTIONS, EYES, FACE
from edge_fer.models.runtime import open_model
from edge_fer.paths import SHIPPED_EYES, SHIPPED_FACE, SHIPPED_MODEL

PICTURES = 100
# Kernels of other processors requantize by other instructions; see
# tests/edge_fer/models/test_runtimes.py.
MOST_APART, LEAST_SAME_ANSWER = 8, 0.99


def answers() -> list[np.ndarray]:
    """Return int8[PICTURES, answers] of each network, for pictures smooth as faces are."""
    found = []
    for path, kind in (
        (SHIPPED_MODEL, EMOTIONS),
        (SHIPPED_FACE, FACE),
        (SHIPPED_EYES, EYES),
    ):
        model = open_model(path.read_bytes(), str(path), kind=kind)
        # Where it fails to start, the runtime's own kernels answer in its place, and say nothing.
        if model.delegate != "XNNPACK":
            sys.exit(f"{path}: {model.runtime} runs it without XNNPACK")
        random = np.random.default_rng(1)
        rows = []
        for _ in range(PICTURES):
            coarse = random.integers(0, 256, (8, 8))
            side = kind.side_px // 8
            rows.append(model.run(np.kron(coarse, np.ones((side, side))).astype(np.uint8)))
        found.append(np.array(rows))
    return found


def main(arguments: list[str]) -> int:
    """Write the answers, compare if asked, and return 1 where they are too far apart."""
    own = np.concatenate(answers(), axis=1)
    np.save(arguments[0], own)
    if len(arguments) < 2:
        return 0
    other = np.load(arguments[1])
    apart = np.abs(own.astype(int) - other.astype(int))
    emotions = slice(0, EMOTIONS.output.shape[1])
    same = (own[:, emotions].argmax(1) == other[:, emotions].argmax(1)).mean()
    counts = ", ".join(
        f"{count} by {unit}" for unit, count in enumerate(np.bincount(apart.ravel()))
    )
    print(f"{own.size} outputs, units apart: {counts}; the same answer in {same:.1%}")
    return int(apart.max() > MOST_APART or same < LEAST_SAME_ANSWER)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
