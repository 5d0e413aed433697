"""How many corrupted frames would be believed: millions of them, by kind of error and transport.

Content, counter and message of the frames are random; the seed makes a run repeatable.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firmware_bridge.benchmark.many_frames import (
    FRAME_BYTES,
    Received,
    Rows,
    encode_lines,
    encode_packets,
    is_believed,
    protect,
    receive_lines,
    receive_packets,
)
from firmware_bridge.protocol.database import definitions

_BATCH = 100_000
LONGEST_BURST_BITS = 32
# Random bytes have the right CRC-8 in one case of 256 (design).
ONE_IN_256 = 1 / 256
# A count around an expected one is allowed so many of its standard deviations.
_DEVIATIONS = 5.0


@dataclass(frozen=True, slots=True)
class Count:
    """What became of `frames` corrupted frames of one kind."""

    transport: str
    error: str
    frames: int
    passed: int  # the transport's own rules, with COBS its CRC-32
    accepted_wrong: int  # and the protection, though it is not what was sent
    bound_share: float  # of `frames`; 0 is none at all

    @property
    def holds(self) -> bool:
        """Return whether the bound was kept; for a share, as far as chance allows."""
        expected = self.bound_share * self.frames
        return self.accepted_wrong <= expected + _DEVIATIONS * math.sqrt(expected)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"holds": self.holds}


Corrupt = Callable[[np.random.Generator, Rows], Rows]


@dataclass(frozen=True, slots=True)
class _Transport:
    name: str
    encode: Callable[[np.ndarray[Any, Any], Rows], Rows]
    receive: Callable[[Rows], Received]


@dataclass(frozen=True, slots=True)
class _Kind:
    error: str
    corrupt: Corrupt
    bound_share: float


def count_corrupted(frames_each: int, seed: int = 1) -> Iterator[Count]:
    """Yield the counts of each kind of error on each transport, `frames_each` frames a kind."""
    for number, (transport, kind) in enumerate(_kinds()):
        rng = np.random.default_rng((seed, number))
        passed = accepted_wrong = 0
        for start in range(0, frames_each, _BATCH):
            batch = min(_BATCH, frames_each - start)
            ids, data = random_frames(rng, batch)
            received = transport.receive(kind.corrupt(rng, transport.encode(ids, data)))
            if transport.name == "frame":
                received = Received(received.passed, ids, received.data)
            is_other = (received.ids != ids) | (received.data != data).any(axis=1)
            passed += int(received.passed.sum())
            accepted_wrong += int((is_believed(received) & is_other).sum())
        yield Count(
            transport.name, kind.error, frames_each, passed, accepted_wrong, kind.bound_share
        )


def random_frames(rng: np.random.Generator, count: int) -> tuple[np.ndarray[Any, Any], Rows]:
    """Return protected frames of our messages: ids int64[count], data uint8[count, 8]."""
    ids = rng.choice(sorted(message.can_id for message in definitions().values()), count)
    data = rng.integers(0, 256, (count, FRAME_BYTES), np.uint8)
    return ids, protect(data, ids)


def flip_bits(count: int) -> Corrupt:
    """Return what turns over `count` different bits of each row."""

    def corrupt(rng: np.random.Generator, rows: Rows) -> Rows:
        bits = 8 * rows.shape[1]
        chosen = rng.integers(0, bits, (len(rows), count))
        while True:
            ordered = np.sort(chosen, axis=1)
            twice = (np.diff(ordered, axis=1) == 0).any(axis=1)
            if not twice.any():
                break
            chosen[twice] = rng.integers(0, bits, (int(twice.sum()), count))
        wrong = rows.copy()
        every = np.arange(len(rows))
        for column in range(count):
            wrong[every, chosen[:, column] // 8] ^= (1 << chosen[:, column] % 8).astype(np.uint8)
        return wrong

    return corrupt


def burst(rng: np.random.Generator, rows: Rows) -> Rows:
    """Turn 2 to 32 bits in a row to anything; the first of them is wrong for sure."""
    count, width = rows.shape
    length = rng.integers(2, LONGEST_BURST_BITS + 1, count)
    pattern = rng.integers(0, 1 << LONGEST_BURST_BITS, count) & ((1 << length) - 1) | 1
    start = rng.integers(0, 8 * width, count)
    pattern <<= start % 8
    wrong = np.zeros((count, width + 5), np.uint8)
    wrong[:, :width] = rows
    every = np.arange(count)
    for byte in range(5):
        wrong[every, start // 8 + byte] ^= (pattern >> 8 * byte & 0xFF).astype(np.uint8)
    return wrong[:, :width]


def random_data(rng: np.random.Generator, rows: Rows) -> Rows:
    """Exchange all eight bytes of a frame for any others."""
    return rng.integers(0, 256, rows.shape, np.uint8)


def random_digits(rng: np.random.Generator, lines: Rows) -> Rows:
    """Exchange the data of a line for other hex digits: the worst case, for it still is a line."""
    wrong = lines.copy()
    digits = np.frombuffer(b"0123456789ABCDEF", np.uint8)
    wrong[:, 5:-1] = digits[rng.integers(0, 16, (len(lines), 2 * FRAME_BYTES))]
    return wrong


def noise(rng: np.random.Generator, rows: Rows) -> Rows:
    """Exchange all but the ends of the line or packet for any bytes."""
    wrong = rows.copy()
    wrong[:, 1:-1] = rng.integers(0, 256, wrong[:, 1:-1].shape, np.uint8)
    return wrong


def noise_without_zeros(rng: np.random.Generator, packets: Rows) -> Rows:
    """Exchange all between the delimiters for bytes that end no packet: the worst case."""
    wrong = packets.copy()
    wrong[:, 1:-1] = rng.integers(1, 256, wrong[:, 1:-1].shape, np.uint8)
    return wrong


def _kinds() -> Iterator[tuple[_Transport, _Kind]]:
    bits = {f"{count} bit{'s' * (count > 1)}": flip_bits(count) for count in (1, 2, 3)}
    frame = _Transport("frame", lambda _, data: data, _receive_bare)
    slcan = _Transport("slcan", encode_lines, receive_lines)
    cobs = _Transport("cobs", encode_packets, receive_packets)
    for error, corrupt in bits.items():
        yield frame, _Kind(error, corrupt, 0.0)
    yield frame, _Kind("burst, 2 to 32 bits", burst, ONE_IN_256)
    yield frame, _Kind("random bytes", random_data, ONE_IN_256)
    # Of a digit of a line one wrong bit makes up to three in the frame, which are found for sure;
    # two may make six.
    for error, corrupt in bits.items():
        yield slcan, _Kind(error, corrupt, 0.0 if error == "1 bit" else ONE_IN_256)
    yield slcan, _Kind("burst, 2 to 32 bits", burst, ONE_IN_256)
    yield slcan, _Kind("random hex digits", random_digits, ONE_IN_256)
    yield slcan, _Kind("random bytes", noise, ONE_IN_256)
    for error, corrupt in bits.items():
        yield cobs, _Kind(error, corrupt, 0.0)
    yield cobs, _Kind("burst, 2 to 32 bits", burst, 0.0)
    yield cobs, _Kind("random bytes", noise_without_zeros, 0.0)


def _receive_bare(data: Rows) -> Received:
    """Take frames as a bus hands them over; the id is not part of what was corrupted."""
    return Received(np.ones(len(data), np.bool_), np.zeros(len(data), np.int64), data)
