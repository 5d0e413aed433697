"""Whether the camera as a whole is usable, over time."""

from dataclasses import dataclass

from edge_fer.driver_state.latch import NO_RUN, RELEASED, Latch, Run
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import CameraCondition


@dataclass(frozen=True, slots=True)
class CameraEvidence:
    """`condition` is the newest, `is_bad` whether it is a fault.

    `fault` is the newest condition that was a fault (None: none yet), `started` whether the camera
    has ever left the condition *starting*, and `bad` the run of bad moments.
    """

    condition: CameraCondition = CameraCondition.STARTING
    is_bad: bool = False
    fault: CameraCondition | None = None
    started: bool = False
    bad: Run = NO_RUN
    degraded: Latch = RELEASED


def update_camera(
    before: CameraEvidence,
    condition: CameraCondition,
    *,
    time_s: float,
    running_s: float,
    elapsed_s: float,
    settings: PolicySettings,
) -> CameraEvidence:
    """Return the evidence after `condition` at `time_s`, `running_s` after the start."""
    starting = condition is CameraCondition.STARTING
    # A camera may take its time once; one that starts in the middle of a drive was lost.
    patient = starting and not before.started and running_s < settings.camera_start_s
    good = condition is CameraCondition.GOOD
    is_bad = not good and not patient
    # Between two bad moments that follow each other there was nothing good, only a slow camera.
    gap_s = settings.dropout_s if before.is_bad else settings.camera_flicker_s
    bad = before.bad.seen(time_s, gap_s=gap_s) if is_bad else before.bad
    degraded = before.degraded.step(
        enters=is_bad and bad.reaches(settings.camera_degraded_after_s),
        leaves=good,
        elapsed_s=elapsed_s,
        enter_s=0.0,
        leave_s=settings.camera_good_after_s,
    )
    return CameraEvidence(
        condition=condition,
        is_bad=is_bad,
        fault=condition if is_bad else before.fault,
        started=before.started or not starting,
        bad=bad,
        degraded=degraded,
    )
