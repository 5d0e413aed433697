"""Our protection against that of another author: the package `autosar-e2e`, written in C.

It has no Profile 22 by that name, but Profile 2, whose frames are the same: the layout, the CRC and
the list of Data IDs. What differs is the receiver's state machine, which it does not have.
"""

from itertools import combinations

import pytest
from e2e.p02 import e2e_p02_check, e2e_p02_protect
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.e2e.profile22 import Profile22Receiver, Profile22Sender
from firmware_bridge.e2e.sequence import CheckStatus
from firmware_bridge.protocol.database import definitions

messages = st.sampled_from(sorted(definitions()))
data_ids_of = {name: known.data_ids for name, known in definitions().items()}
lists = st.one_of(messages.map(data_ids_of.__getitem__), st.binary(min_size=16, max_size=16))
BITS = 64


def accepts22(data: bytes, data_ids: bytes) -> bool:
    check = Profile22Receiver(data_ids, timeout_s=None).check(data, 0.0)
    return check.status is not CheckStatus.WRONG_CRC


@given(data=st.binary(min_size=2, max_size=64), data_ids=lists, counter=st.integers(0, 15))
def test_both_protect_alike_by_profile_22(data: bytes, data_ids: bytes, counter: int) -> None:
    ours = Profile22Sender(data_ids, counter=counter).protect(data)
    theirs = bytearray(data)
    theirs[1] = (theirs[1] & 0xF0) | counter

    e2e_p02_protect(theirs, data_ids, increment_counter=True)

    assert ours == bytes(theirs)
    assert e2e_p02_check(ours, data_ids)
    assert accepts22(bytes(theirs), data_ids)


@given(data=st.binary(min_size=2, max_size=8), crc=st.integers(0, 255), data_ids=lists)
def test_both_judge_any_bytes_alike_by_profile_22(data: bytes, crc: int, data_ids: bytes) -> None:
    # All 256 CRCs, so that among these frames are some that pass.
    judged = [
        (accepts22(frame, data_ids), bool(e2e_p02_check(frame, data_ids)))
        for frame in (bytes(((crc + offset) % 256, *data[1:])) for offset in range(256))
    ]

    assert all(ours == theirs for ours, theirs in judged)
    assert sum(ours for ours, _ in judged) == 1


def flipped_frames(data_ids: bytes, counter: int, count: int) -> list[bytes]:
    """Return a frame with every error of `count` bits."""
    frame = Profile22Sender(data_ids, counter=counter).protect(bytes(range(8)))
    as_number = int.from_bytes(frame, "little")
    bits = [1 << bit for bit in range(BITS)]
    return [(as_number ^ sum(chosen)).to_bytes(8, "little") for chosen in combinations(bits, count)]


@pytest.mark.parametrize("name", sorted(definitions()))
@pytest.mark.parametrize("count", [1, 2])
def test_both_find_every_error_of_one_and_two_bits(name: str, count: int) -> None:
    data_ids = data_ids_of[name]
    for counter in range(16):
        for frame in flipped_frames(data_ids, counter, count):
            assert not e2e_p02_check(frame, data_ids)
            assert not accepts22(frame, data_ids)


@pytest.mark.parametrize("name", sorted(definitions()))
def test_the_other_finds_every_error_of_three_bits(name: str) -> None:
    data_ids = data_ids_of[name]
    for counter in range(16):
        assert not any(
            e2e_p02_check(frame, data_ids) for frame in flipped_frames(data_ids, counter, 3)
        )
