"""What the numbers mean that the `face` network answers with.

One vector: x and y of each landmark in the order of `landmarks.NAMES`, then yaw, pitch, roll, mouth
opening, presence and profile. A stored byte over 32 is a value of -4..3.97, and a value times its
unit the answer: sides of the square, degrees, mouth widths, and log-odds.
"""

import numpy as np
from numpy.typing import NDArray

from edge_fer.face.landmarks import NAMES

STEPS_PER_UNIT = 32
LABELS = (
    *(f"{name} {axis}" for name in NAMES for axis in "xy"),
    "yaw",
    "pitch",
    "roll",
    "mouth opening",
    "presence",
    "profile",
)
# Each with some room: 0.6 sides from the middle, 96, 64 and 64 degrees, a gap as wide as the mouth.
UNITS: NDArray[np.float64] = np.array(
    [0.15] * (2 * len(NAMES)) + [24.0, 16.0, 16.0, 0.25, 2.0, 2.0], np.float64
)
POINTS = slice(0, 2 * len(NAMES))
YAW, PITCH, ROLL, MOUTH, PRESENCE, PROFILE = range(2 * len(NAMES), 2 * len(NAMES) + 6)
