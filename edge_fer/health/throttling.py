"""What holds the machine back: a Raspberry Pi's supply and clock, a Jetson's current and cooling.

All of it is in files that need no right, no device and no other program (see `thermal`).
"""

from collections.abc import Iterator
from pathlib import Path

from edge_fer.health.kernel_file import matching, read_number, read_text

# `vcgencmd get_throttled` as a file: bits 0 to 3 are now, 16 to 19 since the start. Where it lies
# depends on the board.
THROTTLED = (
    Path("sys/devices/platform/soc/soc:firmware/get_throttled"),
    Path("sys/devices/platform/soc:firmware/get_throttled"),
)
THROTTLE_BITS = {0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature"}
SINCE = 16  # the same four, shifted by so much: it happened since the start
UNDERVOLTAGE = THROTTLE_BITS[0]
HEAT_THROTTLING = THROTTLE_BITS[3]
CAPPED = THROTTLE_BITS[1]

HWMON = Path("sys/class/hwmon")
# Kernels without that file have an alarm of the supply alone.
PI_SUPPLY, PI_ALARM = "rpi_volt", "in0_lcrit_alarm"
# A Jetson counts what its supply could not deliver (NVIDIA's developer guide, "over-current").
JETSON_EVENTS = "oc*_event_cnt"
OVER_CURRENT = "over-current"
POOR_SUPPLY = frozenset({UNDERVOLTAGE, OVER_CURRENT})
COOLING = Path("sys/class/thermal")
# A slowed processor is a cooling device of the kernel; other devices are fans and the like.
_OF_THE_PROCESSOR = "cpufreq"

# An event that a counter shows is over by the time it is read: it is said for so long.
EVENT_SHOWN_S = 10.0


def read_throttle_bits(root: Path = Path("/")) -> int | None:
    """Return the bits of a Raspberry Pi, or None where a machine does not say."""
    for path in THROTTLED:
        bits = read_number(root / path, 16)
        if bits is not None:
            return bits
    for chip in matching(root / HWMON, "hwmon*"):
        if read_text(chip / "name") == PI_SUPPLY:
            return read_number(chip / PI_ALARM, 10)  # bit 0 is the same
    return None


def throttle_names(bits: int, *, since_start: bool = False) -> tuple[str, ...]:
    """Return what holds the machine back, now or at any time since its start."""
    shift = SINCE if since_start else 0
    return tuple(name for bit, name in THROTTLE_BITS.items() if bits >> (bit + shift) & 1)


def read_over_current_events(root: Path = Path("/")) -> int | None:
    """Return how often a Jetson's supply could not deliver since the start; None elsewhere."""
    counts = [
        count
        for path in matching(root / HWMON, f"hwmon*/{JETSON_EVENTS}")
        if (count := read_number(path, 10)) is not None
    ]
    return sum(counts) if counts else None


class ThrottleWatch:
    """Says what holds the machine below `root` back; times are monotonic seconds."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._cooling = [
            device / "cur_state"
            for device in matching(root / COOLING, "cooling_device*")
            if _OF_THE_PROCESSOR in (read_text(device / "type") or "")
        ]
        self._events = read_over_current_events(root)
        self._event_s: float | None = None

    def read(self, now_s: float) -> tuple[str, ...] | None:
        """Return the names of what does so now; None where the machine does not say."""
        bits, events = read_throttle_bits(self._root), read_over_current_events(self._root)
        if bits is None and events is None and not self._cooling:
            return None
        if events is not None and self._events is not None and events > self._events:
            self._event_s = now_s
        self._events = events
        # Each name once: a Pi that is capped has a cooling device that says so as well.
        return tuple(dict.fromkeys(self._names(bits or 0, now_s)))

    def _names(self, bits: int, now_s: float) -> Iterator[str]:
        yield from throttle_names(bits)
        if any((read_number(path, 10) or 0) > 0 for path in self._cooling):
            yield CAPPED
        if self._event_s is not None and now_s - self._event_s < EVENT_SHOWN_S:
            yield OVER_CURRENT
