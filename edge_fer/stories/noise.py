"""What a real cabin does to a story: seeded misjudgement, drop-outs, trembling and lost frames."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_fer.observation import EyeReading, EyesReading, HeadPose, Observation
from edge_fer.stories.scene import OPEN_LIDS, SHUT_LIDS


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of it: shares of time, mean lengths in seconds, angles in degrees.

    Errors come in runs, because neighbouring frames are alike: a share of independent frames would
    be filtered away too easily.
    """

    eyes_misjudged: float = 0.05  # the eye network's bound: 95 % of held-out people's patches
    eyes_misjudged_s: float = 0.1
    eyes_unseen: float = 0.1
    eyes_unseen_s: float = 0.3
    lids_sd: float = 0.03  # of height over width
    gaze_sd: float = 0.08  # in half widths of the eye
    face_missed: float = 0.03
    face_missed_s: float = 0.2
    head_sd_deg: float = 4.0
    head_time_constant_s: float = 0.5
    head_outliers: float = 0.01
    head_outlier_sd_deg: float = 20.0
    frames_lost: float = 0.05
    stall_every_s: float = 60.0
    stall_s: float = 0.4
    emotion_spread: float = 0.5  # standard deviation of the logarithm of each probability


class _Runs:
    """Something that is so for a share of the time, in runs of a mean length."""

    def __init__(self, share: float, mean_s: float, random: np.random.Generator) -> None:
        self._on_s = mean_s
        self._off_s = math.inf if share <= 0.0 else mean_s * (1.0 - share) / share
        self._random = random
        self._on = random.random() < share

    def after(self, elapsed_s: float) -> bool:
        mean_s = self._on_s if self._on else self._off_s
        if self._random.random() < -math.expm1(-elapsed_s / mean_s):
            self._on = not self._on
        return self._on


class _Tremble:
    """A value around zero that wanders: standard deviation and time constant are fixed."""

    def __init__(self, deviation: float, time_constant_s: float, random: np.random.Generator):
        self._deviation = deviation
        self._time_constant_s = time_constant_s
        self._random = random
        self._value = deviation * random.standard_normal()

    def after(self, elapsed_s: float) -> float:
        kept = math.exp(-elapsed_s / self._time_constant_s)
        new = self._deviation * math.sqrt(1.0 - kept * kept) * self._random.standard_normal()
        self._value = self._value * kept + new
        return self._value


def noisy(
    observations: Iterable[Observation], seed: int, noise: Noise | None = None
) -> Iterator[Observation]:
    """Yield the observations as a cabin would give them; the same seed gives the same."""
    level = noise or Noise()
    random = np.random.default_rng(seed)
    misjudged = _Runs(level.eyes_misjudged, level.eyes_misjudged_s, random)
    unseen = _Runs(level.eyes_unseen, level.eyes_unseen_s, random)
    missed = _Runs(level.face_missed, level.face_missed_s, random)
    yaw = _Tremble(level.head_sd_deg, level.head_time_constant_s, random)
    pitch = _Tremble(level.head_sd_deg, level.head_time_constant_s, random)
    before_s: float | None = None
    stall_s = random.uniform(0.0, level.stall_every_s)  # until the next stall begins
    for observation in observations:
        elapsed_s = 0.0 if before_s is None else observation.time_s - before_s
        before_s = observation.time_s
        wrong, hidden = misjudged.after(elapsed_s), unseen.after(elapsed_s)
        gone = missed.after(elapsed_s)
        turn_deg, nod_deg = yaw.after(elapsed_s), pitch.after(elapsed_s)
        stall_s -= elapsed_s
        if stall_s < -level.stall_s:
            stall_s = random.exponential(level.stall_every_s)
        if stall_s < 0.0 or random.random() < level.frames_lost:
            continue
        if gone:
            yield replace(
                observation,
                face=None,
                probabilities=None,
                eyes=None,
                head=None,
                mouth_opening=None,
                profile=False,
            )
            continue
        head = observation.head
        if head is not None:
            if random.random() < level.head_outliers:
                turn_deg += level.head_outlier_sd_deg * random.standard_normal()
                nod_deg += level.head_outlier_sd_deg * random.standard_normal()
            head = HeadPose(head.yaw_deg + turn_deg, head.pitch_deg + nod_deg, head.roll_deg)
        eyes = None if hidden else observation.eyes
        if eyes is not None:
            eyes = _misread(eyes, level, random, wrong=wrong)
        yield replace(
            observation,
            probabilities=_spread(observation.probabilities, level.emotion_spread, random),
            eyes=eyes,
            head=head,
        )


def _misread(
    eyes: EyesReading, level: Noise, random: np.random.Generator, *, wrong: bool
) -> EyesReading:
    """Return what the eye network would make of `eyes`: trembling, and at times the opposite."""
    lids, x, y = (
        deviation * random.standard_normal()
        for deviation in (level.lids_sd, level.gaze_sd, level.gaze_sd)
    )

    def eye(seen: EyeReading | None) -> EyeReading | None:
        if seen is None or seen.gaze_x is None or seen.gaze_y is None:
            return seen
        opening = OPEN_LIDS + SHUT_LIDS - seen.lid_opening if wrong else seen.lid_opening
        return replace(
            seen,
            lid_opening=max(opening + lids, 0.0),
            closed=1.0 - seen.closed if wrong else seen.closed,
            gaze_x=seen.gaze_x + x,
            gaze_y=seen.gaze_y + y,
        )

    return EyesReading(eye(eyes.right), eye(eyes.left))


def _spread(
    probabilities: NDArray[np.float32] | None, spread: float, random: np.random.Generator
) -> NDArray[np.float32] | None:
    if probabilities is None or spread <= 0.0:
        return probabilities
    values = probabilities * np.exp(spread * random.standard_normal(probabilities.shape))
    return np.asarray(values / values.sum(), dtype=np.float32)
