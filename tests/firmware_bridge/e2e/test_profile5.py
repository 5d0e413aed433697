from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.e2e.profile5 import (
    Profile5Receiver,
    Profile5Sender,
    compute_crc,
)
from firmware_bridge.e2e.sequence import Check, CheckStatus, ReceiverState

DATA_ID = 0x1234
CYCLE_S = 0.1
TIMEOUT_S = 0.35
CAN_FD_LENGTHS = (8, 12, 16, 20, 24, 32, 48, 64)


def protected(counter: int, payload: bytes = bytes(8), data_id: int = DATA_ID) -> bytes:
    """Return `payload` as the sender makes it when `counter` is next."""
    return Profile5Sender(data_id, counter=(counter - 1) % 256).protect(payload)


def receiver(timeout_s: float | None = TIMEOUT_S) -> Profile5Receiver:
    return Profile5Receiver(DATA_ID, timeout_s=timeout_s)


def trusting_receiver() -> Profile5Receiver:
    """Return a receiver that trusts its sender, the last counter being 1, at CYCLE_S."""
    made = receiver()
    for counter in (0, 1):
        made.check(protected(counter), counter * CYCLE_S)
    assert made.state is ReceiverState.VALID
    return made


@pytest.mark.parametrize(
    ("counter", "expected"),
    [(0, "1cca000000000000"), (1, "cf8d010000000000"), (255, "535eff0000000000")],
)
def test_frames_are_those_of_the_published_vectors(counter: int, expected: str) -> None:
    frame = protected(counter)

    assert frame == bytes.fromhex(expected)
    assert receiver().check(frame, 0.0) == Check(CheckStatus.OK, ReceiverState.INITIAL)


def test_the_crc_is_that_of_the_catalogue() -> None:
    # 0x29B1 is the check value of CRC-16/IBM-3740; the first two bytes stand for the CRC itself.
    assert compute_crc(b"\0\0" + b"1234567", int.from_bytes(b"89", "little")) == 0x29B1


def test_the_first_counter_is_0_and_255_is_followed_by_0() -> None:
    sender = Profile5Sender(DATA_ID)

    counters = [sender.protect(bytes(8))[2] for _ in range(257)]

    assert counters == [*range(256), 0]


@given(payload=st.binary(min_size=3, max_size=64), counter=st.integers(0, 255))
def test_only_the_first_three_bytes_are_replaced(payload: bytes, counter: int) -> None:
    frame = protected(counter, payload)

    assert frame[2:] == bytes((counter,)) + payload[3:]
    assert receiver().check(frame, 0.0).status is CheckStatus.OK


def test_two_good_frames_make_a_sender_trusted() -> None:
    made = receiver()
    assert made.state is ReceiverState.NO_DATA

    first, second = (made.check(protected(counter), 0.0) for counter in (255, 0))

    assert (first.state, first.usable) == (ReceiverState.INITIAL, False)
    assert (second.state, second.usable) == (ReceiverState.VALID, True)


@pytest.mark.parametrize("lost", [1, 2])
def test_few_lost_frames_are_counted_and_forgiven(lost: int) -> None:
    check = trusting_receiver().check(protected(2 + lost), 2 * CYCLE_S)

    assert check == Check(CheckStatus.SOME_LOST, ReceiverState.VALID, lost)
    assert check.usable


@pytest.mark.parametrize("counter", [5, 17, 128, 0])  # three lost, 16 ahead, many lost, older
def test_a_jump_beyond_the_allowed_is_a_wrong_sequence(counter: int) -> None:
    check = trusting_receiver().check(protected(counter), 2 * CYCLE_S)

    assert check == Check(CheckStatus.WRONG_SEQUENCE, ReceiverState.INVALID)


def test_after_a_wrong_sequence_three_good_frames_are_needed() -> None:
    made = trusting_receiver()
    made.check(protected(200), 0.2)

    states = [made.check(protected(counter), 0.2).state for counter in (201, 202, 203)]

    assert states == [ReceiverState.INVALID, ReceiverState.INVALID, ReceiverState.VALID]


def test_a_repeated_frame_is_named_and_does_not_keep_its_sender_trusted() -> None:
    made = trusting_receiver()

    checks = [made.check(protected(1), 0.1 + index * CYCLE_S) for index in range(1, 6)]

    assert {check.status for check in checks} == {CheckStatus.REPEATED}
    assert checks[0].state is ReceiverState.VALID
    assert checks[-1].state is ReceiverState.INVALID


def test_a_wrong_crc_changes_nothing() -> None:
    made = trusting_receiver()
    broken = bytearray(protected(9))
    broken[4] ^= 0x10

    assert made.check(bytes(broken), 0.2) == Check(CheckStatus.WRONG_CRC, ReceiverState.VALID)
    assert made.check(protected(2), 0.3).status is CheckStatus.OK


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00"])
def test_a_frame_too_short_for_its_protection_is_a_wrong_crc(data: bytes) -> None:
    assert receiver().check(data, 0.0).status is CheckStatus.WRONG_CRC


def test_silence_is_no_new_data_and_after_the_timeout_the_sender_is_unknown() -> None:
    made = trusting_receiver()  # the last good frame is at 0.1 s

    assert made.check(None, 0.1 + TIMEOUT_S) == Check(CheckStatus.NO_NEW_DATA, ReceiverState.VALID)
    late = made.check(None, 0.1 + TIMEOUT_S + 1e-6)
    assert late == Check(CheckStatus.NO_NEW_DATA, ReceiverState.INVALID)


def test_a_late_frame_does_not_hide_the_timeout_before_it() -> None:
    check = trusting_receiver().check(protected(2), 0.1 + TIMEOUT_S + 0.01)

    assert check == Check(CheckStatus.OK, ReceiverState.INVALID)


def test_without_a_timeout_a_sender_stays_trusted() -> None:
    made = receiver(timeout_s=None)
    for counter in (0, 1):
        made.check(protected(counter), 0.0)

    assert made.check(None, 1e9).state is ReceiverState.VALID
    assert made.deadline_s is None


def test_the_frames_of_one_message_are_not_taken_for_those_of_another() -> None:
    assert all(
        receiver().check(protected(0, data_id=data_id), 0.0).status is CheckStatus.WRONG_CRC
        for data_id in range(0x10000)
        if data_id != DATA_ID and data_id % 37 == 0
    )


@pytest.mark.parametrize("length", CAN_FD_LENGTHS)
def test_every_error_of_up_to_three_bits_changes_the_crc(length: int) -> None:
    # The CRC is linear up to a constant, so the bits' effects add up (XOR) whatever the payload.
    # Three bits can only cancel where two have the effect of a third, or a bit has none.
    zero = compute_crc(bytes(length), DATA_ID)
    effects = [1 << bit for bit in range(16)]
    for bit in range(16, 8 * length):
        flipped = (1 << bit).to_bytes(length, "little")
        effects.append(zero ^ compute_crc(flipped, DATA_ID))
    single = np.array(effects)
    double = np.array([first ^ second for first, second in combinations(effects, 2)])

    assert np.all(single != 0)
    assert np.all(double != 0)
    assert not np.isin(single, double).any()


@given(
    payload=st.binary(min_size=8, max_size=64),
    counter=st.integers(0, 255),
    bits=st.sets(st.integers(0, 63), min_size=1, max_size=3),
)
def test_the_receiver_rejects_errors_of_up_to_three_bits(
    payload: bytes, counter: int, bits: set[int]
) -> None:
    frame = protected(counter, payload)
    flips = sum(1 << bit for bit in bits)
    flipped = (int.from_bytes(frame, "little") ^ flips).to_bytes(len(frame), "little")

    assert receiver().check(flipped, 0.0) == Check(CheckStatus.WRONG_CRC, ReceiverState.NO_DATA)


@pytest.mark.parametrize("data_id", [-1, 0x10000])
def test_a_data_id_has_sixteen_bits(data_id: int) -> None:
    with pytest.raises(ValueError, match="is not in"):
        Profile5Sender(data_id)


def test_a_frame_to_protect_has_room_for_the_protection() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        Profile5Sender(DATA_ID).protect(b"\0\0")
