"""What the end-to-end profiles share: the verdict on a frame, and when its sender is trusted.

Pure: time comes from the caller, monotonic seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

# A jump of up to 3 means that up to 2 frames are lost, which a cyclic message forgives. Good frames
# to trust a sender at first and to trust it again, and missed cycles until it is unknown: design.
MAX_DELTA_COUNTER = 3
GOOD_TO_START = 2
GOOD_TO_RECOVER = 3
TIMEOUT_CYCLES = 3.5


class CheckStatus(StrEnum):
    """What one check of one message found."""

    OK = "ok"
    SOME_LOST = "some_lost"  # good, and up to MAX_DELTA_COUNTER - 1 before it are missing
    REPEATED = "repeated"
    WRONG_CRC = "wrong_crc"
    WRONG_SEQUENCE = "wrong_sequence"  # too many are missing, or it came out of order
    NO_NEW_DATA = "no_new_data"


class ReceiverState(StrEnum):
    """Whether the receiver trusts the sender."""

    NO_DATA = "no_data"
    INITIAL = "initial"  # good so far, not yet enough
    VALID = "valid"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. Take content over only if `usable`."""

    status: CheckStatus
    state: ReceiverState
    lost: int = 0  # frames known to be missing before this one

    @property
    def is_good(self) -> bool:
        """The frame itself is intact and in sequence."""
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
        good_to_start: int = GOOD_TO_START,
        good_to_recover: int = GOOD_TO_RECOVER,
    ) -> None:
        self._counters = counters
        self._timeout_s = timeout_s
        self._max_delta_counter = max_delta_counter
        self._good_to_start = good_to_start
        self._good_to_recover = good_to_recover
        self._counter: int | None = None  # of the last frame whose CRC was right
        self._last_good_s: float | None = None
        self._good_in_a_row = 0
        self._state = ReceiverState.NO_DATA

    @property
    def state(self) -> ReceiverState:
        """Return the state as of the last check."""
        return self._state

    @property
    def deadline_s(self) -> float | None:
        """Return when the last good frame has aged out; None where nothing can."""
        if self._timeout_s is None or self._last_good_s is None:
            return None
        return self._last_good_s + self._timeout_s

    def check(self, data: bytes | None, time_s: float) -> Check:
        """Judge what arrived at `time_s`; None where nothing did."""
        deadline_s = self.deadline_s
        if deadline_s is not None and time_s > deadline_s:
            self._distrust()
        if data is None:
            return Check(CheckStatus.NO_NEW_DATA, self._state)
        counter = self._intact_counter(data)
        if counter is None:
            # Nothing of a broken frame is believed, its counter included.
            return Check(CheckStatus.WRONG_CRC, self._state)
        return self._check_sequence(counter, time_s)

    def _intact_counter(self, data: bytes) -> int | None:
        """Return the counter of a frame; None if its CRC is wrong or it has no room for one."""
        raise NotImplementedError

    def _check_sequence(self, counter: int, time_s: float) -> Check:
        # The first frame has nothing to be compared with; that two are needed covers it.
        delta = 1 if self._counter is None else (counter - self._counter) % self._counters
        self._counter = counter
        if delta == 0:
            return Check(CheckStatus.REPEATED, self._state)
        if delta > self._max_delta_counter:
            self._distrust()
            return Check(CheckStatus.WRONG_SEQUENCE, self._state)
        self._last_good_s = time_s
        self._trust()
        status = CheckStatus.OK if delta == 1 else CheckStatus.SOME_LOST
        return Check(status, self._state, lost=delta - 1)

    def _trust(self) -> None:
        self._good_in_a_row += 1
        if self._state is ReceiverState.NO_DATA:
            self._state = ReceiverState.INITIAL
        recovering = self._state is ReceiverState.INVALID
        needed = self._good_to_recover if recovering else self._good_to_start
        if self._good_in_a_row >= needed:
            self._state = ReceiverState.VALID

    def _distrust(self) -> None:
        self._good_in_a_row = 0
        if self._state is not ReceiverState.NO_DATA:
            self._state = ReceiverState.INVALID
