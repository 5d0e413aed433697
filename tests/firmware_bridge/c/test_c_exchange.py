"""Frames between Python and C: both ways, both framings, whatever happens on the line."""

import random
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.e2e.profile22 import Profile22Receiver, Profile22Sender
from firmware_bridge.e2e.sequence import CheckStatus
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.cobs import CobsParser, encode_packet
from firmware_bridge.protocol.database import MessageDefinition, definitions, definitions_by_id
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.reception.supervision import BusSupervisor, FrameStatus, JudgedFrame

Build = Callable[[str], Path]
Record = tuple[int, bytes | None]  # a time in ms, and what came then

STATUS_CODES = {
    FrameStatus.OK: 0,
    FrameStatus.SOME_LOST: 1,
    FrameStatus.REPEATED: 2,
    FrameStatus.WRONG_CRC: 3,
    FrameStatus.WRONG_SEQUENCE: 4,
    FrameStatus.WRONG_LENGTH: 6,
    FrameStatus.UNKNOWN_ID: 7,
    FrameStatus.STALE: 8,
}
CHECK_CODES = {status: index for index, status in enumerate(CheckStatus)} | {CheckStatus.STALE: 8}
STATE_CODES = {state: index for index, state in enumerate(ReceiverState)}
# The order of the C table: what a controller receives, then what it sends.
RECEIVED = {  # with a signal of each to look at, and its "not available"
    "DriverState": ("EventSequence", 255),
    "EmotionProbabilities": ("Happy", 127),
    "Health": ("Latency", 255),
    "DriverRequest": ("Id", 255),
    "PipelineFigures": ("FramesDropped", 65535),
    "FaultCounters": ("Restarts", 255),
    "DriverEvidence": ("StateReason", 255),
    "LinkTiming": ("FramesSkipped", 255),
}
MESSAGES = (*RECEIVED, "ControllerStatus")
MOST_SIGNALS = max(len(known.signals) for known in definitions().values())
FRAMINGS = ("slcan", "cobs")
SENTENCES = (
    *(b"C\rS6\rO\r", b"\x07", b"V1013\r", b"T1ABCDEF02AABB\r", b"r3A08\r", b"x\r", b"\0"),
    *(b"t12304EA\r", b"t12311200FF\r", b"d1239" + b"0a" * 12 + b"\r", b"D1ABCDEF0F" + b"a5" * 64),
    *(
        b"boot: ready to start\r\n",
        b"status t\n",
        b"text " * 40,
        b"\n",
        b"r3A08EA5F\r",
        b"deadbeefx",
    ),
)


def encode_frame(framing: str, frame: CanFrame) -> bytes:
    return encode_line(frame) if framing == "slcan" else encode_packet(frame)


def parser_of(framing: str) -> SlcanParser | CobsParser:
    return SlcanParser() if framing == "slcan" else CobsParser()


def counters(parser: SlcanParser | CobsParser) -> list[int]:
    found = parser.counters
    # What an adapter replies is of no concern to a controller.
    names = [
        name for name in found.__slots__ if name not in ("taken", "refused", "statuses", "status")
    ]
    return [getattr(found, name) for name in names]


def run(program: Path, arguments: Iterable[object], given: bytes) -> bytes:
    done = subprocess.run(
        [str(program), *map(str, arguments)], input=given, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def pack_records(records: Iterable[Record], start_ms: int = 0) -> bytes:
    """Return the records as `exchange` reads them, their clock starting at `start_ms`."""
    return b"".join(
        struct.pack("<IH", (start_ms + time_ms) % 2**32, 0xFFFF)
        if data is None
        else struct.pack("<IH", (start_ms + time_ms) % 2**32, len(data)) + data
        for time_ms, data in records
    )


def raw_signals(known: MessageDefinition, data: bytes) -> list[int]:
    raw = known.codec.decode(data, decode_choices=False, scaling=False)
    return [int(raw[name]) for name in known.signals]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with one to three bits flipped."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


class Line:
    """A camera unit's frames, and ours, on a bad line. Deterministic for a seed."""

    def __init__(self, framing: str, seed: int) -> None:
        self._framing = framing
        self._random = random.Random(seed)
        self._queued_ms = 0
        self._senders = {
            name: Profile22Sender(known.data_ids) for name, known in definitions().items()
        }

    def records(self, count: int, damage: float) -> Iterator[Record]:
        """Yield `count` frames; about `damage` of them suffer something."""
        time_ms = 0
        for _ in range(count):
            # All times are multiples of 3 ms, no time-out is: seconds in floating point and whole
            # milliseconds agree on everything but equality.
            time_ms += 3 * self._random.choice((1, 7, 30))
            if self._random.random() < damage / 20:
                time_ms += 3 * self._random.randrange(2000)
            if self._random.random() < damage / 50:
                self._queued_ms = self._random.randrange(3000)  # a reader stops and comes back
            elif self._random.random() < 0.05:
                self._queued_ms = 0
            yield time_ms, self._line(time_ms, damage)

    def _line(self, time_ms: int, damage: float) -> bytes:
        known = definitions()[self._random.choice(MESSAGES)]
        content = self._random.randbytes(8)
        if known.name == "LinkTiming" and self._random.random() > damage / 10:
            sent_ms = (2**32 - 5000 + time_ms - self._queued_ms) % 2**32
            others = int.from_bytes(content, "little") & ~(0xFFFFFFFF << 12)
            content = (others | sent_ms << 12).to_bytes(8, "little")
        payload = self._senders[known.name].protect(content)
        frame = CanFrame(known.can_id, payload, 0.0)
        if self._random.random() >= damage:
            return encode_frame(self._framing, frame)
        if self._random.random() < 0.4:
            return encode_frame(self._framing, self._another(known.name, frame))
        return self._torn(encode_frame(self._framing, frame))

    def _another(self, name: str, frame: CanFrame) -> CanFrame:
        """Return a frame that is wrong although the line was good."""
        chance = self._random
        match chance.randrange(4):
            case 0:  # some before it are lost
                payload = frame.data
                for _ in range(chance.randrange(1, 9)):
                    payload = self._senders[name].protect(payload)
                return CanFrame(frame.can_id, payload, 0.0)
            case 1:
                return CanFrame(frame.can_id, frame.data[: chance.randrange(8)], 0.0)
            case 2:
                return CanFrame(chance.randrange(0x800), frame.data, 0.0)
            case _:
                return CanFrame(frame.can_id, flipped(frame.data, chance), 0.0)

    def _torn(self, line: bytes) -> bytes:
        """Return what a bad line makes of a good frame."""
        chance = self._random
        makers: tuple[Callable[[], bytes], ...] = (
            lambda: b"",
            lambda: line + line,
            lambda: flipped(line, chance),
            lambda: line[: chance.randrange(len(line))],
            lambda: chance.randbytes(chance.randrange(40)) + line,
            lambda: chance.choice(SENTENCES) + line,
        )
        return chance.choice(makers)()


class Controller:
    """What a controller makes of the frames, by the Python code: the text `exchange` prints."""

    def __init__(self, framing: str) -> None:
        self._parser = parser_of(framing)
        self._supervisor = BusSupervisor()
        self._content: dict[str, dict[str, int]] = {}
        self._request_until_ms = -1

    def take(self, time_ms: int, data: bytes, clock_ms: int) -> Iterator[str]:
        for frame in self._parser.feed(data, time_ms / 1000):
            judged = self._supervisor.judge(frame)
            words = ["frame", clock_ms, f"{frame.can_id:03X}", f"{frame.data.hex()}-"]
            words += [STATUS_CODES[judged.status], STATE_CODES[judged.state], judged.lost]
            if judged.is_good:
                words += raw_signals(definitions()[judged.name], frame.data)
            self._keep(judged, time_ms)
            yield " ".join(map(str, words))
        yield self._known(time_ms)

    def counters(self) -> str:
        return " ".join(["counters", *map(str, counters(self._parser))])

    def _keep(self, judged: JudgedFrame, time_ms: int) -> None:
        if not judged.usable:
            return
        known = definitions()[judged.name]
        raw = raw_signals(known, judged.frame.data)
        self._content[judged.name] = dict(zip(known.signals, raw, strict=True))
        if judged.name == "DriverRequest":
            valid_for = self._content[judged.name]["ValidFor"]
            self._request_until_ms = time_ms + (3500 if valid_for == 255 else valid_for * 1000)

    def _known(self, time_ms: int) -> str:
        self._supervisor.check_overdue(time_ms / 1000)
        trusted = [
            self._supervisor.state(name) is ReceiverState.VALID
            and (name != "DriverRequest" or time_ms <= self._request_until_ms)
            for name in RECEIVED
        ]
        shown = [
            self._content[name][signal] if is_known else not_available
            for (name, (signal, not_available)), is_known in zip(
                RECEIVED.items(), trusted, strict=True
            )
        ]
        flags = "".join(str(int(is_known)) for is_known in trusted)
        return " ".join(["known", flags, *map(str, shown)])


def check_python_to_c(build: Build, framing: str, count: int, damage: float, seed: int) -> str:
    """Send from Python to C; return what C printed, once it is what Python makes of it."""
    start_ms = 2**32 - 100_000  # the controller's clock wraps on the way
    records = list(Line(framing, seed).records(count, damage))
    controller = Controller(framing)
    expected = [
        text
        for time_ms, data in records
        for text in controller.take(time_ms, data or b"", (start_ms + time_ms) % 2**32)
    ]
    expected.append(controller.counters())

    printed = run(build("exchange"), ["receive", framing], pack_records(records, start_ms))

    text = printed.decode("ascii")
    found = text.splitlines()
    differ = [pair for pair in zip(found, expected, strict=False) if pair[0] != pair[1]]
    assert differ[:3] == []
    assert len(found) == len(expected)
    return text


@pytest.mark.parametrize("framing", FRAMINGS)
def test_c_makes_of_a_good_line_what_python_makes_of_it(build: Build, framing: str) -> None:
    text = check_python_to_c(build, framing, count=1000, damage=0.0, seed=1)

    assert text.count("frame ") == 1000


@pytest.mark.parametrize("framing", FRAMINGS)
def test_c_makes_of_a_bad_line_what_python_makes_of_it(build: Build, framing: str) -> None:
    text = check_python_to_c(build, framing, count=12000, damage=0.1, seed=2)

    # Everything that can happen did.
    seen = {line.split()[4] for line in text.splitlines() if line.startswith("frame")}
    assert seen == {str(code) for code in STATUS_CODES.values()}
    known = {line.split()[1] for line in text.splitlines() if line.startswith("known")}
    assert {"11111111", "00000000"} <= known
    assert len(known) > 8


@pytest.mark.slow
@pytest.mark.parametrize(("framing", "damage"), [("slcan", 0.0), ("slcan", 0.1), ("cobs", 0.1)])
def test_a_hundred_thousand_frames_from_python_to_c(
    build: Build, framing: str, damage: float
) -> None:
    text = check_python_to_c(build, framing, count=100_000, damage=damage, seed=3)

    assert text.count("frame ") > 90_000


def check_c_to_python(build: Build, framing: str, count: int) -> None:
    """Let C pack, protect and frame; each byte is that of Python, and decodes as it was meant."""
    chance = random.Random(4)
    senders = {name: Profile22Sender(known.data_ids) for name, known in definitions().items()}
    meant: list[tuple[MessageDefinition, list[int]]] = []
    given: list[str] = []
    expected = bytearray()
    for _ in range(count):
        index = chance.randrange(len(MESSAGES))
        known = definitions()[MESSAGES[index]]
        raw = [chance.randint(0, each.not_available_raw) for each in known.signals.values()]
        if known.name == "LinkTiming":
            raw[0] = 2**32 - 1  # unknown: no frame is older than another
        meant.append((known, raw))
        given.append(" ".join(map(str, [index, *raw, *[0] * (MOST_SIGNALS - len(raw))])))
        values = dict(zip(known.signals, raw, strict=True))
        values |= {f"{known.name}Crc": 0, f"{known.name}Counter": 0}
        payload = known.codec.encode(values, scaling=False, strict=False)
        data = senders[known.name].protect(payload)
        expected += encode_frame(framing, CanFrame(known.can_id, data, 0.0))

    line = run(build("exchange"), ["send", framing], "\n".join(given).encode("ascii"))

    assert line == expected
    supervisor = BusSupervisor()
    judged = [supervisor.judge(frame) for frame in parser_of(framing).feed(line, 0.0)]
    assert {each.status for each in judged} == {FrameStatus.OK}
    assert [(definitions_by_id()[each.frame.can_id], each.frame.data) for each in judged] == [
        (known, judged[index].frame.data) for index, (known, _) in enumerate(meant)
    ]
    for each, (known, raw) in zip(judged, meant, strict=True):
        assert raw_signals(known, each.frame.data) == raw


@pytest.mark.parametrize("framing", FRAMINGS)
def test_python_takes_what_c_sends(build: Build, framing: str) -> None:
    check_c_to_python(build, framing, count=2000)


@pytest.mark.slow
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_hundred_thousand_frames_from_c_to_python(build: Build, framing: str) -> None:
    check_c_to_python(build, framing, count=100_000)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_parsers_agree_on_any_bytes(build: Build, framing: str) -> None:
    chance = random.Random(5)
    letters = b"tTrRsSVvNFMmWOCZz0123456789ABCDEFabcdef\r\r\r\r\r\x07\x00\x00\x01\x02\x03g\xff"
    example = encode_frame(framing, CanFrame(0x3A0, bytes(range(8)), 0.0))
    noise = b"".join(
        chance.choice(
            (
                chance.randbytes(chance.randrange(40)),
                bytes(chance.choices(letters, k=chance.randrange(35))),
                example[: chance.randrange(len(example) + 1)],
                example,
                example[chance.randrange(len(example)) :],
            )
        )
        for _ in range(8000)
    )
    parser = parser_of(framing)
    frames = parser.feed(noise, 0.0)

    records = [(0, noise[at : at + 1000]) for at in range(0, len(noise), 1000)]
    printed = run(build("exchange"), ["receive", framing], pack_records(records)).decode("ascii")

    lines = [line.split() for line in printed.splitlines()]
    assert [int(word) for word in lines[-1][1:]] == counters(parser)
    assert min(counters(parser)) > 500
    assert [words[2:4] for words in lines if words[0] == "frame"] == [
        [f"{frame.can_id:03X}", f"{frame.data.hex()}-"] for frame in frames
    ]


def story(protect: Callable[[bytes], bytes], seed: int, length: int) -> Iterator[Record]:
    """Yield frames of one sender with everything that can happen to them, to the millisecond."""
    chance = random.Random(seed)
    time_ms = 0
    last = protect(bytes(length))
    for _ in range(6000):
        time_ms += chance.choice((0, 1, 50, 100, 100, 100, 349, 350, 351, 5000))
        kind = chance.randrange(16)
        if kind == 0:
            yield time_ms, None
        elif kind == 1:
            yield time_ms, last[: chance.randrange(4)]
        elif kind == 2:
            yield time_ms, chance.randbytes(length)
        elif kind == 3:
            yield time_ms, last
        else:
            for _ in range(chance.choice((0, 0, 0, 0, 0, 0, 1, 2, 3, 6))):
                protect(bytes(length))
            last = protect(chance.randbytes(length))
            yield time_ms, last


def verdicts(receiver: Profile22Receiver, records: Iterable[Record]) -> list[list[int]]:
    """Return status, state and lost frames; the receiver's second here is a millisecond."""
    checks = [receiver.check(data, float(time_ms)) for time_ms, data in records]
    return [[CHECK_CODES[each.status], STATE_CODES[each.state], each.lost] for each in checks]


@pytest.mark.parametrize("timeout_ms", [350, 0])
@pytest.mark.parametrize("start_ms", [0, 2**32 - 50_000])
def test_the_receivers_agree_on_every_verdict(build: Build, start_ms: int, timeout_ms: int) -> None:
    data_ids = definitions()["Health"].data_ids
    records = list(story(Profile22Sender(data_ids).protect, seed=6, length=8))
    receiver = Profile22Receiver(data_ids, timeout_s=float(timeout_ms) or None)
    mode = ["check22", MESSAGES.index("Health"), timeout_ms]

    printed = run(build("exchange"), mode, pack_records(records, start_ms)).decode("ascii")

    found = [[int(word) for word in line.split()] for line in printed.splitlines()]
    assert found == verdicts(receiver, records)
    assert {status for status, _, _ in found} == set(CHECK_CODES.values()) - {8}
    assert {state for _, state, _ in found} == {0, 1, 2, 3}
