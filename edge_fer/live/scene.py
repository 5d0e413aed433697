"""What one picture shows of the driver: everything that is drawn or written of it."""

from dataclasses import dataclass

from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.observation import CameraCondition, EyesReading, FaceBox, HeadPose, Point
from edge_fer.pipeline import Step


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture as the pipeline judged it.

    `time_s` counts from the first picture, `since_s` for how long the state has held. `points` are
    landmarks in pixels of the picture, empty where none were found. `probabilities` are the seven
    filtered ones in FER2013 order, `yawns` those of ten minutes. What is None was not seen.
    """

    time_s: float
    state: DriverState
    reason: Reason
    since_s: float
    camera: CameraCondition
    box: FaceBox | None = None
    points: tuple[Point, ...] = ()
    head: HeadPose | None = None
    profile: bool = False
    eyes: EyesReading | None = None
    mouth_opening: float | None = None
    probabilities: tuple[float, ...] | None = None
    drowsiness: float | None = None
    distraction: float | None = None
    question: str | None = None
    yawns: int | None = None


def scene_of(step: Step, started_s: float) -> Scene:
    """Return what `step` shows; `started_s` is the time of the first picture."""
    decision = step.decision
    seen = step.observation
    asked = decision.asking.request
    return Scene(
        time_s=decision.time_s - started_s,
        state=decision.state,
        reason=decision.reason,
        since_s=decision.time_s - decision.since_s,
        camera=step.camera,
        box=None if step.face is None else step.face.box,
        points=_points(step),
        head=None if seen is None else seen.head,
        profile=seen is not None and seen.profile,
        eyes=None if seen is None else seen.eyes,
        mouth_opening=None if seen is None else seen.mouth_opening,
        probabilities=decision.probabilities,
        drowsiness=decision.drowsiness,
        distraction=decision.distraction,
        question=None if asked is None else asked.kind.name.lower().replace("_", " ") + "?",
        yawns=decision.measured.yawns,
    )


def _points(step: Step) -> tuple[Point, ...]:
    if step.face is None:
        return ()
    if step.face.reading is not None:
        return step.face.reading.points
    five = step.face.box.landmarks
    if five is None:
        return ()
    return five.right_eye, five.left_eye, five.nose, five.right_mouth, five.left_mouth
