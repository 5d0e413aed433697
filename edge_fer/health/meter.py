"""What the daemon knows of itself: frame rate, latency, temperature. Counts; decides nothing."""

import math
from collections import deque
from dataclasses import dataclass

from edge_fer.health.shedding import HEAT, NOTHING_SHED, Shedding, shed
from edge_fer.health.thermal import Thermometer
from edge_fer.health.throttling import ThrottleWatch

# Long enough that a single late frame does not show, short enough that a fallen rate does.
AVERAGING_S = 1.0
# After so long without a frame the rate is zero, whatever the average still says.
STALLED_S = 1.0
HOUR_S = 3600.0
# More events than this in an hour are shown as this many: memory stays bounded.
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon's own figures at one moment; None means not known."""

    frames: int
    dropped: int  # frames of the camera that the pipeline did not see
    fps: float
    latency_ms: float | None  # capture to decision, averaged over AVERAGING_S
    temperature_c: float | None
    camera_fps: float = 0.0  # frames that the camera gave, seen by the pipeline or not
    camera_frames: int = 0  # as its process counts them: at rest they are `frames` and `dropped`
    throttled: tuple[str, ...] | None = None  # what holds the machine back at the moment
    stalls_last_hour: int = 0  # times that the camera fell silent
    camera_restarts_last_hour: int = 0
    limit_c: float | None = None  # at this temperature the machine slows itself down
    shed_for: str = ""  # why fewer frames are looked at: "heat", "supply" or not at all
    most_fps: float | None = None  # of which `dropped` counts what is left out on purpose
    face_fps: float = 0.0  # frames with a face, followed or detected
    detection_fps: float = 0.0  # frames in which the detector saw it
    emotion_fps: float = 0.0  # frames that went through the network


@dataclass(frozen=True, slots=True)
class Stages:
    """Which stages one frame went through beyond the camera's condition."""

    face: bool = False
    detection: bool = False
    emotion: bool = False


NO_STAGES = Stages()


class StageShares:
    """What share of the frames each stage has had of late."""

    def __init__(self) -> None:
        self.face = self.detection = self.emotion = 0.0

    def take(self, stages: Stages, share: float) -> None:
        """Let one frame count by `share`."""
        self.face = _blend(self.face, stages.face, share)
        self.detection = _blend(self.detection, stages.detection, share)
        self.emotion = _blend(self.emotion, stages.emotion, share)


class HealthMeter:
    """Averages over the frames that it is given; times are monotonic seconds.

    With `sheds` off it never asks for fewer frames, however hot it is.
    """

    def __init__(
        self,
        *,
        sheds: bool = True,
        thermometer: Thermometer | None = None,
        throttle: ThrottleWatch | None = None,
    ) -> None:
        self._sheds = sheds
        self._thermometer = thermometer or Thermometer()
        self._throttle = throttle or ThrottleWatch()
        self._shedding: Shedding = NOTHING_SHED
        self._shares = StageShares()
        self._frames = 0
        self._dropped = 0
        self._last_sequence = -1
        self._last_s: float | None = None
        self._interval_s: float | None = None
        self._camera_interval_s: float | None = None
        self._latency_s: float | None = None
        self._silent = True
        self._stalls = EventsOfHour()
        self._restarts = EventsOfHour()

    def frame(
        self,
        *,
        sequence: int,
        captured_s: float,
        done_s: float,
        stages: Stages = NO_STAGES,
    ) -> None:
        """Count one processed frame, captured and done at these times."""
        self._frames += 1
        self._silent = False
        given = 1  # frames of the camera since the last one that was processed
        if sequence > self._last_sequence:
            given = sequence - self._last_sequence
        self._dropped += given - 1
        self._last_sequence = sequence
        if self._last_s is not None:
            interval_s = max(0.0, done_s - self._last_s)
            share = 1.0 - math.exp(-interval_s / AVERAGING_S)
            self._interval_s = _blend(self._interval_s, interval_s, share)
            self._camera_interval_s = _blend(self._camera_interval_s, interval_s / given, share)
            self._latency_s = _blend(self._latency_s, done_s - captured_s, share)
            self._shares.take(stages, share)
        self._last_s = done_s

    def silence(self, now_s: float, *, restarted: bool = False) -> None:
        """Take note that no frame came; a stall begins with the first such moment after a frame.

        `restarted` is whether the camera's process was started again for it.
        """
        if not self._silent:
            self._silent = True
            self._stalls.note(now_s)
        if restarted:
            self._restarts.note(now_s)

    def pause(self) -> None:
        """Let the time until the next frame not count: none is asked for."""
        self._last_s = self._interval_s = self._camera_interval_s = self._latency_s = None

    def read(self, now_s: float, *, camera_frames: int = 0) -> Health:
        """Return the figures as of `now_s`; `camera_frames` is the camera's own count."""
        stalled = self._last_s is None or now_s - self._last_s > STALLED_S
        running = not stalled and self._interval_s is not None and self._interval_s > 0
        temperature, throttled = self._thermometer.read(), self._throttle.read(now_s)
        self._shedding = shed(self._shedding, temperature, throttled, now_s)
        fps = 1.0 / self._interval_s if running and self._interval_s else 0.0
        return Health(
            frames=self._frames,
            dropped=self._dropped,
            fps=fps,
            latency_ms=None if stalled or self._latency_s is None else self._latency_s * 1e3,
            temperature_c=None if temperature is None else temperature.celsius,
            camera_frames=camera_frames,
            camera_fps=1.0 / self._camera_interval_s
            if running and self._camera_interval_s
            else 0.0,
            throttled=throttled,
            stalls_last_hour=self._stalls.count(now_s),
            camera_restarts_last_hour=self._restarts.count(now_s),
            limit_c=None if temperature is None else temperature.limit_c,
            shed_for=self._shedding.reason,
            most_fps=self._shedding.most_fps if self._sheds else None,
            face_fps=fps * self._shares.face,
            detection_fps=fps * self._shares.detection,
            emotion_fps=fps * self._shares.emotion,
        )


class EventsOfHour:
    """Counts what happened within the last hour."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=MOST_EVENTS)

    def note(self, now_s: float) -> None:
        """Count one event."""
        self._times_s.append(now_s)

    def count(self, now_s: float) -> int:
        """Return the events since an hour before `now_s`."""
        while self._times_s and self._times_s[0] < now_s - HOUR_S:
            self._times_s.popleft()
        return len(self._times_s)


class CounterRate:
    """How fast a counter rises: its growth a second between two readings."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None

    def read(self, count: int, now_s: float) -> float:
        """Return the rate as of `now_s`, later than the reading before; 0 for the first one."""
        last, self._last = self._last, (count, now_s)
        if last is None or now_s <= last[1]:
            return 0.0
        return max(0, count - last[0]) / (now_s - last[1])


def shedding_text(health: Health) -> str:
    """Return how many frames are looked at, and why, for a person."""
    temperature = (
        "unknown"
        if health.temperature_c is None or health.limit_c is None
        else f"{health.temperature_c:.0f} of {health.limit_c:.0f} °C"
    )
    if not health.shed_for:
        return f"all frames are looked at (temperature {temperature})"
    why = f"it is hot ({temperature})" if health.shed_for == HEAT else "the supply is too weak"
    if health.most_fps is None:
        return f"{why}; all frames are looked at nevertheless (health.shed_frames)"
    return f"{why}: at most {health.most_fps:.0f} frames a second are looked at"


def _blend(average: float | None, value: float, share: float) -> float:
    return value if average is None else average + share * (value - average)
