"""The evidence of a decision in numbers: for the bus, the status, the journal and recordings."""

import math
from dataclasses import dataclass
from typing import Any

from edge_fer.driver_state.evidence import Evidence

PROFILE_YAW_DEG = 126.0  # stands for a profile, of which the angle is not measured


@dataclass(frozen=True, slots=True)
class Measured:
    """The newest values; None: not measured recently, or not at all.

    `yaw_deg` and `pitch_deg` are the head angles relative to the camera (`profile`: turned beyond
    the measured range). `lid_opening` is a share of the driver's own open eyes. `gaze_yaw_deg` and
    `gaze_pitch_deg` are the direction of head and eyes together relative to the road ahead, and
    `zone` is the part of the cabin there. `yawns` counts ten minutes. `eyes_unseen_s` and
    `head_unseen_s` are the times since eyes and head were last judged; None: never yet.
    """

    yaw_deg: float | None = None
    pitch_deg: float | None = None
    profile: bool = False
    lid_opening: float | None = None
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    zone: str | None = None
    blinks_per_minute: float | None = None
    yawns: int | None = None
    nods: int | None = None
    eyes_unseen_s: float | None = None
    head_unseen_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the values by field name, rounded to their precision."""
        return {
            "yaw_deg": _rounded(self.yaw_deg, 1),
            "pitch_deg": _rounded(self.pitch_deg, 1),
            "profile": self.profile,
            "lid_opening": _rounded(self.lid_opening, 2),
            "gaze_yaw_deg": _rounded(self.gaze_yaw_deg, 1),
            "gaze_pitch_deg": _rounded(self.gaze_pitch_deg, 1),
            "zone": self.zone,
            "blinks_per_minute": _rounded(self.blinks_per_minute, 1),
            "yawns": self.yawns,
            "nods": self.nods,
            "eyes_unseen_s": _rounded(self.eyes_unseen_s, 1),
            "head_unseen_s": _rounded(self.head_unseen_s, 1),
        }


NOTHING_MEASURED = Measured()


def measured(evidence: Evidence, *, fresh_s: float) -> Measured:
    """Return the values of `evidence`; those older than `fresh_s` are None."""
    head, eyelids, mouth = evidence.head, evidence.eyelids, evidence.mouth
    head_is_fresh = evidence.head_unseen_s <= fresh_s
    pose = head.pose if head_is_fresh else None
    look = head.look if head_is_fresh else None
    profile = head_is_fresh and head.pose is None
    return Measured(
        yaw_deg=None if pose is None else pose.yaw_deg,
        pitch_deg=None if pose is None else pose.pitch_deg,
        profile=profile,
        lid_opening=eyelids.share if evidence.eyes_unseen_s <= fresh_s else None,
        gaze_yaw_deg=None if look is None else look.yaw_deg,
        gaze_pitch_deg=None if look is None or profile else look.pitch_deg,
        zone=head.zone.value if head_is_fresh or head.gone else None,
        blinks_per_minute=eyelids.blinks_per_minute,
        yawns=None if mouth.seen_s is None else mouth.yawns,
        nods=None if head.seen_s is None else head.nods,
        eyes_unseen_s=_known(evidence.eyes_unseen_s),
        head_unseen_s=_known(evidence.head_unseen_s),
    )


def _known(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
