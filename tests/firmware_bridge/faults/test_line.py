import pytest

from firmware_bridge.faults.line import DELAY_S, HELD_S, LONGEST_BURST_BITS, FaultyLine
from firmware_bridge.faults.outages import LENGTHS_S, Outages
from firmware_bridge.faults.spec import FaultSpec, parse_faults

WRITES = [f"write {index:04}".encode() for index in range(2000)]


def carry(spec: FaultSpec, direction: str = "out", step_s: float = 1.0) -> list[bytes]:
    """Return the pieces that arrive, one write each `step_s`."""
    line = FaultyLine(spec, direction)
    arrived: list[bytes] = []
    for index, write in enumerate(WRITES):
        line.write(write, index * step_s)
        arrived += line.take_due(index * step_s)
    return arrived + line.take_due(1e9) + line.take_due(2e9)


def wrong_bits(sent: bytes, arrived: bytes) -> list[int]:
    different = int.from_bytes(sent, "little") ^ int.from_bytes(arrived, "little")
    return [bit for bit in range(8 * len(sent)) if different >> bit & 1]


def test_without_faults_all_arrives_as_it_was_sent() -> None:
    assert carry(FaultSpec()) == WRITES


def test_flips_are_as_many_as_asked_for_and_in_all_places() -> None:
    arrived = carry(FaultSpec(flip=0.01))
    flips = [bits for pair in zip(WRITES, arrived, strict=True) if (bits := wrong_bits(*pair))]

    share = sum(map(len, flips)) / (len(WRITES) * len(WRITES[0]) * 8)
    assert share == pytest.approx(0.01, rel=0.1)
    assert {bit for bits in flips for bit in bits} == set(range(8 * len(WRITES[0])))
    assert carry(FaultSpec(flip=1.0))[0] == bytes(byte ^ 0xFF for byte in WRITES[0])


def test_a_burst_is_a_few_bits_in_a_row_and_always_an_error() -> None:
    arrived = carry(FaultSpec(burst=1.0))

    for sent, came in zip(WRITES, arrived, strict=True):
        bits = wrong_bits(sent, came)
        assert bits
        assert bits[-1] - bits[0] < LONGEST_BURST_BITS


def test_drops_and_duplicates_are_as_many_as_asked_for() -> None:
    dropped = carry(FaultSpec(drop=0.2))
    doubled = carry(FaultSpec(duplicate=0.2))

    assert len(dropped) == pytest.approx(0.8 * len(WRITES), rel=0.05)
    assert dropped == sorted(dropped)
    assert len(doubled) == pytest.approx(1.2 * len(WRITES), rel=0.05)
    assert sorted(set(doubled)) == WRITES


def test_a_reordered_write_comes_behind_the_next_one() -> None:
    arrived = carry(FaultSpec(reorder=0.2), step_s=0.01)

    assert sorted(arrived) == WRITES
    places = [WRITES.index(write) - place for place, write in enumerate(arrived)]
    assert set(places) == {-1, 0, 1}


def test_split_and_merged_writes_are_the_same_bytes() -> None:
    split = carry(FaultSpec(split=1.0))
    merged = carry(FaultSpec(merge=0.5), step_s=0.01)

    assert b"".join(split) == b"".join(merged) == b"".join(WRITES)
    assert len(split) == 2 * len(WRITES)
    assert len(merged) == pytest.approx(0.5 * len(WRITES), rel=0.1)


def test_garbage_comes_before_a_write() -> None:
    for sent, came in zip(WRITES, carry(FaultSpec(garbage=1.0)), strict=True):
        assert len(came) > len(sent)
        assert came.endswith(sent)


def test_a_delay_makes_late_what_comes_behind_it_too() -> None:
    line = FaultyLine(FaultSpec(delay=1.0), "out")
    line.write(b"first", 0.0)
    line.spec = FaultSpec()
    line.write(b"second", 0.001)
    due_s = line.next_s()

    assert DELAY_S[0] <= due_s <= DELAY_S[1]
    assert line.take_due(due_s - 0.001) == []
    assert line.take_due(due_s) == [b"first", b"second"]


@pytest.mark.parametrize("spec", [FaultSpec(reorder=1.0), FaultSpec(merge=1.0)])
def test_what_waits_for_a_next_write_does_not_wait_for_ever(spec: FaultSpec) -> None:
    line = FaultyLine(spec, "out")
    line.write(b"last", 5.0)

    assert line.next_s() == 5.0 + HELD_S
    assert line.take_due(5.0 + HELD_S) == [b"last"]


def test_the_same_seed_does_the_same_and_the_way_back_another() -> None:
    spec = FaultSpec(flip=0.01, drop=0.1, split=0.1, seed=5)

    assert carry(spec) == carry(spec)
    assert carry(spec) != carry(spec, "back")
    assert carry(spec) != carry(FaultSpec(flip=0.01, drop=0.1, split=0.1, seed=6))


def test_what_is_cleared_never_arrives() -> None:
    line = FaultyLine(FaultSpec(delay=1.0, split=1.0), "out")
    line.write(b"under way", 0.0)
    line.clear()

    assert line.take_due(10.0) == []


@pytest.mark.parametrize("kind", sorted(LENGTHS_S))
def test_outages_are_as_often_and_as_long_as_said(kind: str) -> None:
    spec = parse_faults(f"{kind}=10")
    outages = Outages(spec, kind, 100.0)
    times = [100.0 + tick / 100 for tick in range(200_000)]
    active = [outages.active(time_s) for time_s in times]

    shortest_s, longest_s = LENGTHS_S[kind]
    mean_s = (shortest_s + longest_s) / 2
    assert outages.count == pytest.approx(2000 / (10.0 + mean_s), rel=0.1)
    assert sum(active) / 100 == pytest.approx(outages.count * mean_s, rel=0.15)
    again = Outages(spec, kind, 100.0)
    assert [again.active(time_s) for time_s in times[:5000]] == active[:5000]
    assert again.next_s(times[5000]) > times[5000]


def test_without_outages_there_is_none() -> None:
    outages = Outages(FaultSpec(), "stall", 0.0)

    assert not outages.active(1e9)
    assert outages.next_s(1e9) == float("inf")
