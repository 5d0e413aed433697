"""Decides when each message is due. Pure: the link thread passes the time and sends the result.

Cycles, gaps and repetitions come from the DBC. Only the latest snapshot counts; a snapshot that was
replaced before it was sent is dropped on purpose, and counted.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from firmware_bridge.protocol.database import MessageDefinition, definition, value_code
from firmware_bridge.protocol.messages import (
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    LinkTimingMessage,
    Message,
    PipelineFiguresMessage,
    wrapped_count,
)

# An older snapshot is no longer valid: the vision loop has stalled. Ten cycles of 0x3A0.
STALE_S = 1.0
NEVER_S = math.inf

Event = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The result of the vision loop at one moment. Times are monotonic seconds.

    `driver_state` has no age: the age is computed when it is sent, from `source_time_s`, the
    capture time of its frame (None: there is none). `request` stays the same or an equal object as
    long as the request is active; `valid_for_s` counts from its first appearance.
    """

    published_s: float
    driver_state: DriverStateMessage
    source_time_s: float | None = None
    evidence: DriverEvidenceMessage = field(default_factory=DriverEvidenceMessage)
    emotions: EmotionProbabilitiesMessage = field(default_factory=EmotionProbabilitiesMessage)
    health: HealthMessage = field(default_factory=HealthMessage)
    figures: PipelineFiguresMessage = field(default_factory=PipelineFiguresMessage)
    counters: FaultCountersMessage = field(default_factory=FaultCountersMessage)
    request: DriverRequestMessage | None = None


def event_of(message: DriverStateMessage) -> Event:
    """Return the value that identifies a change: a new state, or the same one entered again."""
    return message.state, message.event_sequence


class _Cycle:
    """The due times of a cyclic message. Keeps its phase, but never catches up on missed cycles."""

    def __init__(self, cycle_s: float | None, now_s: float) -> None:
        if cycle_s is None:
            raise ValueError("the DBC gives no cycle")
        self._cycle_s = cycle_s
        self.due_s = now_s

    def sent(self, now_s: float) -> None:
        if now_s < self.due_s:
            return  # sent between two cycles
        self.due_s += self._cycle_s
        if self.due_s <= now_s:
            self.due_s = now_s + self._cycle_s

    def restart(self, now_s: float) -> None:
        self.due_s = now_s


class _RequestRepeats:
    """The due times of the pending request: a few times fast, then slowly until it is answered."""

    def __init__(self, known: MessageDefinition) -> None:
        self._fast_s = known.fast_cycle_s or 0.0
        self._slow_s = known.cycle_s or NEVER_S
        self._repetitions = known.repetitions
        self._asked: DriverRequestMessage | None = None
        self._expires_s = NEVER_S
        self._acknowledged = False
        self._sent = 0
        self.due_s = NEVER_S

    def ask(self, request: DriverRequestMessage | None, published_s: float, now_s: float) -> None:
        if request == self._asked:
            return
        self._asked = request
        self._acknowledged = False
        valid_for_s = None if request is None else request.valid_for_s
        self._expires_s = NEVER_S if valid_for_s is None else published_s + valid_for_s
        self.due_s = NEVER_S
        self.restart(now_s)

    def acknowledge(self, request_id: int) -> None:
        if self._asked is not None and self._asked.request_id == request_id:
            self._acknowledged = True
            self._end_if_answered()

    def restart(self, now_s: float) -> None:
        """Restart the repetitions after the line was down, unless the request is answered."""
        if self._asked is not None and not self._acknowledged:
            self._sent = 0
            self.due_s = now_s

    def take(self, now_s: float) -> DriverRequestMessage | None:
        """Return the request with its present validity if it is due, and count it as sent."""
        if self._asked is None or now_s < self.due_s:
            return None
        if now_s >= self._expires_s:
            self.due_s = NEVER_S
            return None
        self._sent += 1
        self.due_s = now_s + (self._fast_s if self._sent < self._repetitions else self._slow_s)
        self._end_if_answered()
        if self._asked.valid_for_s is None:
            return self._asked
        return replace(self._asked, valid_for_s=math.ceil(self._expires_s - now_s))

    def _end_if_answered(self) -> None:
        # The first repetitions always go out: the vehicle may still show the answer to an earlier
        # request with the same id, from before a restart of ours.
        if self._acknowledged and self._sent >= self._repetitions:
            self.due_s = NEVER_S


class Schedule:
    """What to send when, given the latest snapshot. One thread; monotonic seconds throughout."""

    def __init__(self, now_s: float) -> None:
        known = definition(DriverStateMessage.NAME)
        self._min_gap_s = known.min_gap_s
        self._state_cycle = _Cycle(known.cycle_s, now_s)
        self._timing_cycle = _Cycle(definition(LinkTimingMessage.NAME).cycle_s, now_s)
        # The other purely cyclic messages, the most urgent first.
        self._cyclic: list[tuple[_Cycle, Callable[[Snapshot | None], Message]]] = [
            (_Cycle(definition(kind.NAME).cycle_s, now_s), content)
            for kind, content in (
                (DriverEvidenceMessage, _evidence),
                (EmotionProbabilitiesMessage, _emotions),
                (HealthMessage, self._health),
                (PipelineFiguresMessage, _figures),
                (FaultCountersMessage, _counters),
            )
        ]
        self._request = _RequestRepeats(definition(DriverRequestMessage.NAME))
        self._snapshot: Snapshot | None = None
        self._change_sent_s = -math.inf
        self._sent_event: Event | None = None
        self._vision_stalled = value_code(HealthMessage.NAME, "Fault", "vision stalled")
        self.skipped = 0  # cyclic frames skipped because the port was behind
        self.superseded = 0  # changes that a newer one replaced before they were sent

    def update(self, snapshot: Snapshot, now_s: float) -> None:
        """Store the latest snapshot."""
        if self._snapshot is not None:
            waiting = event_of(self._snapshot.driver_state)
            if waiting not in (self._sent_event, event_of(snapshot.driver_state)):
                self.superseded += 1
        self._snapshot = snapshot
        self._request.ask(snapshot.request, snapshot.published_s, now_s)

    def acknowledge(self, request_id: int) -> None:
        """Stop repeating the request with this id."""
        self._request.acknowledge(request_id)

    def restart(self, now_s: float) -> None:
        """Send everything again after the line has come back."""
        self._timing_cycle.restart(now_s)
        self._state_cycle.restart(now_s)
        for cycle, _ in self._cyclic:
            cycle.restart(now_s)
        self._request.restart(now_s)

    def take_due(self, now_s: float, *, is_behind: bool = False) -> list[Message]:
        """Return the messages to send now, most urgent first, and count them as sent.

        If the port `is_behind`, messages that are due only by their cycle are skipped: they would
        wait there and be old when they are sent.
        """
        due: list[Message] = []
        if is_behind:
            self._skip_cycles(now_s)
        if now_s >= self._timing_cycle.due_s:
            # First: the age of all that follows is counted from it.
            self._timing_cycle.sent(now_s)
            due.append(self._timing(now_s))
        if now_s >= self._state_due_s(now_s):
            state = self._state_message(now_s)
            self._state_cycle.sent(now_s)
            if event_of(state) != self._sent_event:
                self._change_sent_s = now_s
                self._sent_event = event_of(state)
            due.append(state)
        request = self._request.take(now_s)
        if request is not None:
            due.append(request)
        for cycle, content in self._cyclic:
            if now_s >= cycle.due_s:
                cycle.sent(now_s)
                due.append(content(self._fresh_snapshot(now_s)))
        return due

    def _skip_cycles(self, now_s: float) -> None:
        cycles = (self._timing_cycle, self._state_cycle, *(cycle for cycle, _ in self._cyclic))
        for cycle in cycles:
            if now_s >= cycle.due_s:
                cycle.sent(now_s)
                self.skipped += 1

    def next_s(self, now_s: float) -> float:
        """Return the time of the next call of `take_due`, if nothing else happens before."""
        stale_s = NEVER_S
        if self._snapshot is not None and self._fresh_snapshot(now_s) is not None:
            stale_s = self._snapshot.published_s + STALE_S
        return min(
            self._timing_cycle.due_s,
            self._state_due_s(now_s),
            self._request.due_s,
            *(cycle.due_s for cycle, _ in self._cyclic),
            stale_s,
        )

    def _state_due_s(self, now_s: float) -> float:
        changed = self._current_event(now_s) != self._sent_event
        due_s = now_s if changed else self._state_cycle.due_s
        # The gap is kept behind a change only: behind every cyclic frame it would delay one change
        # in five by up to 20 ms, and a change has to be on the port within 10.
        return max(due_s, self._change_sent_s + self._min_gap_s)

    def _fresh_snapshot(self, now_s: float) -> Snapshot | None:
        if self._snapshot is None or now_s >= self._snapshot.published_s + STALE_S:
            return None
        return self._snapshot

    def _current_event(self, now_s: float) -> Event:
        fresh = self._fresh_snapshot(now_s)
        return event_of(DriverStateMessage() if fresh is None else fresh.driver_state)

    def _state_message(self, now_s: float) -> DriverStateMessage:
        fresh = self._fresh_snapshot(now_s)
        if fresh is None:
            return DriverStateMessage()
        if fresh.source_time_s is None:
            return fresh.driver_state
        age_ms = max(0.0, now_s - fresh.source_time_s) * 1000.0
        return replace(fresh.driver_state, source_age_ms=age_ms)

    def _timing(self, now_s: float) -> LinkTimingMessage:
        return LinkTimingMessage(
            wrapped_count(LinkTimingMessage.NAME, "SendTime", int(now_s * 1000)),
            wrapped_count(LinkTimingMessage.NAME, "FramesSkipped", self.skipped),
        )

    def _health(self, fresh: Snapshot | None) -> HealthMessage:
        if fresh is not None:
            return fresh.health
        # Before the first snapshot nothing is known; after it the vision loop has stalled.
        return (
            HealthMessage() if self._snapshot is None else HealthMessage(fault=self._vision_stalled)
        )


def _evidence(fresh: Snapshot | None) -> DriverEvidenceMessage:
    return DriverEvidenceMessage() if fresh is None else fresh.evidence


def _emotions(fresh: Snapshot | None) -> EmotionProbabilitiesMessage:
    return EmotionProbabilitiesMessage() if fresh is None else fresh.emotions


def _figures(fresh: Snapshot | None) -> PipelineFiguresMessage:
    return PipelineFiguresMessage() if fresh is None else fresh.figures


def _counters(fresh: Snapshot | None) -> FaultCountersMessage:
    return FaultCountersMessage() if fresh is None else fresh.counters
