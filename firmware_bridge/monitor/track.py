"""Stores the data of a session's plot: the course of each quantity, and each fault of the line."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from firmware_bridge.e2e.sequence import TIMEOUT_CYCLES
from firmware_bridge.monitor.signal_names import SignalName
from firmware_bridge.protocol.database import definition, value_name
from firmware_bridge.protocol.messages import (
    EMOTION_SIGNALS,
    ControllerStatusMessage,
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
    Message,
    PipelineFiguresMessage,
)
from firmware_bridge.reception.supervision import FrameStatus, JudgedFrame


@dataclass
class Course:
    """A quantity over time; None while it was not available, and in long gaps."""

    longest_gap_s: float
    times_s: list[float] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)

    def add(self, time_s: float, value: float | None) -> None:
        """Add a value."""
        if self.times_s and time_s - self.times_s[-1] > self.longest_gap_s:
            self.times_s.append(self.times_s[-1])
            self.values.append(None)
        self.times_s.append(time_s)
        self.values.append(value)

    @property
    def is_known(self) -> bool:
        """Return whether there is a value to draw."""
        return any(value is not None for value in self.values)


@dataclass(frozen=True, slots=True)
class Fault:
    """A frame that failed a check."""

    time_s: float
    message: str  # empty: none of ours
    status: FrameStatus


class Track:
    """The data of the trusted frames. Pure; times as in the frames."""

    def __init__(self, wanted: Sequence[SignalName] = ()) -> None:
        self.courses: dict[str, Course] = {}  # by signal: "Happy", "FrameRate"
        # Any others that were asked for; codes as they are on the wire.
        self.wanted: dict[SignalName, Course] = {
            name: Course(_longest_gap_s(name.message)) for name in wanted
        }
        self.intervals: dict[str, Course] = {}  # by message: seconds between its good frames
        self.faults: list[Fault] = []
        self.requests: list[tuple[float, str]] = []  # when one was first asked, and what
        self._last_s: dict[str, float] = {}
        self._request_id: int | None = None

    def take(self, judged: JudgedFrame) -> None:
        """Add a frame."""
        time_s = judged.frame.time_s
        if judged.status not in (FrameStatus.OK, FrameStatus.UNKNOWN_ID):
            self.faults.append(Fault(time_s, judged.name, judged.status))
        if judged.is_good:
            self._note_interval(judged.name, time_s)
        if judged.usable and judged.message is not None:
            self._note_content(judged.message, time_s)

    def known(self, signals: Sequence[str]) -> dict[str, Course]:
        """Return the courses of the received signals."""
        return {
            name: self.courses[name]
            for name in signals
            if name in self.courses and self.courses[name].is_known
        }

    def _note_interval(self, name: str, time_s: float) -> None:
        before_s, self._last_s[name] = self._last_s.get(name), time_s
        if before_s is not None and definition(name).is_cyclic:
            gap_s = _longest_gap_s(name)
            if time_s - before_s <= gap_s:
                self.intervals.setdefault(name, Course(gap_s)).add(time_s, time_s - before_s)

    def _note_content(self, message: Message, time_s: float) -> None:
        values = message.signal_values()
        for asked, course in self.wanted.items():
            if asked.message == message.NAME:
                course.add(time_s, values[asked.signal])
        if isinstance(message, DriverRequestMessage):
            if message.request_id != self._request_id:
                self._request_id = message.request_id
                self.requests.append((time_s, value_name(message.NAME, "Type", message.kind)))
            return
        for name in _DRAWN.get(message.NAME, ()):
            drawn = self.courses.setdefault(name, Course(_longest_gap_s(message.NAME)))
            drawn.add(time_s, values[name])


def _longest_gap_s(name: str) -> float:
    return TIMEOUT_CYCLES * (definition(name).cycle_s or 0.0)


_DRAWN = {
    DriverStateMessage.NAME: ("Confidence", "Drowsiness", "Distraction"),
    EmotionProbabilitiesMessage.NAME: EMOTION_SIGNALS,
    DriverEvidenceMessage.NAME: (
        "Yaw",
        "Pitch",
        "LidOpening",
        "GazeYaw",
        "GazePitch",
        "EyesUnseen",
        "HeadUnseen",
    ),
    HealthMessage.NAME: ("FrameRate", "Latency", "Temperature"),
    PipelineFiguresMessage.NAME: ("CameraRate", "FaceRate", "EmotionRate"),
    ControllerStatusMessage.NAME: ("Speed",),
}
