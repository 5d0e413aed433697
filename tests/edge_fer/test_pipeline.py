"""What the pipeline hands on of a frame: head pose where the detector has landmarks."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.scene import Scene
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState
from edge_fer.face.seat import SeatRegion
from edge_fer.face.tracking import FaceTracker
from edge_fer.observation import CameraCondition, FaceBox, Landmarks, Observation
from edge_fer.pipeline import Pipeline

TURNED = Landmarks((200.0, 200.0), (262.0, 200.0), (255.0, 235.0), (212.0, 267.0), (262.0, 267.0))


class OneFace:
    """A detector that sees the same face in each frame."""

    def __init__(self, landmarks: Landmarks | None) -> None:
        self.face = FaceBox(180.0, 160.0, 130.0, 130.0, 0.9, landmarks)

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceBox]:
        return [self.face]

    def detect_near(self, grey: NDArray[np.uint8], known: FaceBox) -> FaceBox | None:
        return self.face


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> list[Observation]:
    """What reaches the policy."""
    seen: list[Observation] = []
    observe = StateMonitor.observe

    def noted(self: StateMonitor, observation: Observation) -> object:
        seen.append(observation)
        return observe(self, observation)

    monkeypatch.setattr(StateMonitor, "observe", noted)
    return seen


def run(landmarks: Landmarks | None, count: int = 3) -> None:
    tracker = FaceTracker(OneFace(landmarks), each_frame=landmarks is not None)
    pipeline = Pipeline(None, tracker, ConditionMonitor(), StateMonitor(PolicySettings(), 0.0))
    render: Callable[[float], NDArray[np.uint8]] = Scene().render
    for number in range(count):
        pipeline.frame(Frame(render(number / 30), number / 30, number))


def test_landmarks_become_the_head_s_pose_in_each_frame(observed: list[Observation]) -> None:
    run(TURNED)
    poses = [observation.usable_head() for observation in observed]
    assert len(poses) == 3
    assert all(pose is not None and pose.yaw_deg > 20 for pose in poses)


def test_without_landmarks_there_is_no_pose(observed: list[Observation]) -> None:
    run(None)
    assert [observation.head for observation in observed] == [None] * 3
    assert observed[0].usable_face


def test_a_state_that_is_held_without_frames_is_as_old_as_its_frame() -> None:
    settings = PolicySettings(emotion_states=False)
    monitor = StateMonitor(settings, 0.0)
    pipeline = Pipeline(None, FaceTracker(OneFace(None)), ConditionMonitor(), monitor)
    assert pipeline.silence(0.0, CameraCondition.STARTING).held_s is None
    render = Scene().render
    for number in range(90):
        last_s = number / 30
        pipeline.frame(Frame(render(last_s), last_s, number))
    held = pipeline.silence(last_s + 0.1, CameraCondition.LOST)
    assert (held.decision.state, held.held_s) == (DriverState.UNSEEN, last_s)
    for tick in range(2, 12):
        lost = pipeline.silence(last_s + tick / 10, CameraCondition.LOST)
    assert (lost.decision.state, lost.held_s) == (DriverState.CAMERA_DEGRADED, None)


def test_with_another_seat_the_face_in_it_is_the_drivers(observed: list[Observation]) -> None:
    tracker = FaceTracker(OneFace(TURNED), each_frame=True)
    monitor = StateMonitor(PolicySettings(), 0.0)
    pipeline = Pipeline(None, tracker, ConditionMonitor(), monitor)
    scene = Scene()
    for number in range(4):
        if number == 2:
            # The face lies in the left half of 640 pixels.
            pipeline.change(None, PolicySettings(driver_side="left"), SeatRegion(0.5, 0, 1, 1))
        pipeline.frame(Frame(scene.render(number / 30), number / 30, number))
    assert [seen.face is not None for seen in observed] == [True, True, False, False]
