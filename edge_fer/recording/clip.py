"""What a clip is: compressed pictures of one or two cameras on one clock, around an event."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

CAMERAS = ("cabin", "forward")
CABIN, FORWARD = range(len(CAMERAS))


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. `captured_s` is the monotonic time at which its camera handed it over."""

    camera: int  # index into CAMERAS
    captured_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """The driver came into `state` for `reason`, both in plain words, at monotonic `time_s`.

    `measured` are the figures that the state rests on, under the names that the status has for
    them; empty in older clips.
    """

    time_s: float
    state: str
    reason: str
    measured: Mapping[str, float | str | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipHeader:
    """What can be said of a clip without its pictures. Times of day are seconds since 1970.

    `event_s` is the wall time of the first event, to be believed where `clock_synchronised`.
    `events` have times relative to it. `ended` says why the clip ends where it does: "complete",
    or what cut it short.
    """

    version: str
    event_s: float
    clock_synchronised: bool
    events: tuple[Event, ...]
    from_s: float  # of the first picture, relative to the first event: below zero
    to_s: float
    fps: float  # that were wanted of each camera
    shots: tuple[int, ...]  # number of pictures of each of CAMERAS
    ended: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the header of such an object; KeyError or TypeError for another one."""
        events = tuple(Event(**event) for event in data["events"])
        return cls(**{**data, "events": events, "shots": tuple(data["shots"])})


@dataclass(frozen=True, slots=True)
class Clip:
    """A header and its pictures, in the order of their times (relative to the first event)."""

    header: ClipHeader
    shots: tuple[Shot, ...]
