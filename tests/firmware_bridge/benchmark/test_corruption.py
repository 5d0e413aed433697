"""The receivers for many frames do what the real ones do, and the counts are what is promised."""

import io
import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.benchmark import corruption
from firmware_bridge.benchmark.corruption import Corrupt, Count, count_corrupted, random_frames
from firmware_bridge.benchmark.corruption_verb import render_counts, run_fault_benchmark
from firmware_bridge.benchmark.many_frames import (
    Received,
    Rows,
    encode_lines,
    encode_packets,
    is_believed,
    protect,
    receive_lines,
    receive_packets,
)
from firmware_bridge.benchmark.output import Output
from firmware_bridge.protocol.cobs import CobsParser, encode_packet
from firmware_bridge.protocol.database import MessageDefinition, definitions
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.reception.supervision import BusSupervisor

COUNT = 3000
Parser = SlcanParser | CobsParser
TRANSPORTS: dict[
    str,
    tuple[
        Callable[[NDArray[Any], Rows], Rows],
        Callable[[Rows], Received],
        Callable[[CanFrame], bytes],
        Callable[[], Parser],
    ],
] = {
    "slcan": (encode_lines, receive_lines, encode_line, SlcanParser),
    "cobs": (encode_packets, receive_packets, encode_packet, CobsParser),
}
ERRORS: dict[str, Corrupt] = {
    "none": lambda rng, rows: rows,
    "1 bit": corruption.flip_bits(1),
    "2 bits": corruption.flip_bits(2),
    "3 bits": corruption.flip_bits(3),
    "burst": corruption.burst,
    "noise": corruption.noise,
    "other digits": corruption.random_digits,
    "no zeros": corruption.noise_without_zeros,
}

# Some only make sense on one transport.
ERRORS_OF = {"other digits": "slcan", "no zeros": "cobs"}


def frames_of(received: Received, index: int) -> list[tuple[int, bytes]]:
    if not received.passed[index]:
        return []
    return [(int(received.ids[index]), received.data[index].tobytes())]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (name, error)
        for name in TRANSPORTS
        for error in ERRORS
        if ERRORS_OF.get(error, name) == name
    ],
)
def test_each_line_is_taken_as_the_real_parser_takes_it(name: str, error: str) -> None:
    encode, receive, _, parser = TRANSPORTS[name]
    rng = np.random.default_rng(5)
    rows = ERRORS[error](rng, encode(*random_frames(rng, COUNT)))

    received = receive(rows)
    believed = is_believed(received)

    for index, row in enumerate(rows):
        # Shorter frames, from a piece of a line, are none of our messages.
        real = [f for f in parser().feed(row.tobytes(), 0.0) if len(f.data) == 8]
        assert [(frame.can_id, frame.data) for frame in real] == frames_of(received, index)
        good = [frame for frame in real if BusSupervisor().judge(frame).is_good]
        assert len(good) == int(believed[index])


@pytest.mark.parametrize("name", TRANSPORTS)
def test_frames_are_encoded_as_they_really_are(name: str) -> None:
    encode, _, encode_one, _ = TRANSPORTS[name]
    ids, data = random_frames(np.random.default_rng(1), COUNT)
    data[: COUNT // 2][data[: COUNT // 2] < 128] = 0  # many blocks for COBS

    for row, can_id, content in zip(encode(ids, data), ids, data, strict=True):
        assert row.tobytes().strip(b"\0") == encode_one(
            CanFrame(int(can_id), content.tobytes(), 0.0)
        ).strip(b"\0")


def test_random_frames_are_all_good_ones() -> None:
    ids, data = random_frames(np.random.default_rng(2), COUNT)
    real = [
        BusSupervisor().judge(CanFrame(int(can_id), row.tobytes(), 0.0)).is_good
        for can_id, row in zip(ids, data, strict=True)
    ]

    assert all(real)
    assert is_believed(Received(np.ones(COUNT, np.bool_), ids, data)).all()
    assert len(set(ids.tolist())) == len(definitions())


def bits_between(rows: Rows, wrong: Rows) -> list[list[int]]:
    return [np.flatnonzero(np.unpackbits(row)).tolist() for row in rows ^ wrong]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_so_many_bits_are_wrong_as_asked_for(count: int) -> None:
    rows = np.zeros((COUNT, 8), np.uint8)
    wrong = corruption.flip_bits(count)(np.random.default_rng(3), rows)
    found = bits_between(rows, wrong)

    assert {len(bits) for bits in found} == {count}
    assert {bit for bits in found for bit in bits} == set(range(64))


def test_a_burst_is_an_error_of_at_most_32_bits_in_a_row() -> None:
    rows = np.zeros((COUNT, 22), np.uint8)
    wrong = corruption.burst(np.random.default_rng(4), rows)

    for row in wrong:
        value = int.from_bytes(row.tobytes(), "little")
        assert value
        assert value.bit_length() - (value & -value).bit_length() < 32


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("known", definitions().values(), ids=definitions())
def test_every_error_of_up_to_three_bits_is_found_in_every_message_at_every_counter(
    known: MessageDefinition, count: int
) -> None:
    """All of them, not a sample; the protection is linear, so that one payload stands for all."""
    patterns = np.array(list(combinations(range(64), count)))
    masks = np.bitwise_or.reduce(np.uint64(1) << patterns.astype(np.uint64), axis=1)
    errors = masks.astype("<u8").view(np.uint8).reshape(-1, 8)
    ids = np.full(len(errors), known.can_id)
    every = np.ones(len(errors), np.bool_)
    for counter in range(16):
        payload = np.array([[0, 0x50 | counter, 3, 175, 144, 20, 4, 5]], np.uint8)
        sent = protect(payload, ids[:1])
        assert is_believed(Received(every[:1], ids[:1], sent)).all()
        assert not is_believed(Received(every, ids, sent ^ errors)).any()


def test_what_is_promised_holds() -> None:
    counts = list(count_corrupted(20_000))

    assert sum(count.frames for count in counts) == 16 * 20_000
    assert [count for count in counts if not count.holds] == []
    by_kind = {(count.transport, count.error): count.accepted_wrong for count in counts}
    assert [by_kind["frame", f"{bits} bits"] for bits in (2, 3)] == [0, 0]
    assert by_kind["frame", "1 bit"] == by_kind["slcan", "1 bit"] == 0
    # The CRC of eight bits lets one of 256 through: a count of none would mean that nothing counts.
    assert 20 < by_kind["frame", "random bytes"] < 160
    assert 20 < by_kind["slcan", "random hex digits"] < 160
    assert all(wrong == 0 for (name, _), wrong in by_kind.items() if name == "cobs")
    assert list(count_corrupted(20_000)) == counts


@pytest.mark.slow
def test_what_is_promised_holds_for_sixteen_million_frames() -> None:
    counts = list(count_corrupted(1_000_000, seed=2))

    assert sum(count.frames for count in counts) >= 10_000_000
    assert [count for count in counts if not count.holds] == []


def test_a_bound_that_is_not_kept_is_exit_code_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from firmware_bridge.benchmark import corruption_verb

    bad = Count("slcan", "3 bits", 1000, 900, 1, 0.0)
    monkeypatch.setattr(corruption_verb, "count_corrupted", lambda frames: iter([bad]))
    out = io.StringIO()

    assert run_fault_benchmark(output=Output(True, stream=out)) == 1
    assert json.loads(out.getvalue())[0]["holds"] is False
    assert not Count("frame", "random bytes", 1_000_000, 1_000_000, 5_000, 1 / 256).holds
    assert Count("frame", "random bytes", 1_000_000, 1_000_000, 4_000, 1 / 256).holds


def test_people_get_a_table() -> None:
    out = io.StringIO()

    assert run_fault_benchmark(output=Output(stream=out), frames_each=500) == 0
    assert "8,000 corrupted frames" in out.getvalue()
    assert render_counts([]).row_count == 0
