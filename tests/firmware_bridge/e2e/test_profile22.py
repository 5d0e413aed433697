import pytest

from firmware_bridge.e2e.profile22 import Profile22Receiver, Profile22Sender, compute_crc
from firmware_bridge.e2e.sequence import CheckStatus
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import definition

DRIVER_STATE_IDS = bytes.fromhex("3aa53fa04bd44ed15fc05ac52eb12bb4")
COUNTING_IDS = bytes(range(1, 17))
CYCLE_S = 0.1
TIMEOUT_S = 0.35


def protected(counter: int, payload: bytes = bytes(8), ids: bytes = DRIVER_STATE_IDS) -> bytes:
    """Return `payload` as the sender makes it when `counter` is next."""
    return Profile22Sender(ids, counter=(counter - 1) % 16).protect(payload)


def receiver(timeout_s: float | None = TIMEOUT_S) -> Profile22Receiver:
    return Profile22Receiver(DRIVER_STATE_IDS, timeout_s=timeout_s)


def trusting_receiver() -> Profile22Receiver:
    """Return a receiver that trusts its sender, the last counter being 1, at CYCLE_S."""
    made = receiver()
    for counter in (0, 1):
        made.check(protected(counter), counter * CYCLE_S)
    assert made.state is ReceiverState.VALID
    return made


@pytest.mark.parametrize(
    ("ids", "counter", "payload", "expected"),
    [
        (COUNTING_IDS, 1, "0000000000000000", "1b01000000000000"),
        (DRIVER_STATE_IDS, 0, "0000000000000000", "f500000000000000"),
        (DRIVER_STATE_IDS, 1, "0000000000000000", "4601000000000000"),
        (DRIVER_STATE_IDS, 15, "0000000000000000", "e10f000000000000"),
        (DRIVER_STATE_IDS, 0, "00d003af90140405", "b4d003af90140405"),
        (DRIVER_STATE_IDS, 1, "00d003af90140405", "07d103af90140405"),
        (DRIVER_STATE_IDS, 14, "00d003af90140405", "13de03af90140405"),
        (DRIVER_STATE_IDS, 15, "00d003af90140405", "a0df03af90140405"),
    ],
)
def test_frames_are_those_of_the_published_vectors(
    ids: bytes, counter: int, payload: str, expected: str
) -> None:
    frame = protected(counter, bytes.fromhex(payload), ids)

    assert frame == bytes.fromhex(expected)
    assert Profile22Receiver(ids, timeout_s=None).check(frame, 0.0).status is CheckStatus.OK


def test_the_crc_is_that_of_the_autosar_catalogue() -> None:
    # 0xDF is the check value of CRC-8/AUTOSAR; the first byte stands for the CRC itself.
    assert compute_crc(b"\0" + b"12345678", ord("9")) == 0xDF


def test_the_vectors_use_the_list_of_the_dbc() -> None:
    assert definition("DriverState").data_ids == DRIVER_STATE_IDS


def test_the_counter_is_raised_before_the_first_frame_and_wraps_after_15() -> None:
    sender = Profile22Sender(DRIVER_STATE_IDS)

    counters = [sender.protect(bytes(8))[1] & 0x0F for _ in range(17)]

    assert counters == [*range(1, 16), 0, 1]


def test_the_sender_keeps_the_high_nibble_beside_the_counter() -> None:
    assert protected(5, b"\xff\xff" + bytes(6))[1] == 0xF5


def test_two_good_frames_make_a_sender_trusted() -> None:
    made = receiver()
    assert made.state is ReceiverState.NODATA

    first = made.check(protected(7), 0.0)
    assert (first.status, first.state, first.usable) == (
        CheckStatus.OK,
        ReceiverState.INIT,
        False,
    )
    second = made.check(protected(8), CYCLE_S)
    assert (second.status, second.state, second.usable) == (
        CheckStatus.OK,
        ReceiverState.VALID,
        True,
    )


@pytest.mark.parametrize("lost", [1, 2])
def test_few_lost_frames_are_counted_and_forgiven(lost: int) -> None:
    check = trusting_receiver().check(protected(2 + lost), 2 * CYCLE_S)

    assert check.status is CheckStatus.SOME_LOST
    assert check.lost == lost
    assert check.usable


@pytest.mark.parametrize("counter", [5, 10, 0])  # three lost, many lost, an older one
def test_a_jump_beyond_the_allowed_is_a_wrong_sequence(counter: int) -> None:
    check = trusting_receiver().check(protected(counter), 2 * CYCLE_S)

    assert check.status is CheckStatus.WRONG_SEQUENCE
    assert check.state is ReceiverState.VALID
    assert not check.usable


def test_after_a_timeout_three_good_frames_are_needed() -> None:
    made = trusting_receiver()
    made.check(None, 0.1 + TIMEOUT_S + 0.1)

    states = [made.check(protected(counter), 0.6).state for counter in (10, 11, 12, 13)]

    assert states == [*[ReceiverState.INVALID] * 3, ReceiverState.VALID]


def test_a_stale_frame_is_not_used_and_keeps_nobody_trusted() -> None:
    made = trusting_receiver()

    checks = [made.check(protected(counter), 0.2, fresh=False) for counter in (2, 3, 4)]
    assert {check.status for check in checks} == {CheckStatus.STALE}
    assert checks[-1].state is ReceiverState.INVALID
    # The next is compared with them all the same.
    assert made.check(protected(5), 0.2).status is CheckStatus.OK


def test_a_repeated_frame_is_named_and_not_used() -> None:
    check = trusting_receiver().check(protected(1), 2 * CYCLE_S)

    assert check.status is CheckStatus.REPEATED
    assert not check.usable
    assert check.state is ReceiverState.VALID


def test_a_sender_that_repeats_one_frame_for_ever_is_not_trusted_for_ever() -> None:
    made = trusting_receiver()

    states = [made.check(protected(1), 0.1 + index * CYCLE_S).state for index in range(1, 6)]

    assert states[-1] is ReceiverState.INVALID


def test_a_wrong_crc_changes_nothing() -> None:
    made = trusting_receiver()
    broken = bytearray(protected(9))
    broken[4] ^= 0x10

    check = made.check(bytes(broken), 2 * CYCLE_S)

    assert check.status is CheckStatus.WRONG_CRC
    assert check.state is ReceiverState.VALID
    assert made.check(protected(2), 3 * CYCLE_S).status is CheckStatus.OK


def test_broken_frames_alone_do_not_keep_a_sender_trusted() -> None:
    made = trusting_receiver()

    states = [made.check(bytes(8), 0.1 + index * CYCLE_S).state for index in range(1, 6)]

    assert states[-1] is ReceiverState.INVALID


@pytest.mark.parametrize("data", [b"", b"\x00"])
def test_a_frame_too_short_for_its_protection_is_a_wrong_crc(data: bytes) -> None:
    assert receiver().check(data, 0.0).status is CheckStatus.WRONG_CRC


def test_silence_is_no_new_data_and_after_the_timeout_the_sender_is_unknown() -> None:
    made = trusting_receiver()  # the last good frame is at 0.1 s

    in_time = made.check(None, 0.1 + TIMEOUT_S)
    assert (in_time.status, in_time.state) == (CheckStatus.NO_NEW_DATA, ReceiverState.VALID)
    late = made.check(None, 0.1 + TIMEOUT_S + 1e-6)
    assert (late.status, late.state) == (CheckStatus.NO_NEW_DATA, ReceiverState.INVALID)


def test_a_late_frame_does_not_hide_the_timeout_before_it() -> None:
    made = trusting_receiver()

    check = made.check(protected(2), 0.1 + TIMEOUT_S + 0.01)

    assert check.status is CheckStatus.OK
    assert check.state is ReceiverState.INVALID


def test_without_a_timeout_a_sender_stays_trusted() -> None:
    made = receiver(timeout_s=None)
    for counter in (0, 1):
        made.check(protected(counter), 0.0)

    assert made.check(None, 1e9).state is ReceiverState.VALID
    assert made.deadline_s is None


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_data_id_list_has_sixteen_entries(length: int) -> None:
    with pytest.raises(ValueError, match="16 entries"):
        Profile22Sender(bytes(length))


def test_a_frame_to_protect_has_room_for_the_protection() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        Profile22Sender(DRIVER_STATE_IDS).protect(b"\0")
