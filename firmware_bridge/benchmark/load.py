"""The link at its worst: garbage without end, a port that comes and goes, a reader that stops.

Each part measures what the other side sees, the driver states that arrive at a pseudo-terminal, and
whether this process grows meanwhile.
"""

import logging
import math
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from firmware_bridge.benchmark.latency import read_until
from firmware_bridge.benchmark.terminal import fed, terminal
from firmware_bridge.errors import MeasurementError, MeasurementReason
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import ControllerStatusMessage, DriverStateMessage
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.reception.watching import Watch
from firmware_bridge.terminal.pty import Terminal

# Longer than the 350 ms after which a receiver takes the state for unknown, by one lost poll.
GAP_BOUND_MS = 400.0
# A receiver takes nothing older for fresh; a mark of 0.1 s says how old a state is.
AGE_BOUND_S = 0.6
GROWTH_BOUND_MB = 4.0
_MARKS, _MARK_S = 255, 0.1
_PUBLISH_S = 1 / 30  # as often as a camera gives frames
_ON_S, _AWAY_S = (0.3, 1.2), (0.05, 1.5)  # how long a port stays, and stays away
_AFTER_S = 3.0  # what is watched of a reader that came back
_LOST_S = 5.0
_SEED = 1
_CONTROLLER_LINE = encode_line(
    CanFrame(definition(ControllerStatusMessage.NAME).can_id, bytes(8), 0.0)
)[:5]
_LINE_BYTES = 21
_LEAST_LINES_PER_S = 2000
_POOL = 5000  # different lines


@dataclass(frozen=True, slots=True)
class LoadEffort:
    """How much is done; the defaults take about three minutes."""

    lines: int = 1_000_000
    unplugs: int = 50
    blocked_s: float = 20.0


@dataclass(frozen=True, slots=True)
class LoadPart:
    """What one part showed.

    `longest_gap_ms` is the longest time without a driver state; of unplugs from the port's return
    to the first one, of a blocked reader after it reads again. `oldest_believed_s` is the age of
    the oldest state that a receiver believed, to 0.1 s. Growth is that of the resident memory and
    of the open descriptors.
    """

    name: str
    amount: float
    seconds: float
    driver_states: int
    longest_gap_ms: float
    growth_mb: float
    growth_descriptors: int
    oldest_believed_s: float | None = None
    rejected_lines: int | None = None
    connections_lost: int | None = None
    cycles_left_out: int | None = None
    frames_dropped: int | None = None

    @property
    def holds(self) -> bool:
        """Return whether each bound was kept."""
        return (
            self.driver_states > 0
            and self.longest_gap_ms <= GAP_BOUND_MS
            and self.growth_mb <= GROWTH_BOUND_MB
            and self.growth_descriptors <= 0
            and (self.oldest_believed_s is None or self.oldest_believed_s <= AGE_BOUND_S)
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"holds": self.holds}


def measure_load(effort: LoadEffort, say: Callable[[str], None]) -> Iterator[LoadPart]:
    """Yield one part after the other; `say` gets the name of each before it begins."""
    say(f"{effort.lines:,} lines of garbage")
    yield garbage(effort.lines)
    say(f"{effort.unplugs} unplugs")
    yield unplugs(effort.unplugs)
    say(f"a reader that stops for {effort.blocked_s:g} s")
    yield blocked_reader(effort.blocked_s)


def garbage(lines: int) -> LoadPart:
    """Let another process write `lines` lines, as fast as they are taken, while the link sends."""
    data, frames = _garbage(lines)
    with terminal() as port, _linked(port.path) as link:
        reader = _Reader(port, link)
        reader.read(_LOST_S, until=reader.has_states)
        reader.count_anew()
        growth, started_s = _Growth(), time.monotonic()
        with fed(port.device, data):
            patience_s = lines / _LEAST_LINES_PER_S + _LOST_S
            reader.read(patience_s, until=lambda: link.counters.frames_received >= frames)
            seconds = time.monotonic() - started_s
            reader.read(_LOST_S / 5)
        counters = link.counters
        if counters.frames_received < frames:
            raise MeasurementError(
                MeasurementReason.FRAME_MISSING,
                f"benchmark: the link did not read {lines:,} lines in {patience_s:.0f} s",
            )
        return LoadPart(
            "lines of garbage",
            lines,
            seconds,
            reader.states,
            reader.longest_gap_ms,
            growth.megabytes,
            growth.descriptors,
            rejected_lines=counters.rejected_lines,
            frames_dropped=counters.frames_dropped,
        )


def unplugs(count: int) -> LoadPart:
    """Take the port away `count` times, for moments and for longer."""
    chance = random.Random(_SEED)
    back_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        plug = Path(folder) / "ttyPLUG"
        port = Terminal()
        plug.symlink_to(port.path)
        with _linked(str(plug)) as link:
            _Reader(port, link).read(chance.uniform(*_ON_S))
            growth, started_s = _Growth(), time.monotonic()
            for _ in range(count):
                plug.unlink()
                port.close()
                time.sleep(chance.uniform(*_AWAY_S))
                port = Terminal()
                plugged_s = time.monotonic()
                plug.symlink_to(port.path)
                reader = _Reader(port, link)
                reader.read(_LOST_S, until=reader.has_states)
                back_s.append(time.monotonic() - plugged_s)
                reader.read(chance.uniform(*_ON_S))
            part = LoadPart(
                "unplugs",
                count,
                time.monotonic() - started_s,
                len(back_s),
                1000.0 * max(back_s),
                growth.megabytes,
                growth.descriptors,
                connections_lost=link.counters.connections_lost,
            )
        port.close()
    return part


def blocked_reader(seconds: float) -> LoadPart:
    """Read nothing for so long, and then what waited and what follows."""
    with terminal() as port, _linked(port.path) as link:
        reader = _Reader(port, link)
        reader.read(1.5)
        growth = _Growth()
        before = link.counters
        end_s = time.monotonic() + seconds
        while (now_s := time.monotonic()) < end_s:
            _publish(link, now_s)
            time.sleep(_PUBLISH_S)
        reader.count_anew()
        reader.read(_AFTER_S)
        counters = link.counters
        return LoadPart(
            "seconds without a reader",
            seconds,
            seconds + _AFTER_S,
            reader.states,
            reader.longest_gap_ms,
            growth.megabytes,
            growth.descriptors,
            oldest_believed_s=reader.oldest_believed_s,
            cycles_left_out=counters.cycles_skipped - before.cycles_skipped,
            frames_dropped=counters.frames_dropped - before.frames_dropped,
        )


def _garbage(lines: int) -> tuple[bytes, int]:
    """Return so many lines of all kinds, the last a frame, and how many of them are frames."""
    chance = random.Random(_SEED)

    def digits(count: int) -> bytes:
        return bytes(chance.choices(b"0123456789ABCDEF", k=count))

    makers: tuple[Callable[[], bytes], ...] = (
        lambda: chance.randbytes(chance.randrange(1, 30)),
        lambda: b"error: overflow",
        lambda: b"",
        lambda: b"\x07",
        lambda: _CONTROLLER_LINE + digits(16),
    )
    pool = [chance.choice(makers)().replace(b"\r", b"\n") for _ in range(_POOL)]
    made = [*chance.choices(pool, k=lines - 1), _CONTROLLER_LINE + digits(16)]
    frames = sum(len(line) == _LINE_BYTES and line[:5] == _CONTROLLER_LINE for line in made)
    return b"".join(line + b"\r" for line in made), frames


def _mark(now_s: float) -> int:
    return int(now_s / _MARK_S) % _MARKS


def _publish(link: Link, now_s: float) -> None:
    state = DriverStateMessage(1, event_sequence=_mark(now_s))
    link.publish(Snapshot(now_s, state, now_s))


@contextmanager
def _linked(port: str) -> Iterator[Link]:
    """Yield a link that sends to `port`, and says nothing of what is wrong on purpose."""
    log = logging.getLogger("firmware_bridge.link.link")
    before = log.level
    log.setLevel(logging.ERROR)
    link = Link(f"slcan:{port}")
    link.open()
    link.start()
    try:
        yield link
    finally:
        link.stop()
        log.setLevel(before)


class _Growth:
    """How much this process grew since then."""

    def __init__(self) -> None:
        self._megabytes, self._descriptors = _resident_mb(), _open_descriptors()

    @property
    def megabytes(self) -> float:
        """Return the growth of the resident memory."""
        return _resident_mb() - self._megabytes

    @property
    def descriptors(self) -> int:
        """Return how many more are open."""
        return _open_descriptors() - self._descriptors


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class _Reader:
    """The other side of a pseudo-terminal: reads what the link sends, and publishes meanwhile."""

    def __init__(self, port: Terminal, link: Link) -> None:
        self._device = port.device
        self._link = link
        self._parser = SlcanParser()
        self._watch = Watch(time.monotonic())
        self._since_s = time.monotonic()
        self._arrived_s: list[float] = []
        self.oldest_believed_s = 0.0

    @property
    def states(self) -> int:
        """Return how many driver states arrived."""
        return len(self._arrived_s)

    @property
    def longest_gap_ms(self) -> float:
        """Return the longest time between two of them, or from the start of the count to one."""
        times = (self._since_s, *self._arrived_s)
        return 1000.0 * max((b - a for a, b in pairwise(times)), default=math.inf)

    def has_states(self) -> bool:
        """Return whether one arrived."""
        return bool(self._arrived_s)

    def count_anew(self) -> None:
        """Count from now on."""
        self._since_s = time.monotonic()
        self._arrived_s.clear()

    def read(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Read for so long, or until that is so."""
        end_s = time.monotonic() + seconds
        while (now_s := time.monotonic()) < end_s and not until():
            _publish(self._link, now_s)
            read_until(self._device, self._parser, self._take, min(_PUBLISH_S, end_s - now_s))

    def _take(self, frame: CanFrame) -> bool:
        judged = self._watch.take(frame)
        if judged.name != DriverStateMessage.NAME:
            return False
        self._arrived_s.append(frame.time_s)
        if judged.usable and isinstance(judged.message, DriverStateMessage):
            made = judged.message.event_sequence
            if made is not None:
                age_s = (_mark(frame.time_s) - made) % _MARKS * _MARK_S
                self.oldest_believed_s = max(self.oldest_believed_s, age_s)
        return False
