"""A wrong baud rate is recognised, and nothing else is taken for one."""

import io
import json
import os
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Protocol

import pytest

from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.protocol.cobs import encode_packet
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
    Message,
)
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.reception.garbled_line import JUDGED_BYTES, LineJudge, describe_garbled
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import TransportCounters, open_transport
from firmware_bridge.transports.cobs_serial import CobsFraming
from firmware_bridge.transports.slcan_serial import SlcanFraming
from tests.firmware_bridge.uart_line import drive, sample


class Framing(Protocol):
    """What turns bytes into frames, and counts them."""

    @property
    def counters(self) -> TransportCounters: ...

    def feed(self, data: bytes, time_s: float) -> list[CanFrame]: ...


MakeFrame = Callable[[Message, float], CanFrame]
FRAMINGS: dict[str, Callable[[], Framing]] = {"slcan": SlcanFraming, "cobs": CobsFraming}
ENCODE = {"slcan": encode_line, "cobs": encode_packet}
RATES = (9600, 19200, 38400, 57600, 74880, 115200, 230400, 250000, 460800, 500000, 921600)
BOOT_LOG = b"""\
rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r
configsip: 0, SPIWP:0xee\r
mode:DIO, clock div:1\r
load:0x3fff0030,len:1344\r
load:0x40078000,len:13964\r
entry 0x400805f0\r
"""
NMEA = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"


@pytest.fixture
def frames(make_frame: MakeFrame) -> list[CanFrame]:
    """Return some 15 s of our messages."""
    made = []
    for index in range(150):
        made.append(make_frame(DriverStateMessage(1, 6, 2, 2, 87.2, 12, 3, 40, 7), 0.0))
        if index % 2:
            made.append(make_frame(EmotionProbabilitiesMessage((3, 0, 5, 9, 11, 1, 71), 2), 0.0))
        if index % 5 == 0:
            made.append(make_frame(HealthMessage(1, 0, 0, 0, 51, 30, 4, 0), 0.0))
    return made


@pytest.fixture(params=sorted(FRAMINGS))
def scheme(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


def judge(scheme: str, data: bytes, piece: int = 40) -> str | None:
    """Return the verdict on a line on which `data` comes in pieces."""
    framing, judge_of_line = FRAMINGS[scheme](), LineJudge(f"{scheme}:/dev/ttyX")
    warning = None
    for start in range(0, len(data), piece):
        framing.feed(data[start : start + piece], 0.0)
        warning = judge_of_line.judge(framing.counters)
    return warning


def at_rate(scheme: str, frames: list[CanFrame], ratio: float) -> bytes:
    """Return what a receiver at `ratio` times the sender's rate reads; pauses are of any length."""
    pauses = random.Random(1)
    levels = [drive(ENCODE[scheme](frame), pauses.choice((0, 3, 200, 2000))) for frame in frames]
    return sample(b"".join(levels), ratio)


def test_at_the_right_rate_the_bytes_are_those_sent(scheme: str, frames: list[CanFrame]) -> None:
    sent = b"".join(map(ENCODE[scheme], frames))

    for ratio in (1.0, 0.97, 1.03):  # what a UART has to stand
        assert at_rate(scheme, frames, ratio) == sent
    assert judge(scheme, sent) is None


def test_every_wrong_rate_is_recognised(scheme: str, frames: list[CanFrame]) -> None:
    for sender, receiver in permutations(RATES, 2):
        if 0.9 < receiver / sender < 1.1:
            continue
        # Of a faster line a byte is read only now and then.
        sent = (frames * 2)[: max(20, 4 * sender // receiver)]
        data = at_rate(scheme, sent, receiver / sender)
        expected = f"of them {scheme.upper()}: wrong baud rate, or not a {scheme.upper()} port?"
        assert expected in (judge(scheme, data) or ""), (sender, receiver, len(data))


def test_the_sentence_says_how_much_came() -> None:
    passed = TransportCounters(received_bytes=412, rejected_bytes=400)

    assert describe_garbled("SLCAN", passed) == (
        "412 bytes, none of them SLCAN: wrong baud rate, or not a SLCAN port?"
    )
    assert "412 bytes, hardly any of them COBS:" in (
        describe_garbled("COBS", replace(passed, understood_bytes=41)) or ""
    )
    assert describe_garbled("SLCAN", replace(passed, understood_bytes=42)) is None
    assert describe_garbled("SLCAN", TransportCounters(received_bytes=JUDGED_BYTES - 1)) is None


@pytest.mark.parametrize(
    "data",
    [random.Random(1).randbytes(500), bytes(500), b"\xff" * 500],
    ids=["random", "held low", "idle"],
)
def test_what_is_no_line_at_all_may_be_a_wrong_rate(scheme: str, data: bytes) -> None:
    expected = f"{len(data)} bytes, none of them {scheme.upper()}: wrong baud rate, or not a"
    assert (judge(scheme, data, 500) or "").startswith(expected)


@pytest.mark.parametrize("data", [BOOT_LOG * 2, NMEA * 6], ids=["boot log", "a GPS receiver"])
def test_text_is_another_device_but_no_wrong_rate(data: bytes) -> None:
    assert (judge("slcan", data, 500) or "").endswith(
        "any of them SLCAN: text of another device: is it the right port?"
    )
    assert "wrong baud rate" in (judge("cobs", data, 500) or "")


def test_either_protocol_is_none_of_the_other(frames: list[CanFrame]) -> None:
    assert judge("slcan", b"".join(map(encode_packet, frames))) is not None
    assert judge("cobs", b"".join(map(encode_line, frames))) is not None


def test_a_bad_line_at_the_right_rate_is_not_taken_for_it(
    scheme: str, frames: list[CanFrame]
) -> None:
    """Two frames of three broken: that is for the counters to tell."""
    flips = random.Random(1)
    line = bytearray()
    for index, frame in enumerate(frames):
        encoded = bytearray(ENCODE[scheme](frame))
        if index % 3:
            encoded[flips.randrange(5, len(encoded) - 1)] ^= 0x80
        line += encoded

    assert judge(scheme, bytes(line), piece=len(line)) is None


@pytest.mark.parametrize("cut", range(1, 25))
def test_joining_in_the_middle_of_a_frame_is_in_order(
    scheme: str, frames: list[CanFrame], cut: int
) -> None:
    line = b"".join(map(ENCODE[scheme], frames))[cut:]

    for piece in (1, 7, 64, 1000):
        framing, judge_of_line = FRAMINGS[scheme](), LineJudge(f"{scheme}:x")
        for start in range(0, 2000, piece):
            framing.feed(line[start : start + piece], 0.0)
            assert judge_of_line.judge(framing.counters) is None


def test_an_adapter_that_only_answers_is_in_order() -> None:
    assert judge("slcan", b"z\r\r\x07" * 100) is None


def test_the_warning_goes_with_its_cause_and_comes_with_it(
    scheme: str, frames: list[CanFrame]
) -> None:
    good = b"".join(map(ENCODE[scheme], frames))[:400]
    framing, judge_of_line = FRAMINGS[scheme](), LineJudge(f"{scheme}:x")

    def after(data: bytes) -> str | None:
        framing.feed(data, 0.0)
        return judge_of_line.judge(framing.counters)

    noise = random.Random(1).randbytes(300)
    assert after(good) is None
    assert (after(noise) or "").startswith("300 bytes, ")
    assert (after(noise) or "").startswith("600 bytes, ")
    assert after(b"") is not None  # silence is no reason to take it back
    assert after(b"\r\0" + good) is None
    assert after(good) is None


def test_bursts_do_not_make_it_flap(scheme: str, frames: list[CanFrame]) -> None:
    """Neither noise on a good line, nor a lucky frame on a garbled one, is news."""
    good = b"".join(map(ENCODE[scheme], frames))[:400]
    chance = random.Random(1)
    framing, judge_of_line = FRAMINGS[scheme](), LineJudge(f"{scheme}:x")

    def after(data: bytes) -> str | None:
        framing.feed(data, 0.0)
        return judge_of_line.judge(framing.counters)

    assert after(good) is None
    assert [after(chance.randbytes(100)) or after(good) for _ in range(20)] == [None] * 20
    assert after(chance.randbytes(400)) is not None
    assert all(after(chance.randbytes(100)) and after(good[:100]) for _ in range(20))
    assert after(good) is None


def test_buses_have_no_baud_rate_to_be_wrong() -> None:
    passed = TransportCounters(received_bytes=1000)

    for uri in ("socketcan:can0", "virtual:x", "udp_multicast:239.74.163.2"):
        assert LineJudge(uri).judge(passed) is None


def test_it_is_recognised_on_a_terminal(scheme: str, wire: PtyWire, frames: list[CanFrame]) -> None:
    port = open_transport(f"{scheme}:{wire.end_b}")
    judge_of_line = LineJudge(f"{scheme}:{wire.end_b}")
    garbled = at_rate(scheme, frames[:30], 115200 / 57600)
    with Path(wire.end_a).open("wb", buffering=0) as other:
        other.write(garbled)
    while port.counters.received_bytes < len(garbled):
        assert port.receive(0.5) == []

    assert "wrong baud rate" in (judge_of_line.judge(port.counters) or "")
    port.close()


@pytest.mark.parametrize("json_lines", [True, False])
def test_the_monitor_warns(wire: PtyWire, frames: list[CanFrame], json_lines: bool) -> None:
    garbled = at_rate("slcan", frames[:20], 57600 / 115200)
    device = os.open(wire.end_a, os.O_WRONLY | os.O_NOCTTY)
    out = io.StringIO()
    # Later, because opening a port throws away what came before.
    threading.Timer(0.3, os.write, [device, garbled]).start()

    code = run_monitor(f"slcan:{wire.end_b}", json_lines=json_lines, seconds=1.0, out=out)

    os.close(device)
    lines = out.getvalue().splitlines()
    expected = f"{len(garbled)} bytes, none of them SLCAN: wrong baud rate, or not a SLCAN port?"
    assert code == 1
    if json_lines:
        warning, summary = map(json.loads, lines)
        assert warning["warning"] == expected
        assert summary["summary"]["line_warning"] == expected
    else:
        assert lines[-1] == f"warning: {expected}"
