"""The public `DriverMonitor`: pictures in, driver states out, with all stages put together."""

import time
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.config.config import Config
from edge_fer.daemon.opening import open_networks
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.emotions import Emotion
from edge_fer.observation import UNKNOWN_VEHICLE, CameraCondition, FaceBox, Vehicle
from edge_fer.picture import grey_picture
from edge_fer.pipeline import Pipeline, Step


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the driver after one picture.

    `time_s` is that of the picture. `state` holds since some moment before and was entered for
    `reason`. `face` is in pixels of the picture, None where none was found. `camera` is what the
    picture says of the camera. `decision` has the rest: probabilities, drowsiness, the request.
    """

    time_s: float
    state: DriverState
    reason: Reason
    face: FaceBox | None
    camera: CameraCondition
    decision: Decision

    @property
    def emotion(self) -> Emotion | None:
        """The most probable emotion of the last seconds; None while nothing fresh is known."""
        return self.decision.emotion

    @property
    def confidence(self) -> float | None:
        """The calibrated probability (0..1) of `emotion`."""
        return self.decision.confidence


class DriverMonitor:
    """Turns pictures of one driver into driver states.

        monitor = DriverMonitor()
        for number, picture in enumerate(pictures):
            print(monitor.observe(picture, number / 30).state.label)

    It opens the networks and thresholds of `config`: by default the emotion, face and eyes networks
    of this package, which need no other file. A UserError on construction names what does not open.
    Not for use by several threads at once.
    """

    def __init__(self, config: Config | None = None) -> None:
        config = config or Config()
        self._networks = open_networks(
            config.model,
            config.face,
            stand_in=False,
            driver_side=config.driver_state.driver_side,
        )
        self._settings = config.driver_state
        self._pipeline: Pipeline | None = None  # its time begins with the first picture
        self._sequence = 0

    def observe(
        self,
        picture: NDArray[Any] | Frame,
        time_s: float | None = None,
        vehicle: Vehicle = UNKNOWN_VEHICLE,
    ) -> Reading:
        """Return what is known after `picture`: uint8[h,w] grey, uint8[h,w,3] BGR, or a `Frame`.

        `time_s` is when it was taken, in seconds of a clock that never runs backwards: the time in
        a recording, or `time.monotonic()`, which is the default. Pictures come in the order of
        their times, ten a second or more. `vehicle` is the vehicle's state at this moment: at a
        known speed looking away is judged by it. ValueError for what is not a picture.
        """
        if isinstance(picture, Frame):
            frame = picture
        else:
            taken_s = time.monotonic() if time_s is None else time_s
            frame = Frame(grey_picture(picture), taken_s, self._sequence)
            self._sequence += 1
        return _reading(self._started(frame.captured_s).frame(frame, vehicle), frame.captured_s)

    def no_picture(self, time_s: float, vehicle: Vehicle = UNKNOWN_VEHICLE) -> Reading:
        """Return what is known where a picture is missing at `time_s`: the camera may be lost."""
        pipeline = self._started(time_s)
        return _reading(pipeline.silence(time_s, CameraCondition.LOST, vehicle), time_s)

    def _started(self, time_s: float) -> Pipeline:
        if self._pipeline is None:
            classifier, policy = self._networks.policy(self._settings)
            self._pipeline = Pipeline(
                classifier,
                self._networks.tracker,
                ConditionMonitor(),
                StateMonitor(policy, time_s),
                self._networks.eyes,
            )
        return self._pipeline


def _reading(step: Step, time_s: float) -> Reading:
    decision = step.decision
    face = None if step.face is None else step.face.box
    return Reading(time_s, decision.state, decision.reason, face, step.camera, decision)
