"""The verdict on one frame of a message, and what follows for its sender.

Pure: time comes from the caller, monotonic seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from firmware_bridge.e2e.state_machine import (
    DEFAULT_SETTINGS,
    ReceiverState,
    StateMachine,
    StateMachineSettings,
)

# A jump of up to 3 means that up to 2 frames are lost, which a cyclic message forgives; and missed
# cycles until its sender is unknown: design.
MAX_DELTA_COUNTER = 3
TIMEOUT_CYCLES = 3.5


class CheckStatus(StrEnum):
    """What one check of one message found."""

    OK = "ok"
    SOME_LOST = "some_lost"  # good, and up to MAX_DELTA_COUNTER - 1 before it are missing
    REPEATED = "repeated"
    WRONG_CRC = "wrong_crc"
    WRONG_SEQUENCE = "wrong_sequence"  # too many are missing, or it came out of order
    NO_NEW_DATA = "no_new_data"
    STALE = "stale"  # intact, but it waited in a queue for too long


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. Take content over only if `usable`."""

    status: CheckStatus
    state: ReceiverState
    lost: int = 0  # frames known to be missing before this one

    @property
    def is_good(self) -> bool:
        """The frame itself is intact, in sequence and fresh."""
        return self.status in (CheckStatus.OK, CheckStatus.SOME_LOST)

    @property
    def usable(self) -> bool:
        """The frame is good and its sender trusted."""
        return self.is_good and self.state is ReceiverState.VALID


class SequenceReceiver:
    """Follows the counter of one message; a profile says which frames are intact.

    After `timeout_s` without a good frame the sender is no longer trusted; None is never (for a
    message that is sent only now and then).
    """

    def __init__(
        self,
        counters: int,
        *,
        timeout_s: float | None,
        max_delta_counter: int = MAX_DELTA_COUNTER,
        settings: StateMachineSettings = DEFAULT_SETTINGS,
    ) -> None:
        self._counters = counters
        self._timeout_s = timeout_s
        self._max_delta_counter = max_delta_counter
        self._machine = StateMachine(settings)
        self._counter: int | None = None  # of the last frame whose CRC was right
        self._last_good_s: float | None = None

    @property
    def state(self) -> ReceiverState:
        """Return the state as of the last check."""
        return self._machine.state

    @property
    def deadline_s(self) -> float | None:
        """Return when the last good frame has aged out; None where nothing can."""
        if self._timeout_s is None or self._last_good_s is None:
            return None
        return self._last_good_s + self._timeout_s

    def check(self, data: bytes | None, time_s: float, *, fresh: bool = True) -> Check:
        """Judge what arrived at `time_s`; None where nothing did, not `fresh` where it is old."""
        deadline_s = self.deadline_s
        if deadline_s is not None and time_s > deadline_s:
            self._machine.invalidate()
        if data is None:
            self._machine.add()
            return Check(CheckStatus.NO_NEW_DATA, self.state)
        counter = self._intact_counter(data)
        if counter is None:
            # Nothing of a broken frame is believed, its counter included.
            self._machine.add(damaged=True)
            return Check(CheckStatus.WRONG_CRC, self.state)
        # The first frame has nothing to be compared with; that two are needed covers it.
        delta = 1 if self._counter is None else (counter - self._counter) % self._counters
        self._counter = counter
        if fresh:
            return self._check_sequence(delta, time_s)
        self._machine.add()
        return Check(CheckStatus.STALE, self.state)

    def _intact_counter(self, data: bytes) -> int | None:
        """Return the counter of a frame; None if its CRC is wrong or it has no room for one."""
        raise NotImplementedError

    def _check_sequence(self, delta: int, time_s: float) -> Check:
        if not 1 <= delta <= self._max_delta_counter:
            self._machine.add()
            status = CheckStatus.WRONG_SEQUENCE if delta else CheckStatus.REPEATED
            return Check(status, self.state)
        self._last_good_s = time_s
        self._machine.add(good=True)
        status = CheckStatus.OK if delta == 1 else CheckStatus.SOME_LOST
        return Check(status, self.state, lost=delta - 1)
