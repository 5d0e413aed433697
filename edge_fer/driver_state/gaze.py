"""The direction of head and eyes together, and the part of the cabin in that direction."""

import math
from dataclasses import dataclass
from enum import Enum

from edge_fer.driver_state.settings import PolicySettings

# Beyond it the far eye is hidden and the near one foreshortened: the head alone counts.
MOST_YAW_DEG = 35.0
# The iris lies about 3 mm before the corners of the eye, over half of a lid gap of 15 mm: by so
# much a turned head moves it in the eye, without a turn of the eye.
IRIS_BEFORE_CORNERS = 0.2
# The lids hide the iris of an eye that looks up or down: its offset grows slower than the turn.
VERTICAL_SCALE = 0.6


class Zone(Enum):
    """A part of the driver's view; `ROAD` is everything that does not count as away."""

    ROAD = "road"
    MIRROR = "mirror or side"
    SHOULDER = "over the shoulder"
    UP = "up"
    CLUSTER = "instrument cluster"
    CENTRE = "centre or door"  # where nobody said on which side the driver sits
    CONSOLE = "centre console"
    DOOR = "door"
    LAP = "lap"


@dataclass(frozen=True, slots=True)
class Look:
    """A direction relative to the neutral one, in degrees, positive to the driver's left and up."""

    yaw_deg: float
    pitch_deg: float


def eye_turn(
    gaze: tuple[float, float], rest: tuple[float, float], yaw_deg: float, settings: PolicySettings
) -> Look:
    """Return the turn of the eyes in a head that is turned by `yaw_deg`.

    `gaze` and `rest` are offsets of the iris in half widths of the eye, now and at rest.
    """
    aside = gaze[0] - rest[0] - IRIS_BEFORE_CORNERS * math.tan(math.radians(yaw_deg))
    up = gaze[1] - rest[1]
    return Look(
        _degrees(aside / settings.gaze_full_scale),
        _degrees(up / (VERTICAL_SCALE * settings.gaze_full_scale)),
    )


def _degrees(sine: float) -> float:
    return math.degrees(math.asin(min(max(sine, -1.0), 1.0)))


def zone_of(look: Look, settings: PolicySettings, *, profile: bool) -> Zone:
    """Return the zone of a look that is away from the road."""
    if profile:
        return Zone.SHOULDER
    if look.pitch_deg < -settings.lap_below_deg:
        return Zone.LAP
    if look.pitch_deg < -settings.gaze_away_down_deg:
        aside = abs(look.yaw_deg) > settings.cluster_yaw_deg
        if not aside:
            return Zone.CLUSTER
        inwards = towards_middle(look.yaw_deg, settings)
        if inwards is None:
            return Zone.CENTRE
        return Zone.CONSOLE if inwards else Zone.DOOR
    aside = abs(look.yaw_deg) > settings.gaze_away_yaw_deg
    return Zone.MIRROR if aside else Zone.UP


def towards_middle(yaw_deg: float, settings: PolicySettings) -> bool | None:
    """Return whether a yaw points towards the vehicle's middle; None: not known."""
    if settings.driver_side not in ("left", "right"):
        return None
    # Positive is to the driver's left, where a driver on the right has the middle.
    return (yaw_deg > 0.0) == (settings.driver_side == "right")


def aside_limit_deg(limit_deg: float, yaw_deg: float, settings: PolicySettings) -> float:
    """Return how far aside a look to this side still counts as a look at the road."""
    inwards = towards_middle(yaw_deg, settings)
    return limit_deg + settings.windscreen_deg if inwards else limit_deg
