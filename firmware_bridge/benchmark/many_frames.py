"""Receivers for a hundred thousand frames at a time: what the real ones would make of each.

Tests hold them to the real ones, line by line. A frame stands for itself here: its counter is not
followed. Arrays have one row a frame, uint8[n, bytes].
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.protocol.cobs import CRC_LENGTH, ID_LENGTH, PACKET_OVERHEAD
from firmware_bridge.protocol.database import definitions
from firmware_bridge.protocol.frame import MAX_CLASSIC_LENGTH, MAX_STANDARD_ID

Rows = NDArray[np.uint8]
Ids = NDArray[np.int64]
Marks = NDArray[np.bool_]

FRAME_BYTES = MAX_CLASSIC_LENGTH  # all our messages have eight
LINE_BYTES = 5 + 2 * FRAME_BYTES + 1  # t, id, length, data, carriage return
PACKET_BYTES = FRAME_BYTES + PACKET_OVERHEAD  # with the delimiter on each side

_CRC8_POLYNOMIAL = 0x2F
_CRC32_POLYNOMIAL = 0xEDB88320  # 0x04C11DB7, bits reflected
_NO_DIGIT = 0xFF


@dataclass(frozen=True, slots=True)
class Received:
    """Ids int64[n] and data uint8[n, 8]; only where `passed` (bool[n]) is there a frame."""

    passed: Marks
    ids: Ids
    data: Rows


def protect(data: Rows, ids: Ids) -> Rows:
    """Return `data` with the CRC of Profile 22; the counters in it stay as they are."""
    protected = data.copy()
    protected[:, 0] = _crc8(data, ids)
    return protected


def is_believed(received: Received) -> Marks:
    """Return which frames have the id of a message of ours and its right CRC."""
    known = np.isin(received.ids, sorted(_data_ids()[0]))
    ids = np.where(known, received.ids, min(_data_ids()[0]))
    marks: Marks = received.passed & known & (received.data[:, 0] == _crc8(received.data, ids))
    return marks


def encode_lines(ids: Ids, data: Rows) -> Rows:
    """Return the SLCAN line of each frame."""
    digits = np.frombuffer(b"0123456789ABCDEF", np.uint8)
    lines = np.empty((len(ids), LINE_BYTES), np.uint8)
    lines[:, 0] = ord("t")
    for place, shift in enumerate((8, 4, 0)):
        lines[:, 1 + place] = digits[(ids >> shift) & 0xF]
    lines[:, 4] = digits[FRAME_BYTES]
    lines[:, 5:-1:2] = digits[data >> 4]
    lines[:, 6:-1:2] = digits[data & 0xF]
    lines[:, -1] = ord("\r")
    return lines


def receive_lines(lines: Rows) -> Received:
    """Return the frames of eight bytes in lines that came alone.

    A `t` or a carriage return inside leaves pieces, which are too short for eight bytes.
    """
    values = _hex_values()[lines[:, 1:-1]]
    ids = (values[:, 0].astype(np.int64) << 8) | (values[:, 1] << 4) | values[:, 2]
    passed = (
        (lines[:, 0] == ord("t"))
        & (lines[:, -1] == ord("\r"))
        & (values != _NO_DIGIT).all(axis=1)
        & (values[:, 3] == FRAME_BYTES)
        & (ids <= MAX_STANDARD_ID)
    )
    data: Rows = ((values[:, 4::2] << 4) | values[:, 5::2]).astype(np.uint8)
    return Received(passed, ids, data)


def encode_packets(ids: Ids, data: Rows) -> Rows:
    """Return the COBS packet of each frame, with its delimiters."""
    packet = np.empty((len(ids), ID_LENGTH + FRAME_BYTES + CRC_LENGTH), np.uint8)
    packet[:, 0], packet[:, 1] = ids & 0xFF, ids >> 8
    packet[:, 2:10] = data
    crc = _crc32(packet[:, :10])
    for place in range(4):
        packet[:, 10 + place] = (crc >> np.uint32(8 * place)) & np.uint32(0xFF)
    stuffed = np.zeros((len(ids), PACKET_BYTES), np.uint8)
    stuffed[:, 2:-1] = packet
    # Each block begins with its length: the way to the next zero, from the end on backwards.
    length = np.ones(len(ids), np.uint8)
    for place in range(PACKET_BYTES - 2, 0, -1):
        starts = stuffed[:, place] == 0
        stuffed[:, place] = np.where(starts, length, stuffed[:, place])
        length = np.where(starts, 1, length + 1).astype(np.uint8)
    return stuffed


def receive_packets(packets: Rows) -> Received:
    """Return the frames of eight bytes in packets that came alone.

    A zero inside, or a delimiter that is none any more, leaves pieces of another length.
    """
    stuffed = packets[:, 1:-1]
    passed = (packets[:, 0] == 0) & (packets[:, -1] == 0) & (stuffed != 0).all(axis=1)
    plain = np.zeros_like(stuffed)
    left = np.zeros(len(packets), np.int64)  # bytes until the next block begins
    for place in range(stuffed.shape[1]):
        starts = left == 0
        plain[:, place] = np.where(starts, 0, stuffed[:, place])
        left = np.where(starts, stuffed[:, place].astype(np.int64) - 1, left - 1)
    packet = plain[:, 1:]
    ids = packet[:, 0].astype(np.int64) | (packet[:, 1].astype(np.int64) << 8)
    crc = np.zeros(len(packets), np.uint32)
    for place in range(4):
        crc |= packet[:, 10 + place].astype(np.uint32) << np.uint32(8 * place)
    passed &= (left == 0) & (crc == _crc32(packet[:, :10])) & (ids <= MAX_STANDARD_ID)
    return Received(passed, ids, packet[:, 2:10])


def _crc8(data: Rows, ids: Ids) -> Rows:
    known, lists = _data_ids()
    row = np.searchsorted(known, ids)
    table = _crc8_table()
    crc = np.full(len(data), 0xFF, np.uint8)
    for place in range(1, FRAME_BYTES):
        crc = table[crc ^ data[:, place]]
    crc = table[crc ^ lists[row, data[:, 1] & 0x0F]]
    inverted: Rows = crc ^ np.uint8(0xFF)
    return inverted


def _crc32(data: Rows) -> NDArray[np.uint32]:
    table = _crc32_table()
    crc = np.full(len(data), 0xFFFFFFFF, np.uint32)
    for place in range(data.shape[1]):
        crc = table[(crc ^ data[:, place]) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return ~crc


@cache
def _data_ids() -> tuple[Ids, Rows]:
    """Return our n ids in order, int64[n], and the Data ID list of each, uint8[n, 16]."""
    known = sorted(definitions().values(), key=lambda message: message.can_id)
    lists = np.array([list(message.data_ids) for message in known], np.uint8)
    return np.array([message.can_id for message in known]), lists


@cache
def _crc8_table() -> Rows:
    table = np.arange(256, dtype=np.uint8)
    for _ in range(8):
        overflows = np.where(table & 0x80, np.uint8(_CRC8_POLYNOMIAL), np.uint8(0))
        table = ((table << 1) ^ overflows).astype(np.uint8)
    return table


@cache
def _crc32_table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        odd = np.where(table & np.uint32(1), np.uint32(_CRC32_POLYNOMIAL), np.uint32(0))
        table = (table >> np.uint32(1)) ^ odd
    return table


@cache
def _hex_values() -> Rows:
    values = np.full(256, _NO_DIGIT, np.uint8)
    for digit in b"0123456789ABCDEFabcdef":
        values[digit] = int(chr(digit), 16)
    return values
