"""How this driver holds the head when looking at the road: learned, clamped, forgettable."""

import statistics
from dataclasses import dataclass

from edge_fer.driver_state.latch import ROUNDING_S
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import HeadPose

STRETCH_S = 1.0


@dataclass(frozen=True, slots=True)
class NeutralPose:
    """`learned_deg` is yaw and pitch once known, None before.

    `stretches` are the mean yaw and pitch of the seconds seen so far, and the sums are of the
    present one: degrees times seconds. `doubted`: the driver said that what the head showed was
    wrong, and nothing was learned since.
    """

    learned_deg: tuple[float, float] | None = None
    stretches: tuple[tuple[float, float], ...] = ()
    seen_s: float = 0.0
    yaw_sum: float = 0.0
    pitch_sum: float = 0.0
    doubted: bool = False

    def yaw_deg(self, settings: PolicySettings) -> float:
        """Return the learned yaw, or the one in the settings."""
        return settings.neutral_yaw_deg if self.learned_deg is None else self.learned_deg[0]

    def pitch_deg(self, settings: PolicySettings) -> float:
        """Return the learned pitch, or the one in the settings."""
        return settings.neutral_pitch_deg if self.learned_deg is None else self.learned_deg[1]


def learn_neutral(
    before: NeutralPose, pose: HeadPose, elapsed_s: float, settings: PolicySettings
) -> NeutralPose:
    """Return what is known after the head was in `pose` for `elapsed_s`; once learned it stays.

    The median, not the mean, so that looks into mirrors do not draw the road aside.
    """
    if before.learned_deg is not None:
        return before
    seen = NeutralPose(
        stretches=before.stretches,
        seen_s=before.seen_s + elapsed_s,
        yaw_sum=before.yaw_sum + pose.yaw_deg * elapsed_s,
        pitch_sum=before.pitch_sum + pose.pitch_deg * elapsed_s,
        doubted=before.doubted,
    )
    if seen.seen_s < STRETCH_S - ROUNDING_S:
        return seen
    mean = (seen.yaw_sum / seen.seen_s, seen.pitch_sum / seen.seen_s)
    stretches = (*seen.stretches, mean)
    if len(stretches) * STRETCH_S < settings.neutral_learn_s - ROUNDING_S:
        return NeutralPose(stretches=stretches, doubted=before.doubted)
    yaw_deg, pitch_deg = (statistics.median(values) for values in zip(*stretches, strict=True))
    return NeutralPose(
        learned_deg=(
            _near(yaw_deg, settings.neutral_yaw_deg, settings.neutral_max_yaw_deg),
            _near(pitch_deg, settings.neutral_pitch_deg, settings.neutral_max_pitch_deg),
        )
    )


def _near(value: float, centre: float, distance: float) -> float:
    return min(max(value, centre - distance), centre + distance)
