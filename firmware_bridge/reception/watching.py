"""Remembers what was seen on the bus: the latest content, the course of the states, the totals."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import Value, definition
from firmware_bridge.protocol.frame import CanFrame, id_text
from firmware_bridge.protocol.ids import DBC_NAME
from firmware_bridge.protocol.messages import (
    PROTOCOL_VERSION,
    DriverStateMessage,
    HealthMessage,
    Message,
    state_name,
)
from firmware_bridge.reception.supervision import BusSupervisor, JudgedFrame, MessageStatistics
from firmware_bridge.transports import TransportCounters

_HISTORY = 10_000  # changes of state that are kept: a day with one each nine seconds

MessageT = TypeVar("MessageT", bound=Message)
# What the messages of trusted senders say, by name, and when it came.
Contents = Mapping[str, tuple[Message, float]]


@dataclass(frozen=True, slots=True)
class StateChange:
    """From `time_s` on the driver state was this; None: unknown, for nothing came in time."""

    time_s: float
    state: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """How the port is doing."""

    uri: str
    connected: bool = True
    trouble: str | None = None  # why it is not connected
    connections_lost: int = 0
    counters: TransportCounters = field(default_factory=TransportCounters)
    # What arrives makes no sense, as at a wrong baud rate or by another DBC, or the recording is
    # damaged.
    warning: str | None = None
    ended: bool = False  # a recording or a stream is over
    scene: str | None = None  # what happens before the camera, where that is known: in the demo


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals of a watch, for the last line of `--json`."""

    seconds: float
    frames: int  # with an id of ours, whatever became of them
    good_frames: int
    crc_failures: int
    counter_gaps: int
    lost_frames: int  # known to be missing behind the small gaps
    repeated_frames: int
    wrong_length: int
    stale_frames: int  # that waited in a queue for too long
    overdue: int  # how often a message stayed away for longer than 3.5 cycles
    unknown_ids: int
    rejected_lines: int
    rejected_bytes: int
    connections_lost: int
    line_warning: str | None
    jitter_ms: dict[str, float | None]  # by message, at the end; None where it has no cycle
    frames_by_message: dict[str, int]
    states: list[str]  # in order; "unknown" where nothing came in time


@dataclass(frozen=True, slots=True)
class Seen:
    """What a watch has seen as of `now_s`, to be drawn; it stays as it is while more arrives."""

    start_s: float
    now_s: float
    history: tuple[StateChange, ...]
    contents: Contents
    statistics: tuple[MessageStatistics, ...]
    unknown_ids: int  # frames that are none of our messages

    def latest(self, kind: type[MessageT]) -> tuple[MessageT, float] | None:
        """Return the latest content of a message and when it came; None while it is unknown."""
        return _latest(self.contents, kind)


class Watch:
    """What was seen since `start_s`. Pure; monotonic seconds throughout."""

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self.history: deque[StateChange] = deque(maxlen=_HISTORY)
        self._supervisor = BusSupervisor()
        self._latest: dict[str, JudgedFrame] = {}

    def take(self, frame: CanFrame) -> JudgedFrame:
        """Judge a received frame and remember what it says, if it can be trusted."""
        self.check_overdue(frame.time_s)
        judged = self._supervisor.judge(frame)
        if judged.usable:
            self._latest[judged.name] = judged
            if isinstance(judged.message, DriverStateMessage):
                self._note_state(frame.time_s, judged.message.state)
        return judged

    def check_overdue(self, now_s: float) -> None:
        """Notice what stayed away for too long."""
        self._supervisor.check_overdue(now_s)
        if self.history and not self._is_trusted(DriverStateMessage.NAME):
            self._note_state(now_s, None)

    def latest(self, kind: type[MessageT]) -> tuple[MessageT, float] | None:
        """Return the latest content of a message and when it came, as of the last check."""
        return _latest(self._contents(), kind)

    def receiver_state(self, name: str) -> ReceiverState:
        """Return whether the sender of the message `name` is trusted, as of the last check."""
        return self._supervisor.state(name)

    def dbc_warning(self) -> str | None:
        """Return how the DBC at the other end differs from this one; None where nothing shows."""
        heard = self.latest(HealthMessage)
        version = PROTOCOL_VERSION if heard is None else heard[0].protocol_version
        if version == PROTOCOL_VERSION:
            return self._supervisor.foreign
        spoken = f"camera unit speaks protocol {version}, not {PROTOCOL_VERSION}"
        return f"{spoken}: same {DBC_NAME} at both ends?"

    def statistics(self, now_s: float) -> list[MessageStatistics]:
        """Return what was seen of each message."""
        return self._supervisor.statistics(now_s)

    def seen(self, now_s: float) -> Seen:
        """Return what was seen up to now."""
        self.check_overdue(now_s)
        return Seen(
            start_s=self.start_s,
            now_s=now_s,
            history=tuple(self.history),
            contents=self._contents(),
            statistics=tuple(self.statistics(now_s)),
            unknown_ids=self._supervisor.unknown_ids,
        )

    def summary(self, now_s: float, line: Line) -> Summary:
        """Return the totals."""
        seen = self.seen(now_s).statistics
        return Summary(
            seconds=round(now_s - self.start_s, 3),
            frames=sum(message.frames for message in seen),
            good_frames=sum(message.good for message in seen),
            crc_failures=sum(message.wrong_crc for message in seen),
            counter_gaps=sum(message.gaps for message in seen),
            lost_frames=sum(message.lost for message in seen),
            repeated_frames=sum(message.repeated for message in seen),
            wrong_length=sum(message.wrong_length for message in seen),
            stale_frames=sum(message.stale for message in seen),
            overdue=sum(message.overdue for message in seen),
            unknown_ids=self._supervisor.unknown_ids,
            rejected_lines=line.counters.rejected_lines,
            rejected_bytes=line.counters.rejected_bytes,
            connections_lost=line.connections_lost,
            line_warning=line.warning,
            jitter_ms={
                message.name: None if message.jitter_s is None else round(message.jitter_s * 1e3, 3)
                for message in seen
            },
            frames_by_message={message.name: message.frames for message in seen},
            states=[course_name(change.state) for change in self.history],
        )

    def _contents(self) -> Contents:
        return {
            name: (judged.message, judged.frame.time_s)
            for name, judged in self._latest.items()
            if judged.message is not None and self._is_trusted(name)
        }

    def _is_trusted(self, name: str) -> bool:
        return self.receiver_state(name) is ReceiverState.VALID

    def _note_state(self, time_s: float, state: int | None) -> None:
        if not self.history or self.history[-1].state != state:
            self.history.append(StateChange(time_s, state))


def _latest(contents: Contents, kind: type[MessageT]) -> tuple[MessageT, float] | None:
    message, time_s = contents.get(kind.NAME, (None, 0.0))
    return (message, time_s) if isinstance(message, kind) else None


def course_name(state: int | None) -> str:
    """Return the name of a state in the course of states."""
    return "unknown" if state is None else state_name(state)


def frame_as_json(judged: JudgedFrame, start_s: float) -> dict[str, Any]:
    """Return a frame for JSON, its time in seconds since `start_s`; codes as the DBC's names."""
    return {
        "time_s": round(judged.frame.time_s - start_s, 4),
        "id": f"0x{id_text(judged.frame.can_id)}",
        "message": judged.name or None,
        "status": judged.status.value,
        "receiver": judged.state.value,
        "age_ms": judged.age_ms,
        "data": judged.frame.data.hex(),
        "signals": None if judged.message is None else message_as_json(judged.message),
    }


def message_as_json(message: Message) -> dict[str, Value | str]:
    """Return the signals of a message by their names in the DBC; None for not available."""
    signals = definition(message.NAME).signals
    return {name: signals[name].named(value) for name, value in message.signal_values().items()}
