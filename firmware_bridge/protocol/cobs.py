"""Frames as packets on a noisy serial line: COBS framing with a CRC-32.

A packet is the CAN id, the data (0 to 8 bytes) and the CRC-32 of both (four bytes, low first; the
one of Ethernet and zip). An 11-bit id has two bytes, low first. A 29-bit id has four: its upper 13
bits with 0x8000 set, low first, then its lower 16 bits, low first; so the first two bytes decide
which it is, and a receiver that knows 11-bit ids only rejects it.

COBS (Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999) then replaces its zero bytes,
so that a zero on the line can only be the end of a packet. One stands before it too: whatever noise
came before ends there, and costs no frame.

Of a frame of eight bytes this makes 17, where SLCAN makes 22; 19 and 27 with a 29-bit id. Up to
seven wrong bits in a packet are found for sure, six with a 29-bit id (this CRC has Hamming distance
8 up to 91 bits and 7 up to 171; Koopman's tables); more of them, and errors that tear the stuffing,
but for one in 2**32.
"""

import zlib
from dataclasses import dataclass

from firmware_bridge.protocol.frame import (
    EXTENDED,
    MAX_CLASSIC_LENGTH,
    MAX_EXTENDED_ID,
    MAX_STANDARD_ID,
    CanFrame,
    is_can_id,
    is_extended,
)

DELIMITER = 0
ID_LENGTH = 2
EXTENDED_ID_LENGTH = 4
_EXTENDED_MARK = 0x8000  # in the first two bytes of a 29-bit id
CRC_LENGTH = 4
MIN_PACKET_LENGTH = ID_LENGTH + CRC_LENGTH
MAX_PACKET_LENGTH = EXTENDED_ID_LENGTH + MAX_CLASSIC_LENGTH + CRC_LENGTH
# COBS adds one byte to anything up to 254 bytes long.
MAX_STUFFED_LENGTH = MAX_PACKET_LENGTH + 1
# What a frame with an 11-bit id has on the line besides its data: id, CRC, the byte of COBS and two
# delimiters.
PACKET_OVERHEAD = MIN_PACKET_LENGTH + 3


@dataclass(frozen=True, slots=True)
class CobsCounters:
    """What the parser made of the bytes so far; two delimiters in a row enclose nothing."""

    frames: int = 0
    rejected_packets: int = 0
    rejected_bytes: int = 0  # in rejected packets, their delimiters included


def encode_packet(frame: CanFrame) -> bytes:
    """Return the bytes of `frame`; ValueError if it is not a classic frame."""
    if not is_can_id(frame.can_id):
        highest = MAX_EXTENDED_ID if is_extended(frame.can_id) else MAX_STANDARD_ID
        raise ValueError(f"id {frame.can_id & ~EXTENDED:#x} is not in 0..{highest:#x}")
    if len(frame.data) > MAX_CLASSIC_LENGTH:
        raise ValueError(f"{len(frame.data)} bytes of data, at most {MAX_CLASSIC_LENGTH}")
    content = _id_bytes(frame.can_id) + frame.data
    packet = content + zlib.crc32(content).to_bytes(CRC_LENGTH, "little")
    return bytes((DELIMITER, *stuff(packet), DELIMITER))


class CobsParser:
    """Takes bytes as they come, in any pieces, and returns the frames that they complete.

    Never raises, whatever the bytes; holds at most MAX_STUFFED_LENGTH of them.
    """

    def __init__(self) -> None:
        self._stuffed = bytearray()
        self._overlong = False  # the rest of this packet is thrown away
        self._frames = 0
        self._rejected_packets = 0
        self._rejected_bytes = 0

    @property
    def counters(self) -> CobsCounters:
        """Return what became of the bytes so far."""
        return CobsCounters(self._frames, self._rejected_packets, self._rejected_bytes)

    @property
    def pending_bytes(self) -> int:
        """Return how many bytes wait for the end of their packet."""
        return len(self._stuffed)

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]:
        """Return the frames that `data` completes, stamped `time_s`."""
        frames: list[CanFrame] = []
        for byte in data:
            if byte == DELIMITER:
                frame = self._end_packet(time_s)
                if frame is not None:
                    frames.append(frame)
            elif self._overlong:
                self._rejected_bytes += 1
            else:
                self._add(byte)
        return frames

    def _add(self, byte: int) -> None:
        self._stuffed.append(byte)
        if len(self._stuffed) > MAX_STUFFED_LENGTH:
            self._rejected_bytes += len(self._stuffed)
            self._stuffed.clear()
            self._overlong = True

    def _end_packet(self, time_s: float) -> CanFrame | None:
        if not self._stuffed and not self._overlong:
            return None
        frame = None if self._overlong else parse_packet(bytes(self._stuffed), time_s)
        if frame is None:
            self._rejected_packets += 1
            self._rejected_bytes += len(self._stuffed) + 1
        else:
            self._frames += 1
        self._stuffed.clear()
        self._overlong = False
        return frame


def parse_packet(stuffed: bytes, time_s: float) -> CanFrame | None:
    """Return the frame between two delimiters, None unless it is exactly one."""
    packet = unstuff(stuffed)
    if packet is None or not MIN_PACKET_LENGTH <= len(packet) <= MAX_PACKET_LENGTH:
        return None
    content, crc = packet[:-CRC_LENGTH], packet[-CRC_LENGTH:]
    if int.from_bytes(crc, "little") != zlib.crc32(content):
        return None
    can_id, data = _split_id(content)
    if not is_can_id(can_id) or len(data) > MAX_CLASSIC_LENGTH:
        return None
    return CanFrame(can_id, data, time_s)


def _id_bytes(can_id: int) -> bytes:
    if not is_extended(can_id):
        return can_id.to_bytes(ID_LENGTH, "little")
    upper = (can_id & ~EXTENDED) >> 16 | _EXTENDED_MARK
    return upper.to_bytes(2, "little") + (can_id & 0xFFFF).to_bytes(2, "little")


def _split_id(content: bytes) -> tuple[int, bytes]:
    """Return id and data; an id that is none where its bytes are not there or mean nothing."""
    first = int.from_bytes(content[:ID_LENGTH], "little")
    if not first & _EXTENDED_MARK:
        return first, content[ID_LENGTH:]
    rest = content[ID_LENGTH:EXTENDED_ID_LENGTH]
    if len(rest) < EXTENDED_ID_LENGTH - ID_LENGTH:
        return -1, b""
    can_id = (first & ~_EXTENDED_MARK) << 16 | int.from_bytes(rest, "little")
    return can_id | EXTENDED, content[EXTENDED_ID_LENGTH:]


def stuff(packet: bytes) -> bytes:
    """Return `packet`, at most 254 bytes, without zeros: each block led by its length plus one."""
    return b"".join(bytes((len(block) + 1,)) + block for block in packet.split(b"\0"))


def unstuff(stuffed: bytes) -> bytes | None:
    """Return what `stuff` made this of; None if the lengths of its blocks do not fit."""
    blocks: list[bytes] = []
    position = 0
    while position < len(stuffed):
        end = position + stuffed[position]
        if stuffed[position] == DELIMITER or end > len(stuffed):
            return None
        blocks.append(stuffed[position + 1 : end])
        position = end
    return b"\0".join(blocks) if blocks else None
