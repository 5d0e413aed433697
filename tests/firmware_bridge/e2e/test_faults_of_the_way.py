"""What happens to frames on their way is named as what it is.

Loss, repetition, reordering, delay, corruption, masquerade and insertion are the faults that the
AUTOSAR profiles are made against.
"""

from dataclasses import dataclass
from typing import Protocol

from hypothesis import assume, given
from hypothesis import strategies as st

from firmware_bridge.e2e.profile22 import Profile22Receiver, Profile22Sender
from firmware_bridge.e2e.sequence import (
    MAX_DELTA_COUNTER,
    Check,
    CheckStatus,
    SequenceReceiver,
)
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import definitions

CYCLE_S = 0.1
TIMEOUT_S = 0.35
OK, SOME_LOST, REPEATED, WRONG_CRC, WRONG_SEQUENCE, NO_NEW_DATA = (
    CheckStatus.OK,
    CheckStatus.SOME_LOST,
    CheckStatus.REPEATED,
    CheckStatus.WRONG_CRC,
    CheckStatus.WRONG_SEQUENCE,
    CheckStatus.NO_NEW_DATA,
)


class Sender(Protocol):
    def protect(self, data: bytes) -> bytes: ...


@dataclass
class Way:
    """A sender, a receiver that trusts it, and the time between."""

    sender: Sender
    stranger: Sender  # of another message
    receiver: SequenceReceiver
    counters: int
    now_s: float = 0.0

    def send(self) -> bytes:
        return self.sender.protect(bytes(range(8)))

    def arrive(self, frame: bytes | None) -> Check:
        self.now_s += CYCLE_S
        return self.receiver.check(frame, self.now_s)


def profile22(start: int) -> Way:
    ids = definitions()["DriverState"].data_ids
    strange_ids = definitions()["Health"].data_ids
    return Way(
        Profile22Sender(ids, counter=start % 16),
        Profile22Sender(strange_ids, counter=(start + 2) % 16),
        Profile22Receiver(ids, timeout_s=TIMEOUT_S),
        16,
    )


def trusted(start: int) -> Way:
    way = profile22(start)
    for _ in range(2):
        way.arrive(way.send())
    assert way.receiver.state is ReceiverState.VALID
    return way


starts = st.integers(0, 255)


@given(start=starts, count=st.integers(1, 40))
def test_an_undisturbed_way_is_always_in_order(start: int, count: int) -> None:
    way = trusted(start)

    assert {way.arrive(way.send()) for _ in range(count)} == {Check(OK, ReceiverState.VALID)}


@given(start=starts, lost=st.integers(1, MAX_DELTA_COUNTER - 1))
def test_loss_of_few_is_some_lost_and_how_many(start: int, lost: int) -> None:
    way = trusted(start)
    for _ in range(lost):
        way.send()

    assert way.arrive(way.send()) == Check(SOME_LOST, ReceiverState.VALID, lost)
    assert way.arrive(way.send()) == Check(OK, ReceiverState.VALID)


@given(start=starts, lost=st.integers(MAX_DELTA_COUNTER, 300))
def test_loss_of_many_is_a_wrong_sequence(start: int, lost: int) -> None:
    way = trusted(start)
    # A loss of whole rounds of the counter, or nearly, is only seen by the clock: see the delay.
    assume(MAX_DELTA_COUNTER <= lost % way.counters < way.counters - 1)
    for _ in range(lost):
        way.send()

    assert way.arrive(way.send()) == Check(WRONG_SEQUENCE, ReceiverState.VALID)
    assert way.arrive(way.send()).usable


@given(start=starts, rounds=st.integers(1, 3))
def test_loss_of_whole_rounds_is_seen_by_the_clock(start: int, rounds: int) -> None:
    way = trusted(start)
    for _ in range(rounds * way.counters):
        way.send()
        way.now_s += CYCLE_S

    assert way.arrive(way.send()).state is ReceiverState.INVALID


@given(start=starts, times=st.integers(1, 3))
def test_repetition_is_repeated_and_never_used(start: int, times: int) -> None:
    way = trusted(start)
    frame = way.send()
    assert way.arrive(frame).usable

    checks = [way.arrive(frame) for _ in range(times)]

    assert {check.status for check in checks} == {REPEATED}
    assert not any(check.usable for check in checks)
    assert way.arrive(way.send()).status is OK


@given(start=starts)
def test_two_frames_that_change_places_are_a_wrong_sequence(start: int) -> None:
    way = trusted(start)
    first, second = way.send(), way.send()

    assert way.arrive(second) == Check(SOME_LOST, ReceiverState.VALID, 1)
    assert way.arrive(first) == Check(WRONG_SEQUENCE, ReceiverState.VALID)


@given(start=starts, behind=st.integers(1, 12))
def test_a_frame_that_comes_late_behind_others_is_a_wrong_sequence(start: int, behind: int) -> None:
    way = trusted(start)
    late = way.send()
    for _ in range(behind):
        way.arrive(way.send())

    check = way.arrive(late)

    assert check.status is WRONG_SEQUENCE
    assert not check.usable


@given(start=starts, missed=st.integers(1, 20))
def test_delay_is_no_new_data_and_then_no_trust(start: int, missed: int) -> None:
    way = trusted(start)
    frame = way.send()

    checks = [way.arrive(None) for _ in range(missed)]
    delayed = way.arrive(frame)

    assert {check.status for check in checks} == {NO_NEW_DATA}
    for cycles, check in enumerate((*checks, delayed), start=1):
        # Asked in each cycle, after three the window holds one good frame only.
        in_time = cycles * CYCLE_S <= TIMEOUT_S and cycles <= 2 + (check is delayed)
        assert check.state is (ReceiverState.VALID if in_time else ReceiverState.INVALID)
    assert delayed.status is OK  # the frame itself is in order; only its time is not


@given(start=starts, bit=st.integers(0, 63))
def test_corruption_is_a_wrong_crc_and_costs_only_the_frame(start: int, bit: int) -> None:
    way = trusted(start)
    broken = bytearray(way.send())
    broken[bit // 8] ^= 1 << bit % 8

    assert way.arrive(bytes(broken)) == Check(WRONG_CRC, ReceiverState.VALID)
    assert way.arrive(way.send()) == Check(SOME_LOST, ReceiverState.VALID, 1)


@given(start=starts)
def test_a_frame_of_another_message_is_a_wrong_crc(start: int) -> None:
    """Masquerade and insertion: its counter is the one expected next, its Data ID is not."""
    way = trusted(start)
    expected = way.send()
    strange = way.stranger.protect(expected)

    assert strange != expected
    assert way.arrive(strange) == Check(WRONG_CRC, ReceiverState.VALID)
    assert way.arrive(expected).usable


faults = st.lists(st.sampled_from(["lose", "repeat", "swap", "corrupt", "nothing"]), max_size=60)


@given(start=starts, course=faults)
def test_whatever_happens_only_new_and_whole_frames_in_order_are_used(
    start: int, course: list[str]
) -> None:
    """The content is a number that rises with each frame: what is used must rise, too."""
    way = trusted(start)
    used: list[int] = []
    sent = 0

    def send() -> bytes:
        nonlocal sent
        sent += 1
        return way.sender.protect(bytes(4) + sent.to_bytes(4, "little"))

    def arrive(frame: bytes) -> None:
        if way.arrive(frame).usable:
            used.append(int.from_bytes(frame[4:], "little"))

    for fault in course:
        frame = send()
        match fault:
            case "nothing":
                arrive(frame)
            case "repeat":
                arrive(frame)
                arrive(frame)
            case "swap":
                arrive(send())
                arrive(frame)
            case "corrupt":
                arrive(frame[:5] + bytes((frame[5] ^ 0x40,)) + frame[6:])

    assert used == sorted(set(used))
