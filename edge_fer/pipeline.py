"""From one camera frame to one decision about the driver; no I/O and no clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_fer.camera.base import Frame
from edge_fer.camera.cells import averaged
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.cut import SceneCuts
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import BLIND, Decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.face.crop import crop_face
from edge_fer.face.eyes import EyeReader, eye_corners, eyes_closed
from edge_fer.face.head_pose import head_pose
from edge_fer.face.seat import SeatRegion
from edge_fer.face.seat_look import SeatLook
from edge_fer.face.tracking import TrackedFace, Tracker
from edge_fer.models.classifier import Classifier
from edge_fer.observation import UNKNOWN_VEHICLE, CameraCondition, Observation, Vehicle


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame, or its absence, led to. Times are monotonic seconds."""

    decision: Decision
    camera: CameraCondition
    face: TrackedFace | None
    captured_s: float | None  # None: no frame came
    sequence: int | None
    classified: bool = False  # the face went through the emotion network
    held_s: float | None = None  # with no frame: of the one that the decision still rests on
    observation: Observation | None = None  # what the policy got


def _no_lap(stage: str) -> None:
    """Take no notice of a stage."""


class Pipeline:
    """Camera condition, face, emotion, head and eyes, driver state, in that order.

    Without a classifier no emotion is inferred at all: the one switch, `emotion_states`, is off.
    Head and eyes need a tracker that gives landmarks, and the eyes an `eyes` that reads them.
    """

    def __init__(
        self,
        classifier: Classifier | None,
        tracker: Tracker,
        conditions: ConditionMonitor,
        driver: StateMonitor,
        eyes: EyeReader | None = None,
    ) -> None:
        self._classifier = classifier
        self._tracker = tracker
        self._conditions = conditions
        self._driver = driver
        self._eyes = eyes
        self._seat = SeatLook()
        self._cuts = SceneCuts()
        self._captured_s: float | None = None

    def change(
        self, classifier: Classifier | None, policy: PolicySettings, seat: SeatRegion
    ) -> None:
        """Go on with another policy, without a classifier where emotions are switched off.

        `seat` is where the driver then sits.
        """
        self._classifier = classifier
        if self._tracker.look_in(seat):
            self._seat = SeatLook()
        self._driver.change_settings(policy)

    def restart(self, now_s: float) -> None:
        """Reset after the camera was off: nothing is compared with earlier frames."""
        self._tracker.forget()
        self._conditions = ConditionMonitor()
        self._seat = SeatLook()
        self._cuts.forget()
        self._driver.restart(now_s)
        self._captured_s = None

    def frame(
        self,
        frame: Frame,
        vehicle: Vehicle = UNKNOWN_VEHICLE,
        lap: Callable[[str], object] = _no_lap,
    ) -> Step:
        """Decide from `frame` and the vehicle's state.

        `lap` is called with the name of each stage as it ends, for a benchmark.
        """
        cells = averaged(frame.grey)
        camera = self._conditions.update(frame.grey, frame.captured_s, cells)
        lap("camera condition")
        face, probabilities, seat_empty, cut = None, None, None, False
        if camera in (CameraCondition.GOOD, CameraCondition.OVEREXPOSED):
            cut = self._cuts.update(frame.grey, frame.captured_s, cells)
            if cut:
                self._tracker.forget()
                self._seat = SeatLook()
            lap("scene cut")
            face = self._tracker.update(frame.grey, frame.captured_s)
            lap("face network")
            if camera is CameraCondition.OVEREXPOSED:
                box = None if face is None else face.box
                camera = self._conditions.around_face(frame.grey, box, frame.captured_s)
        if camera is not CameraCondition.GOOD:
            # A face found in an unusable frame would be a guess: unknown is the honest answer.
            self._cuts.forget()
            face, cut = None, False
        else:
            if face is None:
                seat_empty = self._seat.empty(frame.grey)
            else:
                self._seat.taken(frame.grey, face.box, frame.captured_s)
            lap("seat")
            if face is not None and self._classifier is not None:
                crop = crop_face(frame.grey, face.box, self._classifier.side_px)
                lap("crop")
                probabilities = self._classifier.classify(crop)
                lap("emotion network")
        head, eyes = None, None
        if face is not None and face.box.landmarks is not None:
            head = (
                head_pose(face.box.landmarks, frame.grey.shape)
                if face.reading is None
                else face.reading.head
            )
            if self._eyes is not None:
                points = face.box.landmarks if face.reading is None else eye_corners(face.reading)
                eyes = self._eyes.read(frame.grey, points, head)
                lap("eye network")
        reading = None if face is None else face.reading
        observation = Observation(
            frame.captured_s,
            camera,
            None if face is None else face.box,
            probabilities,
            eyes_closed=None if eyes is None else eyes_closed(eyes),
            head=head,
            eyes=eyes,
            mouth_opening=None if reading is None else reading.mouth_opening,
            profile=reading is not None and reading.profile,
            seat_empty=seat_empty,
            cut=cut,
            vehicle=vehicle,
        )
        decision = self._driver.observe(observation)
        lap("policy")
        self._captured_s = frame.captured_s
        classified = probabilities is not None
        return Step(
            decision,
            camera,
            face,
            frame.captured_s,
            frame.sequence,
            classified,
            observation=observation,
        )

    def silence(
        self, now_s: float, camera: CameraCondition, vehicle: Vehicle = UNKNOWN_VEHICLE
    ) -> Step:
        """Decide from the fact that no frame came; `camera` says why (LOST or STARTING)."""
        observation = Observation(now_s, camera, None, None, vehicle=vehicle)
        decision = self._driver.observe(observation)
        # Until the camera counts as degraded the last state holds, and is as old as its frame.
        held_s = None if decision.state in BLIND else self._captured_s
        return Step(decision, camera, None, None, None, held_s=held_s, observation=observation)
