"""Judges received frames as a controller has to: id and length, then protection, then content.

Pure: frames carry their time, and `check_overdue` brings the time when none arrives. Used by the
monitor on our frames and by the link on the controller's.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from firmware_bridge.e2e.profile22 import Profile22Receiver
from firmware_bridge.e2e.sequence import TIMEOUT_CYCLES, CheckStatus
from firmware_bridge.e2e.state_machine import (
    DEFAULT_SETTINGS,
    ReceiverState,
    StateMachineSettings,
)
from firmware_bridge.protocol.database import (
    CAMERA_UNIT,
    MessageDefinition,
    definitions,
)
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.ids import DBC_NAME
from firmware_bridge.protocol.messages import LinkTimingMessage, Message, decode
from firmware_bridge.reception.send_clock import SendClock

# Over so long the rate is taken: two frames of the slowest message.
RATE_WINDOW_S = 2.0
# And the jitter: a hundred frames of the fastest, so that the worst is about the 99th percentile.
JITTER_WINDOW_S = 10.0
# Of so many frames (five seconds of 0x3A0) at most so many are right where another DBC made them:
# one of 256 passes by chance. On a line that spoils every second frame it is 25, and never so few.
JUDGED_FRAMES = 50
MOST_RIGHT_BY_CHANCE = 5


class FrameStatus(StrEnum):
    """What became of one frame."""

    OK = "ok"
    SOME_LOST = "some_lost"
    REPEATED = "repeated"
    WRONG_CRC = "wrong_crc"
    WRONG_SEQUENCE = "wrong_sequence"
    STALE = "stale"
    WRONG_LENGTH = "wrong_length"
    UNKNOWN_ID = "unknown_id"


@dataclass(frozen=True, slots=True)
class JudgedFrame:
    """A frame and what to think of it."""

    frame: CanFrame
    name: str  # of its message; empty for an unknown id
    status: FrameStatus
    state: ReceiverState
    lost: int = 0  # frames missing before this one
    message: Message | None = None  # its content; None unless `is_good`
    age_ms: int | None = None  # at the most, on arrival; None where the sender does not say it

    @property
    def is_good(self) -> bool:
        """The frame itself is intact and in sequence."""
        return self.status in (FrameStatus.OK, FrameStatus.SOME_LOST)

    @property
    def usable(self) -> bool:
        """The frame is good and its sender trusted: a controller acts on no other."""
        return self.is_good and self.state is ReceiverState.VALID


@dataclass(frozen=True, slots=True)
class MessageStatistics:
    """What was seen of one message. `age_s` and `rate_hz` are as of the moment of asking."""

    name: str
    can_id: int
    cycle_s: float | None  # None: sent only while there is something to say
    state: ReceiverState
    frames: int
    good: int
    lost: int  # frames known to be missing
    gaps: int  # jumps of the counter, the too large ones included
    repeated: int
    wrong_crc: int
    wrong_length: int
    stale: int  # that waited in a queue for too long
    overdue: int  # how often it stayed away for longer than 3.5 cycles
    is_overdue: bool
    rate_hz: float
    jitter_s: float | None  # how far the longest of the latest intervals exceeds the cycle
    age_s: float | None  # since the last good frame


class MessageSupervisor:
    """Judges the frames of one message."""

    def __init__(
        self, known: MessageDefinition, settings: StateMachineSettings = DEFAULT_SETTINGS
    ) -> None:
        self._known = known
        self._cycle_s = known.cycle_s if known.is_cyclic else None
        self.timeout_s = None if self._cycle_s is None else TIMEOUT_CYCLES * self._cycle_s
        self._receiver = Profile22Receiver(
            known.data_ids, timeout_s=self.timeout_s, settings=settings
        )
        self._counts = dict.fromkeys(FrameStatus, 0)
        self._lost = 0
        self._overdue = 0
        self._is_overdue = False
        self._good_times_s: deque[float] = deque()
        self._in_sequence_s: float | None = None  # when the frame before came, if it was good
        self._lateness: deque[tuple[float, float]] = deque()  # when, and by how much
        self._judged = self._right = 0  # of those by which the sender's DBC is judged next
        self._is_foreign = False

    @property
    def state(self) -> ReceiverState:
        """Return whether the sender is trusted, as of the last frame or check."""
        return self._receiver.state

    @property
    def foreign(self) -> str | None:
        """Return a message for the user about frames with this id from another DBC; else None."""
        if not self._is_foreign:
            return None
        return f"{self._known.name}: hardly a right CRC: same {DBC_NAME} at both ends?"

    def judge(
        self, frame: CanFrame, *, age_ms: int | None = None, fresh: bool = True
    ) -> JudgedFrame:
        """Judge a frame whose id is that of this message; what is not `fresh` is not believed."""
        self.check_overdue(frame.time_s)
        if len(frame.data) != self._known.length:
            return self._count(
                JudgedFrame(frame, self._known.name, FrameStatus.WRONG_LENGTH, self.state)
            )
        check = self._receiver.check(frame.data, frame.time_s, fresh=fresh)
        message = None
        if check.is_good:
            message = decode(frame.can_id, frame.data)
            self._is_overdue = False
            self._note_lateness(frame.time_s, is_next=check.lost == 0)
            self._good_times_s.append(frame.time_s)
            self._forget(frame.time_s)
        elif check.status in (CheckStatus.WRONG_SEQUENCE, CheckStatus.STALE):
            self._in_sequence_s = None
        return self._count(
            JudgedFrame(
                frame,
                self._known.name,
                _FRAME_STATUS[check.status],
                check.state,
                check.lost,
                message,
                age_ms,
            )
        )

    def check_overdue(self, now_s: float) -> None:
        """Notice that nothing good arrived for too long."""
        deadline_s = self._receiver.deadline_s
        if deadline_s is not None and now_s > deadline_s and not self._is_overdue:
            self._is_overdue = True
            self._overdue += 1
            self._in_sequence_s = None
            self._receiver.check(None, now_s)

    def statistics(self, now_s: float) -> MessageStatistics:
        """Return what was seen so far."""
        self.check_overdue(now_s)
        last_s = self._good_times_s[-1] if self._good_times_s else None
        self._forget(now_s)
        counts = self._counts
        return MessageStatistics(
            name=self._known.name,
            can_id=self._known.can_id,
            cycle_s=self._cycle_s,
            state=self.state,
            frames=sum(counts.values()),
            good=counts[FrameStatus.OK] + counts[FrameStatus.SOME_LOST],
            lost=self._lost,
            gaps=counts[FrameStatus.SOME_LOST] + counts[FrameStatus.WRONG_SEQUENCE],
            repeated=counts[FrameStatus.REPEATED],
            wrong_crc=counts[FrameStatus.WRONG_CRC],
            wrong_length=counts[FrameStatus.WRONG_LENGTH],
            stale=counts[FrameStatus.STALE],
            overdue=self._overdue,
            is_overdue=self._is_overdue,
            rate_hz=self._rate_hz(),
            jitter_s=max((late_s for _, late_s in self._lateness), default=None),
            age_s=None if last_s is None else now_s - last_s,
        )

    def _count(self, judged: JudgedFrame) -> JudgedFrame:
        self._counts[judged.status] += 1
        self._lost += judged.lost
        self._judged += 1
        self._right += judged.status not in _REFUSED
        if self._judged == JUDGED_FRAMES:
            self._is_foreign = self._right <= MOST_RIGHT_BY_CHANCE
            self._judged = self._right = 0
        return judged

    def _forget(self, now_s: float) -> None:
        """Drop the times that are too old for rate and jitter; the last stays, for the age."""
        times, late = self._good_times_s, self._lateness
        while len(times) > 1 and times[0] < now_s - RATE_WINDOW_S:
            times.popleft()
        while late and late[0][0] < now_s - JITTER_WINDOW_S:
            late.popleft()

    def _note_lateness(self, time_s: float, *, is_next: bool) -> None:
        """Compare an interval with the cycle; a short one is no fault: that frame is on change."""
        before_s, self._in_sequence_s = self._in_sequence_s, time_s
        if self._cycle_s is not None and before_s is not None and is_next:
            self._lateness.append((time_s, max(0.0, time_s - before_s - self._cycle_s)))

    def _rate_hz(self) -> float:
        times = self._good_times_s
        span_s = times[-1] - times[0] if times else 0.0
        return (len(times) - 1) / span_s if span_s > 0 else 0.0


class BusSupervisor:
    """Judges the frames of several messages of the DBC, by default of all; others are unknown."""

    def __init__(
        self,
        names: Iterable[str] | None = None,
        settings: StateMachineSettings = DEFAULT_SETTINGS,
    ) -> None:
        chosen = definitions() if names is None else {name: definitions()[name] for name in names}
        self._supervisors = {
            known.can_id: MessageSupervisor(known, settings) for known in chosen.values()
        }
        self._timed = {
            known.can_id
            for known in chosen.values()
            if known.sender == CAMERA_UNIT and known.name != LinkTimingMessage.NAME
        }
        self._clock = SendClock()
        self._by_name = {name: self._supervisors[known.can_id] for name, known in chosen.items()}
        self.unknown_ids = 0

    def judge(self, frame: CanFrame) -> JudgedFrame:
        """Judge a frame."""
        supervisor = self._supervisors.get(frame.can_id)
        if supervisor is None:
            self.unknown_ids += 1
            return JudgedFrame(frame, "", FrameStatus.UNKNOWN_ID, ReceiverState.NODATA)
        arrived_ms = round(frame.time_s * 1000)
        if frame.can_id in self._timed:
            age_ms, fresh = self._clock.age_ms(arrived_ms), self._clock.is_fresh(arrived_ms)
            return supervisor.judge(frame, age_ms=age_ms, fresh=fresh)
        judged = supervisor.judge(frame)
        timing = judged.message
        if isinstance(timing, LinkTimingMessage) and timing.send_time_ms is not None:
            self._clock.take(timing.send_time_ms, arrived_ms)
        return judged

    def state(self, name: str) -> ReceiverState:
        """Return whether the sender of the message `name` is trusted."""
        return self._by_name[name].state

    @property
    def foreign(self) -> str | None:
        """Return such a message about the first frames from another DBC; None if there are none."""
        told = (supervisor.foreign for supervisor in self._supervisors.values())
        return next((text for text in told if text is not None), None)

    def check_overdue(self, now_s: float) -> None:
        """Notice which messages stayed away for too long."""
        for supervisor in self._supervisors.values():
            supervisor.check_overdue(now_s)

    def statistics(self, now_s: float) -> list[MessageStatistics]:
        """Return what was seen of each message, in the order of their ids."""
        return [self._supervisors[can_id].statistics(now_s) for can_id in sorted(self._supervisors)]


_REFUSED = (FrameStatus.WRONG_CRC, FrameStatus.WRONG_LENGTH)
_FRAME_STATUS = {
    CheckStatus.OK: FrameStatus.OK,
    CheckStatus.SOME_LOST: FrameStatus.SOME_LOST,
    CheckStatus.REPEATED: FrameStatus.REPEATED,
    CheckStatus.WRONG_CRC: FrameStatus.WRONG_CRC,
    CheckStatus.STALE: FrameStatus.STALE,
    CheckStatus.WRONG_SEQUENCE: FrameStatus.WRONG_SEQUENCE,
}
