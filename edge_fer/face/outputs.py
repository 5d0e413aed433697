"""Positions in the output of the `face` network; `models.kind.FACE` defines their meaning."""

from edge_fer.face.landmarks import NAMES
from edge_fer.models.kind import FACE

POINTS = slice(0, 2 * len(NAMES))
YAW, PITCH, ROLL, MOUTH, PRESENCE, PROFILE = (
    FACE.labels.index(name)
    for name in ("yaw", "pitch", "roll", "mouth opening", "presence", "profile")
)
