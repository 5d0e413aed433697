"""AUTOSAR E2E Profile 5, for CAN FD: a CRC-16, an 8-bit counter and a Data ID that is never sent.

Bytes 0 and 1 are the CRC, low byte first, over bytes 2 to the last and then the Data ID, low byte
first; byte 2 is the counter. (AUTOSAR, E2E Protocol Specification, R22-11.)

    sender = Profile5Sender(data_id)
    frame = sender.protect(payload)

    receiver = Profile5Receiver(data_id, timeout_s=0.35)
    if receiver.check(frame, now_s).usable: ...
    receiver.check(None, now_s)  # nothing came: this is how a time-out is noticed

Statuses and rules of trust are those of Profile 22.
"""

from crccheck.crc import Crc16Ibm3740

from firmware_bridge.e2e.profile22 import (
    GOOD_TO_RECOVER,
    GOOD_TO_START,
    MAX_DELTA_COUNTER,
    Check,
    CheckStatus,
    ReceiverState,
)

COUNTERS = 256
CRC_LENGTH = 2
COUNTER_AT = 2
MIN_LENGTH = 3
MAX_DATA_ID = 0xFFFF


def compute_crc(data: bytes, data_id: int) -> int:
    """Return the CRC for a frame: over all but its first two bytes, and then the Data ID."""
    # The same polynomial 0x1021 and start 0xFFFF are also known as CRC-16/CCITT-FALSE.
    crc: int = Crc16Ibm3740.calc(data[CRC_LENGTH:] + data_id.to_bytes(2, "little"))
    return crc


class Profile5Sender:
    """Protects the frames of one message. `counter` is that of the frame before the first.

    The first frame of all has the counter 0, as the profile asks.
    """

    def __init__(self, data_id: int, counter: int = COUNTERS - 1) -> None:
        self._data_id = _checked(data_id)
        self._counter = counter

    def protect(self, data: bytes) -> bytes:
        """Return `data` with the next counter and the CRC in place; what was there is replaced."""
        if len(data) < MIN_LENGTH:
            raise ValueError(f"a protected frame has at least {MIN_LENGTH} bytes, not {len(data)}")
        self._counter = (self._counter + 1) % COUNTERS
        protected = bytearray(data)
        protected[COUNTER_AT] = self._counter
        crc = compute_crc(bytes(protected), self._data_id)
        protected[:CRC_LENGTH] = crc.to_bytes(CRC_LENGTH, "little")
        return bytes(protected)


class Profile5Receiver:
    """Judges the frames of one message. Pure: time comes from the caller, monotonic seconds.

    After `timeout_s` without a good frame the sender is no longer trusted; None is never (for a
    message that is sent only now and then).
    """

    def __init__(
        self,
        data_id: int,
        *,
        timeout_s: float | None,
        max_delta_counter: int = MAX_DELTA_COUNTER,
        good_to_start: int = GOOD_TO_START,
        good_to_recover: int = GOOD_TO_RECOVER,
    ) -> None:
        self._data_id = _checked(data_id)
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
        if len(data) < MIN_LENGTH or not _is_intact(data, self._data_id):
            # Nothing of a broken frame is believed, its counter included.
            return Check(CheckStatus.WRONG_CRC, self._state)
        return self._check_sequence(data[COUNTER_AT], time_s)

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


def _is_intact(data: bytes, data_id: int) -> bool:
    return int.from_bytes(data[:CRC_LENGTH], "little") == compute_crc(data, data_id)


def _checked(data_id: int) -> int:
    if not 0 <= data_id <= MAX_DATA_ID:
        raise ValueError(f"Data ID {data_id:#x} is not in 0..{MAX_DATA_ID:#x}")
    return data_id
