"""Combines the readings of both eyes into one sample of lids and gaze."""

import math
import operator
from dataclasses import dataclass

from edge_fer.driver_state.sense_settings import SenseSettings
from edge_fer.observation import EyeReading, EyesReading, Observation

# The far eye of a turned head is foreshortened: its height over its width says little.
NARROWER = 0.6
# How far the probabilities of two eyes may be apart; else one of them is hidden, or winks.
AGREE = 0.5


@dataclass(frozen=True, slots=True)
class EyeSample:
    """The combined reading of both eyes; unknown values are None.

    `opening` is height over width of the lids' contour, `closed` the probability (0..1) that they
    are shut, `gaze` the offset of the iris (x to the driver's left, y upwards) in half widths of
    the eye.
    """

    opening: float | None = None
    closed: float | None = None
    gaze: tuple[float, float] | None = None

    @property
    def is_judged(self) -> bool:
        """Whether the lids could be judged."""
        return self.closed is not None


UNSEEN = EyeSample()


def eye_sample(observation: Observation, settings: SenseSettings) -> EyeSample:
    """Return the sample of `observation`; numbers out of their ranges count as unknown."""
    if not observation.usable_face:
        return UNSEEN
    if observation.eyes is None:
        return EyeSample(closed=observation.usable_eyes())
    eyes = _usable(observation.eyes, settings)
    if not eyes:
        return UNSEEN
    weights = [eye.visible * eye.width_px for eye in eyes]
    whole = sum(weights)

    def mean(values: list[float]) -> float:
        total: float = sum(map(operator.mul, weights, values))
        return total / whole

    probabilities = [eye.closed for eye in eyes]
    agree = max(probabilities) - min(probabilities) <= AGREE
    return EyeSample(
        opening=mean([eye.lid_opening for eye in eyes]),
        closed=mean(probabilities) if agree else None,
        gaze=_gaze(eyes, settings),
    )


def _usable(eyes: EyesReading, settings: SenseSettings) -> list[EyeReading]:
    seen = [eye for eye in (eyes.right, eyes.left) if eye is not None and _in_range(eye)]
    seen = [eye for eye in seen if eye.visible >= settings.eye_visible_from]
    widest = max((eye.width_px for eye in seen), default=0.0)
    return [eye for eye in seen if eye.width_px >= NARROWER * widest]


def _in_range(eye: EyeReading) -> bool:
    # Each a comparison that a NaN fails.
    return (
        0.0 <= eye.lid_opening <= 2.0
        and 0.0 <= eye.closed <= 1.0
        and 0.0 <= eye.visible <= 1.0
        and 0.0 < eye.width_px < math.inf
    )


def _gaze(eyes: list[EyeReading], settings: SenseSettings) -> tuple[float, float] | None:
    found = [
        (eye.gaze_x, eye.gaze_y)
        for eye in eyes
        if eye.gaze_x is not None
        and eye.gaze_y is not None
        and -1.5 <= eye.gaze_x <= 1.5
        and -1.5 <= eye.gaze_y <= 1.5
        and eye.width_px >= settings.gaze_min_px
    ]
    if not found:
        return None
    return sum(x for x, _ in found) / len(found), sum(y for _, y in found) / len(found)
