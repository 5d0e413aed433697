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

from firmware_bridge.e2e.sequence import SequenceReceiver

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


class Profile5Receiver(SequenceReceiver):
    """Judges the frames of one message. Pure: time comes from the caller, monotonic seconds."""

    def __init__(self, data_id: int, *, timeout_s: float | None) -> None:
        super().__init__(COUNTERS, timeout_s=timeout_s)
        self._data_id = _checked(data_id)

    def _intact_counter(self, data: bytes) -> int | None:
        if len(data) < MIN_LENGTH:
            return None
        crc = int.from_bytes(data[:CRC_LENGTH], "little")
        return data[COUNTER_AT] if crc == compute_crc(data, self._data_id) else None


def _checked(data_id: int) -> int:
    if not 0 <= data_id <= MAX_DATA_ID:
        raise ValueError(f"Data ID {data_id:#x} is not in 0..{MAX_DATA_ID:#x}")
    return data_id
