"""Whether somebody sits in the driver's seat, over time."""

from dataclasses import dataclass

from edge_fer.driver_state.latch import NO_RUN, ROUNDING_S, Run
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import CameraCondition, Observation


@dataclass(frozen=True, slots=True)
class PresenceEvidence:
    """`face` is the run of frames with a face.

    `absent_s` is for how long a good camera has seen no driver, and `absent` whether that is long
    enough to say so.
    """

    face: Run = NO_RUN
    absent_s: float = 0.0
    absent: bool = False


def update_presence(
    before: PresenceEvidence, seen: Observation, *, elapsed_s: float, settings: PolicySettings
) -> PresenceEvidence:
    """Return the evidence after the observation `seen`; a bad camera changes nothing."""
    if seen.camera is not CameraCondition.GOOD:
        return before
    face = before.face
    if seen.usable_face:
        face = face.seen(seen.time_s, gap_s=settings.dropout_s)
    confirmed = seen.usable_face and face.reaches(settings.face_confirmed_after_s)
    absent_s = 0.0 if confirmed else before.absent_s + elapsed_s
    if before.absent:
        absent = not (seen.usable_face and face.reaches(settings.driver_back_after_s))
    else:
        absent = absent_s >= settings.no_driver_after_s - ROUNDING_S
    return PresenceEvidence(face, absent_s, absent)
