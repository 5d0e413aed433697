"""Where in the `face` network's answer each part lies; `models.kind.FACE` says what it means."""

from edge_fer.face.landmarks import NAMES
from edge_fer.models.kind import FACE

POINTS = slice(0, 2 * len(NAMES))
YAW, PITCH, ROLL, MOUTH, PRESENCE, PROFILE = (
    FACE.labels.index(name)
    for name in ("yaw", "pitch", "roll", "mouth opening", "presence", "profile")
)
