import random
import zlib
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.protocol.cobs import (
    MAX_STUFFED_LENGTH,
    CobsCounters,
    CobsParser,
    encode_packet,
    parse_packet,
    stuff,
    unstuff,
)
from firmware_bridge.protocol.frame import EXTENDED, MAX_EXTENDED_ID, CanFrame, is_extended

EXAMPLE = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 1.5)
EXAMPLE_PACKET = bytes.fromhex("000fa003b4d003af901404051024aa4c00")

frames = st.builds(
    CanFrame,
    can_id=st.one_of(st.integers(0, 0x7FF), st.integers(EXTENDED, EXTENDED | MAX_EXTENDED_ID)),
    data=st.binary(max_size=8),
    time_s=st.just(1.5),
)
# Packets that nearly are right: what a parser gets wrong is here and not in random bytes.
pieces_of_packets = frames.flatmap(
    lambda frame: st.lists(st.sampled_from(list(encode_packet(frame))), max_size=40).map(bytes)
)
noise = st.one_of(st.binary(max_size=60), pieces_of_packets)


def packet_of(can_id: int, data: bytes) -> bytes:
    """Return a packet whose CRC is right, whatever else is not."""
    content = can_id.to_bytes(2, "little") + data
    return b"\0" + stuff(content + zlib.crc32(content).to_bytes(4, "little")) + b"\0"


def flip(data: bytes, bits: tuple[int, ...]) -> bytes:
    flipped = int.from_bytes(data, "little")
    for bit in bits:
        flipped ^= 1 << bit
    return flipped.to_bytes(len(data), "little")


def test_an_example() -> None:
    assert encode_packet(EXAMPLE) == EXAMPLE_PACKET
    assert CobsParser().feed(EXAMPLE_PACKET, 1.5) == [EXAMPLE]


@pytest.mark.parametrize(
    ("plain", "stuffed"),
    [  # from the paper and the article on COBS in Wikipedia
        ("00", "0101"),
        ("0000", "010101"),
        ("001100", "01021101"),
        ("11220033", "0311220233"),
        ("11223344", "0511223344"),
        ("11000000", "0211010101"),
    ],
)
def test_stuffing_is_cobs(plain: str, stuffed: str) -> None:
    assert stuff(bytes.fromhex(plain)) == bytes.fromhex(stuffed)
    assert unstuff(bytes.fromhex(stuffed)) == bytes.fromhex(plain)


@given(packet=st.binary(max_size=254))
def test_stuffed_bytes_have_no_zero_and_come_back(packet: bytes) -> None:
    stuffed = stuff(packet)

    assert 0 not in stuffed
    assert len(stuffed) == len(packet) + 1
    assert unstuff(stuffed) == packet


@pytest.mark.parametrize("stuffed", [b"", b"\x03\x11", b"\x02", b"\x02\x11\x02", b"\x02\x11\x00"])
def test_blocks_whose_lengths_do_not_fit_are_not_unstuffed(stuffed: bytes) -> None:
    assert unstuff(stuffed) is None


@given(frame=frames)
def test_a_frame_survives_the_line(frame: CanFrame) -> None:
    parser = CobsParser()
    packet = encode_packet(frame)

    assert parser.feed(packet, frame.time_s) == [frame]
    assert parser.counters == CobsCounters(frames=1)
    assert len(packet) == (11 if is_extended(frame.can_id) else 9) + len(frame.data)


@pytest.mark.parametrize(
    "packet",
    [
        packet_of(0x800, bytes(8)),  # an id of twelve bits
        packet_of(0xFFFF, b""),
        packet_of(0xFFFF, bytes(2)),  # an id of 31 bits
        packet_of(0xA000, bytes(2)),  # one of 30
        packet_of(0x98FF, b"\x01"),  # three bytes of an id
        packet_of(0x98FF, bytes(2 + 9)),
        packet_of(0x3A0, bytes(9)),
        packet_of(0x3A0, bytes(200)),
        b"\0" + stuff(b"\xa0\x03\x00\x00\x00") + b"\0",  # shorter than id and CRC
        b"\0" + stuff(b"\xa0" + zlib.crc32(b"\xa0").to_bytes(4, "little")) + b"\0",
        b"\0" + stuff(zlib.crc32(b"").to_bytes(4, "little")) + b"\0",
        b"\0\x01\0",
        b"\0" + EXAMPLE_PACKET[2:],
        EXAMPLE_PACKET[:-2] + b"\0",
        EXAMPLE_PACKET[:-1] + b"\x01\0",
    ],
)
def test_what_is_not_exactly_a_frame_is_rejected_and_counted(packet: bytes) -> None:
    parser = CobsParser()

    assert parser.feed(packet, 0.0) == []
    assert parser.counters == CobsCounters(rejected_packets=1, rejected_bytes=len(packet) - 1)
    assert parser.feed(EXAMPLE_PACKET, 1.5) == [EXAMPLE]


def test_delimiters_in_a_row_enclose_nothing() -> None:
    parser = CobsParser()

    assert parser.feed(bytes(1000), 0.0) == []
    assert parser.counters == CobsCounters()


def test_an_endless_packet_is_bounded_and_counted_once() -> None:
    parser = CobsParser()

    assert parser.feed(b"x" * 100_000, 0.0) == []
    assert parser.pending_bytes <= MAX_STUFFED_LENGTH
    assert parser.feed(b"\0", 0.0) == []
    assert parser.counters == CobsCounters(rejected_packets=1, rejected_bytes=100_001)


@given(data=noise)
def test_after_any_bytes_a_whole_packet_is_received(data: bytes) -> None:
    parser = CobsParser()
    parser.feed(data, 0.0)

    assert parser.feed(EXAMPLE_PACKET, 1.5)[-1:] == [EXAMPLE]


@given(data=noise, cuts=st.lists(st.integers(0, 60), max_size=8))
def test_it_does_not_matter_in_which_pieces_the_bytes_come(data: bytes, cuts: list[int]) -> None:
    whole, pieces = CobsParser(), CobsParser()
    edges = [0, *sorted(cuts), len(data)]

    at_once = whole.feed(data, 0.0)
    one_by_one = [
        frame for start, end in pairwise(edges) for frame in pieces.feed(data[start:end], 0.0)
    ]

    assert one_by_one == at_once
    assert pieces.counters == whole.counters


@given(data=noise, more=st.lists(frames, max_size=3))
def test_every_byte_and_packet_is_counted(data: bytes, more: list[CanFrame]) -> None:
    parser = CobsParser()
    line = data + b"".join(map(encode_packet, more)) + b"\0"
    packets = [packet for packet in line.split(b"\0") if packet]

    received = parser.feed(line, 0.0)

    counters = parser.counters
    accepted_bytes = sum(len(encode_packet(frame)) - 1 for frame in received)
    assert counters.frames == len(received)
    assert counters.frames + counters.rejected_packets == len(packets)
    assert counters.rejected_bytes + accepted_bytes == sum(len(packet) + 1 for packet in packets)


@given(stuffed=st.one_of(noise, frames.map(lambda frame: encode_packet(frame)[1:-1])))
def test_an_accepted_packet_says_exactly_what_its_frame_says(stuffed: bytes) -> None:
    frame = parse_packet(stuffed, 0.0)

    if frame is not None:
        assert encode_packet(frame) == b"\0" + stuffed + b"\0"


def test_every_error_of_up_to_seven_bits_in_a_packet_changes_the_crc() -> None:
    # The CRC is linear up to a constant: bits go unnoticed together only if their effects cancel.
    # None do up to seven where no three have the effect of three or four others.
    zero = zlib.crc32(bytes(10))
    content = [zero ^ zlib.crc32((1 << bit).to_bytes(10, "little")) for bit in range(80)]
    effects = np.array(content + [1 << bit for bit in range(32)], dtype=np.uint32)
    triples = np.array(list(combinations(range(len(effects)), 3)))
    three = np.bitwise_xor.reduce(effects[triples], axis=1)
    up_to_three = np.concatenate(
        [[0], effects, [a ^ b for a, b in combinations(effects, 2)], three]
    )
    sorted_three = np.sort(three)

    assert len(np.unique(up_to_three)) == len(up_to_three)
    for first in range(len(effects) - 3):  # the fours, by their first bit
        four = effects[first] ^ three[triples[:, 0] > first]
        at = np.searchsorted(sorted_three, four)
        assert not np.any(sorted_three[np.minimum(at, len(three) - 1)] == four)


@pytest.mark.parametrize("data", [b"", bytes(8), EXAMPLE.data, b"\xff" * 8])
def test_no_error_of_one_or_two_bits_on_the_line_makes_another_frame(data: bytes) -> None:
    frame = CanFrame(0x3A0, data, 0.0)
    packet = encode_packet(frame)
    bits = range(8 * len(packet))

    for pattern in [*((bit,) for bit in bits), *combinations(bits, 2)]:
        # A delimiter that is gone may cost the frame; what comes is the frame that was sent.
        assert CobsParser().feed(flip(packet, pattern), 0.0) in ([], [frame])


@pytest.mark.slow
def test_no_error_of_three_bits_on_the_line_makes_another_frame() -> None:
    packet = encode_packet(EXAMPLE)

    for pattern in combinations(range(8 * len(packet)), 3):
        assert CobsParser().feed(flip(packet, pattern), EXAMPLE.time_s) in ([], [EXAMPLE])


def test_no_random_bytes_make_a_frame() -> None:
    parser = CobsParser()
    # Seven bits a byte: twice as many delimiters, so that more packets have a legal length.
    noise_bytes = bytes(byte & 0x7F for byte in random.Random(1).randbytes(400_000))

    assert parser.feed(noise_bytes, 0.0) == []
    assert parser.counters.rejected_packets > 2000


def test_an_example_with_a_29_bit_id() -> None:
    packet = encode_packet(CanFrame(EXTENDED | 0x18FF1012, b"\xb4\xd0\x03", 0.0))

    assert unstuff(packet[1:-1])[:-4] == bytes.fromhex("ff981210b4d003")  # type: ignore[index]


@pytest.mark.parametrize("can_id", [-1, 0x800, EXTENDED | 0x20000000])
def test_only_ids_of_11_and_29_bits_are_sent(can_id: int) -> None:
    with pytest.raises(ValueError, match="is not in"):
        encode_packet(CanFrame(can_id, b"", 0.0))


def test_only_eight_bytes_are_sent() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        encode_packet(CanFrame(1, bytes(9), 0.0))
