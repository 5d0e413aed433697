"""AUTOSAR E2E Profile 22: a CRC-8, a 4-bit counter and a list of Data IDs that is never sent.

Byte 0 is the CRC over bytes 1 to the last and then the Data ID that the counter chooses; the low
nibble of byte 1 is the counter. (AUTOSAR, E2E Protocol Specification, R22-11.)

    sender = Profile22Sender(data_ids)
    frame = sender.protect(payload)

    receiver = Profile22Receiver(data_ids, timeout_s=0.35)
    if receiver.check(frame, now_s).usable: ...
    receiver.check(None, now_s)  # nothing came: this is how a time-out is noticed
"""

from dataclasses import dataclass
from enum import StrEnum

from crccheck.crc import Crc8Autosar

COUNTERS = 16
MIN_LENGTH = 2

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


def compute_crc(data: bytes, data_id: int) -> int:
    """Return the CRC for a frame: over all but its first byte, and then the Data ID."""
    crc: int = Crc8Autosar.calc(data[1:] + bytes((data_id,)))
    return crc


class Profile22Sender:
    """Protects the frames of one message. `counter` is that of the frame before the first."""

    def __init__(self, data_ids: bytes, counter: int = 0) -> None:
        self._data_ids = _checked(data_ids)
        self._counter = counter

    def protect(self, data: bytes) -> bytes:
        """Return `data` with the next counter and the CRC in place; what was there is replaced."""
        if len(data) < MIN_LENGTH:
            raise ValueError(f"a protected frame has at least {MIN_LENGTH} bytes, not {len(data)}")
        self._counter = (self._counter + 1) % COUNTERS
        protected = bytearray(data)
        protected[1] = (protected[1] & 0xF0) | self._counter
        protected[0] = compute_crc(bytes(protected), self._data_ids[self._counter])
        return bytes(protected)


class Profile22Receiver:
    """Judges the frames of one message. Pure: time comes from the caller, monotonic seconds.

    After `timeout_s` without a good frame the sender is no longer trusted; None is never (for a
    message that is sent only now and then).
    """

    def __init__(
        self,
        data_ids: bytes,
        *,
        timeout_s: float | None,
        max_delta_counter: int = MAX_DELTA_COUNTER,
        good_to_start: int = GOOD_TO_START,
        good_to_recover: int = GOOD_TO_RECOVER,
    ) -> None:
        self._data_ids = _checked(data_ids)
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
        if len(data) < MIN_LENGTH or data[0] != compute_crc(data, self._data_ids[data[1] & 0x0F]):
            # Nothing of a broken frame is believed, its counter included.
            return Check(CheckStatus.WRONG_CRC, self._state)
        return self._check_sequence(data[1] & 0x0F, time_s)

    def _check_sequence(self, counter: int, time_s: float) -> Check:
        # The first frame has nothing to be compared with; that two are needed covers it.
        delta = 1 if self._counter is None else (counter - self._counter) % COUNTERS
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


def _checked(data_ids: bytes) -> bytes:
    if len(data_ids) != COUNTERS:
        raise ValueError(f"a Data ID list has {COUNTERS} entries, not {len(data_ids)}")
    return data_ids
