"""One direction of a faulty line: writes in, pieces out, later and otherwise. Pure and seeded."""

import heapq
import math
import random
from collections import Counter

from firmware_bridge.faults.spec import FaultSpec

LONGEST_BURST_BITS = 32
LONGEST_GARBAGE_BYTES = 60
# From hardly noticed to longer than any of our cyclic messages may stay away (350 ms).
DELAY_S = (0.02, 0.5)
SPLIT_S = (0.001, 0.05)
# What waits for the next write waits no longer than this.
HELD_S = 0.25


class FaultyLine:
    """Takes writes and gives out what arrives at the other end, in the order of its time.

    `spec` may be exchanged at any time; `done` counts what was done. Times are seconds of any clock
    that does not run backwards.
    """

    def __init__(self, spec: FaultSpec, direction: str) -> None:
        self.spec = spec
        # The two directions of a line must not make the same mistakes at the same time.
        self._random = random.Random(f"{spec.seed} {direction}")
        self._under_way: list[tuple[float, int, bytes]] = []
        self._order = 0
        self._last_due_s = -math.inf
        self._swapped: tuple[bytes, float] | None = None  # comes after the next write
        self._joined: tuple[bytes, float] | None = None  # comes together with it
        self.done: Counter[str] = Counter()

    def write(self, data: bytes, now_s: float) -> None:
        """Take a write; it may be that nothing ever comes of it."""
        if self._happens("drop"):
            return
        data = self._corrupt(data)
        if self._joined is not None:
            data = self._joined[0] + data
            self._joined = None
        if self._swapped is None and self._happens("reorder"):
            self._swapped = (data, now_s + HELD_S)
            return
        if self._happens("merge"):
            self._joined = (data, now_s + HELD_S)
            return
        self._send(data, now_s)
        if self._happens("duplicate"):
            self._send(data, now_s)
        if self._swapped is not None:
            self._send(self._swapped[0], now_s)
            self._swapped = None

    def take_due(self, now_s: float) -> list[bytes]:
        """Return the pieces that have arrived by now."""
        self._release_held(now_s)
        due: list[bytes] = []
        while self._under_way and self._under_way[0][0] <= now_s:
            due.append(heapq.heappop(self._under_way)[2])
        return due

    def next_s(self) -> float:
        """Return when the next piece arrives if nothing more is written; infinite: none."""
        times = [held[1] for held in (self._swapped, self._joined) if held is not None]
        if self._under_way:
            times.append(self._under_way[0][0])
        return min(times, default=math.inf)

    def clear(self) -> None:
        """Lose all that is under way."""
        self._under_way.clear()
        self._swapped = self._joined = None

    def _happens(self, fault: str) -> bool:
        share: float = getattr(self.spec, fault)
        # Only faults that may happen draw: so one more fault does not change when others happen.
        happens = share > 0.0 and self._random.random() < share
        if happens:
            self.done[fault] += 1
        return happens

    def _corrupt(self, data: bytes) -> bytes:
        if self.spec.flip > 0.0:
            data = self._flip(data)
        if self._happens("burst"):
            data = self._burst(data)
        if self._happens("garbage"):
            data = self._random.randbytes(self._random.randint(1, LONGEST_GARBAGE_BYTES)) + data
        return data

    def _flip(self, data: bytes) -> bytes:
        """Turn over each bit with the same chance, by drawing how many are spared in between."""
        bits = bytearray(data)
        position = self._spared_bits()
        while position < 8 * len(bits):
            bits[position // 8] ^= 1 << position % 8
            self.done["flip"] += 1
            position += 1 + self._spared_bits()
        return bytes(bits)

    def _spared_bits(self) -> int:
        if self.spec.flip >= 1.0:
            return 0
        # 1 - random() is never 0, of which there is no logarithm.
        return int(math.log(1.0 - self._random.random()) / math.log1p(-self.spec.flip))

    def _burst(self, data: bytes) -> bytes:
        length = self._random.randint(2, LONGEST_BURST_BITS)
        start = self._random.randrange(8 * len(data))
        # The first bit is always wrong: else a burst might change nothing.
        pattern = self._random.getrandbits(length) | 1
        whole = int.from_bytes(data, "little") ^ pattern << start
        return (whole & (1 << 8 * len(data)) - 1).to_bytes(len(data), "little")

    def _send(self, data: bytes, now_s: float) -> None:
        due_s = now_s + (self._random.uniform(*DELAY_S) if self._happens("delay") else 0.0)
        if len(data) > 1 and self._happens("split"):
            cut = self._random.randrange(1, len(data))
            self._put(data[:cut], due_s)
            self._put(data[cut:], self._last_due_s + self._random.uniform(*SPLIT_S))
        else:
            self._put(data, due_s)

    def _put(self, data: bytes, due_s: float) -> None:
        # On a line nothing overtakes: what is late makes late what comes behind it.
        self._last_due_s = max(self._last_due_s, due_s)
        self._order += 1
        heapq.heappush(self._under_way, (self._last_due_s, self._order, data))

    def _release_held(self, now_s: float) -> None:
        if self._joined is not None and now_s >= self._joined[1]:
            self._send(self._joined[0], now_s)
            self._joined = None
        if self._swapped is not None and now_s >= self._swapped[1]:
            self._send(self._swapped[0], now_s)
            self._swapped = None
