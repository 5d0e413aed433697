"""From single pictures and events to clips. Pure; bounded in time and in bytes."""

from collections import deque
from dataclasses import replace

from edge_fer import __version__
from edge_fer.recording.clip import CAMERAS, Clip, ClipHeader, Event, Shot

# All of a clip is in memory until it is written: 60 s of two cameras at 10 fps are about 40 MB.
LONGEST_CLIP_S = 60.0
CLIP_BYTES = 64 << 20
HISTORY_BYTES = 32 << 20

# A picture arrives a moment after it was taken.
LATE_S = 0.5

COMPLETE = "complete"
CONTINUED = "goes on in the next clip"
TOO_LARGE = "cut short: as much as memory may hold"


class History:
    """The pictures of the last `length_s`; the oldest go first where they take too much memory."""

    def __init__(self, length_s: float, most_bytes: int = HISTORY_BYTES) -> None:
        self._length_s, self._most_bytes = length_s, most_bytes
        self._shots: deque[Shot] = deque()
        self.bytes = 0

    def add(self, shot: Shot) -> None:
        """Take one picture, and forget what is too old or too much."""
        self._shots.append(shot)
        self.bytes += len(shot.jpeg)
        oldest_s = shot.captured_s - self._length_s
        while self._shots[0].captured_s < oldest_s or self.bytes > self._most_bytes:
            self.bytes -= len(self._shots.popleft().jpeg)
            if not self._shots:
                return

    def since(self, time_s: float) -> list[Shot]:
        """Return the pictures from `time_s` on."""
        return [shot for shot in self._shots if shot.captured_s >= time_s]

    def forget(self) -> None:
        """Let go of all of it."""
        self._shots.clear()
        self.bytes = 0


class Gatherer:
    """Gathers one clip after the other. All times are of one monotonic clock, in seconds."""

    def __init__(
        self, before_s: float, after_s: float, fps: float, *, most_bytes: int = CLIP_BYTES
    ) -> None:
        self._before_s, self._after_s, self._fps = before_s, after_s, fps
        self._most_bytes = most_bytes
        # An event arrives a moment after its picture, so a little more is held.
        self._history = History(before_s + 1.0)
        self._events: list[Event] = []
        self._shots: list[Shot] = []
        self._bytes = 0
        self._end_s = 0.0

    @property
    def gathers(self) -> bool:
        """Whether pictures are being kept."""
        return bool(self._events)

    def shot(self, shot: Shot) -> None:
        """Take one picture."""
        self._history.add(shot)
        if self._events and shot.captured_s <= self._end_s:
            self._take(shot)

    def has_room_for(self, event: Event) -> bool:
        """Return whether the clip that runs, if one does, can go on until after this event."""
        if not self._events:
            return True
        length_s = event.time_s + self._after_s - self._events[0].time_s + self._before_s
        return event.time_s <= self._end_s and length_s <= LONGEST_CLIP_S and not self._is_full

    def event(self, event: Event) -> None:
        """Begin a clip with what was before this event, or let the one that runs go on.

        ValueError where the one that runs has no room for it: it has to be finished first.
        """
        if not self.has_room_for(event):
            raise ValueError("the clip that runs is to be finished first")
        if self._events:
            self._events.append(event)
            over_s = self._end_s
            self._end_s = max(over_s, event.time_s + self._after_s)
            # Pictures that came after the old end and before this event.
            for shot in self._history.since(over_s):
                if over_s < shot.captured_s <= self._end_s:
                    self._take(shot)
            return
        self._events = [event]
        self._end_s = event.time_s + self._after_s
        for shot in self._history.since(event.time_s - self._before_s):
            self._take(shot)

    def due(self, now_s: float) -> bool:
        """Return whether the clip is to be finished: its time or its memory is over."""
        return self.gathers and (now_s > self._end_s + LATE_S or self._is_full)

    def continues(self, event: Event) -> bool:
        """Return whether an event that there is no room for is still within the clip's time."""
        return self.gathers and event.time_s <= self._end_s and not self._is_full

    def finish(self, event_s: float, *, synchronised: bool, ended: str = COMPLETE) -> Clip | None:
        """Return the clip and be ready for the next; None where there is none, or no picture.

        `event_s` is the wall time of the first event, `ended` why it is finished.
        """
        events, shots = self._events, sorted(self._shots, key=lambda shot: shot.captured_s)
        full = self._is_full
        self._events, self._shots, self._bytes = [], [], 0
        if not events or not shots:
            return None
        zero_s = events[0].time_s
        shots = [Shot(shot.camera, shot.captured_s - zero_s, shot.jpeg) for shot in shots]
        header = ClipHeader(
            version=__version__,
            event_s=event_s,
            clock_synchronised=synchronised,
            events=tuple(replace(each, time_s=each.time_s - zero_s) for each in events),
            from_s=shots[0].captured_s,
            to_s=shots[-1].captured_s,
            fps=self._fps,
            shots=tuple(
                sum(shot.camera == camera for shot in shots) for camera in range(len(CAMERAS))
            ),
            ended=TOO_LARGE if full and ended == COMPLETE else ended,
        )
        return Clip(header, tuple(shots))

    def event_age_s(self, now_s: float) -> float:
        """Return how long ago the clip's first event was; 0 where there is none."""
        return now_s - self._events[0].time_s if self._events else 0.0

    def forget(self) -> None:
        """Let go of what waits for an event that has not come."""
        self._history.forget()

    @property
    def _is_full(self) -> bool:
        return self._bytes >= self._most_bytes

    def _take(self, shot: Shot) -> None:
        if not self._is_full:
            self._shots.append(shot)
            self._bytes += len(shot.jpeg)
