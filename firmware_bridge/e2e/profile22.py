"""AUTOSAR E2E Profile 22: a CRC-8, a 4-bit counter and a list of Data IDs that is never sent.

Byte 0 is the CRC over bytes 1 to the last and then the Data ID that the counter chooses; the low
nibble of byte 1 is the counter. (AUTOSAR, E2E Protocol Specification, R22-11.)

    sender = Profile22Sender(data_ids)
    frame = sender.protect(payload)

    receiver = Profile22Receiver(data_ids, timeout_s=0.35)
    if receiver.check(frame, now_s).usable: ...
    receiver.check(None, now_s)  # nothing came: this is how a time-out is noticed
"""

from crccheck.crc import Crc8Autosar

from firmware_bridge.e2e.sequence import SequenceReceiver
from firmware_bridge.e2e.state_machine import DEFAULT_SETTINGS, StateMachineSettings

COUNTERS = 16
MIN_LENGTH = 2


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


class Profile22Receiver(SequenceReceiver):
    """Judges the frames of one message. Pure: time comes from the caller, monotonic seconds."""

    def __init__(
        self,
        data_ids: bytes,
        *,
        timeout_s: float | None,
        settings: StateMachineSettings = DEFAULT_SETTINGS,
    ) -> None:
        super().__init__(COUNTERS, timeout_s=timeout_s, settings=settings)
        self._data_ids = _checked(data_ids)

    def _intact_counter(self, data: bytes) -> int | None:
        if len(data) < MIN_LENGTH:
            return None
        counter = data[1] & 0x0F
        return counter if data[0] == compute_crc(data, self._data_ids[counter]) else None


def _checked(data_ids: bytes) -> bytes:
    if len(data_ids) != COUNTERS:
        raise ValueError(f"a Data ID list has {COUNTERS} entries, not {len(data_ids)}")
    return data_ids
