"""What the daemon knows of itself: frame rate, latency, temperature. Counts; decides nothing."""

import math
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from edge_fer.throttling import read_throttle_bits, throttle_names

# Long enough that a single late frame does not show, short enough that a fallen rate does.
AVERAGING_S = 1.0
# After so long without a frame the rate is zero, whatever the average still says.
STALLED_S = 1.0
HOUR_S = 3600.0
# More events than this in an hour are shown as this many: memory stays bounded.
MOST_EVENTS = 10_000
THERMAL_ZONE = Path("/sys/class/thermal/thermal_zone0/temp")  # the SoC on a Pi and on a Jetson


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


class HealthMeter:
    """Averages over the frames that it is told of; times are monotonic seconds."""

    def __init__(self) -> None:
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

    def frame(self, *, sequence: int, captured_s: float, done_s: float) -> None:
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
        self._last_s = done_s

    def silence(self, now_s: float) -> None:
        """Take note that no frame came; a stall begins with the first such moment after a frame."""
        if not self._silent:
            self._silent = True
            self._stalls.note(now_s)

    def camera_restarted(self, now_s: float) -> None:
        """Take note that the camera's process was started anew."""
        self._restarts.note(now_s)

    def pause(self) -> None:
        """Let the time until the next frame not count: none is asked for."""
        self._last_s = self._interval_s = self._camera_interval_s = self._latency_s = None

    def read(self, now_s: float, *, camera_frames: int = 0) -> Health:
        """Return the figures as of `now_s`; `camera_frames` is the camera's own count."""
        stalled = self._last_s is None or now_s - self._last_s > STALLED_S
        running = not stalled and self._interval_s is not None and self._interval_s > 0
        bits = read_throttle_bits()
        return Health(
            frames=self._frames,
            dropped=self._dropped,
            fps=1.0 / self._interval_s if running and self._interval_s else 0.0,
            latency_ms=None if stalled or self._latency_s is None else self._latency_s * 1e3,
            temperature_c=read_temperature_c(),
            camera_frames=camera_frames,
            camera_fps=1.0 / self._camera_interval_s
            if running and self._camera_interval_s
            else 0.0,
            throttled=None if bits is None else throttle_names(bits),
            stalls_last_hour=self._stalls.count(now_s),
            camera_restarts_last_hour=self._restarts.count(now_s),
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


def read_temperature_c(path: Path = THERMAL_ZONE) -> float | None:
    """Return the temperature of the SoC in degrees Celsius, or None where there is no sensor."""
    try:
        return int(path.read_text(encoding="ascii")) / 1000.0
    except (OSError, ValueError):
        return None


def _blend(average: float | None, value: float, share: float) -> float:
    return value if average is None else average + share * (value - average)
