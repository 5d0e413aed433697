"""Every error of one, two or three bits, in any message at any counter, is found."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_bridge.e2e.profile22 import Profile22Receiver, Profile22Sender, compute_crc
from firmware_bridge.e2e.sequence import CheckStatus
from firmware_bridge.protocol.database import definitions

BITS = 64
COUNTER_BITS = range(8, 12)


def flip(frame: bytes, bits: tuple[int, ...]) -> bytes:
    flipped = int.from_bytes(frame, "little")
    for bit in bits:
        flipped ^= 1 << bit
    return flipped.to_bytes(len(frame), "little")


def is_rejected(frame: bytes, data_ids: bytes) -> bool:
    check = Profile22Receiver(data_ids, timeout_s=None).check(frame, 0.0)
    return check.status is CheckStatus.WRONG_CRC


def syndromes(data_ids: bytes, counter: int, patterns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row of bits how far the CRC is off; zero is an error that goes unnoticed.

    The CRC is linear up to a constant, so the bits' effects add up (XOR) whatever the payload;
    a flipped counter bit also exchanges the Data ID.
    """
    zero = compute_crc(bytes(8), 0)
    effect = np.array(
        [
            1 << bit if bit < 8 else zero ^ compute_crc(flip(bytes(8), (bit,)), 0)
            for bit in range(BITS)
        ]
    )
    exchange = np.array(
        [
            zero ^ compute_crc(bytes(8), data_ids[counter] ^ data_ids[counter ^ flips])
            for flips in range(16)
        ]
    )
    is_counter = np.isin(patterns, COUNTER_BITS)
    flips = np.where(is_counter, 1 << np.clip(patterns - COUNTER_BITS[0], 0, 3), 0).sum(axis=1)
    found: NDArray[np.int64] = np.bitwise_xor.reduce(effect[patterns], axis=1) ^ exchange[flips]
    return found


@pytest.mark.parametrize("name", sorted(definitions()))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_error_of_up_to_three_bits_changes_the_syndrome(name: str, count: int) -> None:
    patterns = np.array(list(combinations(range(BITS), count)))
    for counter in range(16):
        assert np.all(syndromes(definitions()[name].data_ids, counter, patterns) != 0)


@given(
    payload=st.binary(min_size=8, max_size=8),
    counter=st.integers(0, 15),
    bits=st.sets(st.integers(0, BITS - 1), min_size=1, max_size=8),
)
def test_the_syndrome_says_what_the_receiver_does(
    payload: bytes, counter: int, bits: set[int]
) -> None:
    data_ids = definitions()["DriverState"].data_ids
    frame = Profile22Sender(data_ids, counter=(counter - 1) % 16).protect(payload)
    pattern = tuple(sorted(bits))

    noticed = bool(syndromes(data_ids, counter, np.array([pattern]))[0])

    assert is_rejected(flip(frame, pattern), data_ids) is noticed


@pytest.mark.parametrize("name", sorted(definitions()))
def test_the_receiver_rejects_every_single_bit_error(name: str) -> None:
    data_ids = definitions()[name].data_ids
    for counter in range(16):
        frame = Profile22Sender(data_ids, counter=(counter - 1) % 16).protect(bytes(range(8)))
        assert all(is_rejected(flip(frame, (bit,)), data_ids) for bit in range(BITS))


def test_the_receiver_rejects_every_double_bit_error() -> None:
    data_ids = definitions()["DriverState"].data_ids
    frame = Profile22Sender(data_ids).protect(bytes(range(8)))
    assert all(is_rejected(flip(frame, pair), data_ids) for pair in combinations(range(BITS), 2))


def test_the_frames_of_one_message_are_not_taken_for_those_of_another() -> None:
    known = list(definitions().values())
    for sent in known:
        for expected in known:
            if sent is expected:
                continue
            sender = Profile22Sender(sent.data_ids)
            frames = [sender.protect(bytes(8)) for _ in range(16)]
            assert all(is_rejected(frame, expected.data_ids) for frame in frames)
