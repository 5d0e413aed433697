"""How hot the processor is, and from where on it is slowed down: the kernel's thermal zones.

The same files on a Raspberry Pi and on a Jetson. Neither `vcgencmd` nor `tegrastats` is asked: both
are programs to be started, the one needs a device that the service's sandbox closes, and what they
say beyond these files (clocks, rails, use) nothing here decides upon.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from edge_fer.health.kernel_file import matching, read_number, read_text

ZONES = Path("sys/class/thermal")
# A Pi has one zone. A Jetson has one for each part of its chip, and others (PMIC-Die, wireless)
# that stand still or have nothing to do with it.
_OF_THE_CHIP = re.compile(r"(cpu|gpu|soc|tj|x86_pkg)", re.IGNORECASE)
# Where a Raspberry Pi's firmware begins to lower the clock; the kernel does not learn of it.
DEFAULT_LIMIT_C = 80.0
# A passive trip point is where the kernel begins to slow the processor (97 to 99 °C on a Jetson).
# One outside these is switched off or is none of a chip.
_LEAST_LIMIT_C, _MOST_LIMIT_C = 60.0, 115.0
_LEAST_C, _MOST_C = -40.0, 150.0  # a sensor that says something else is broken


@dataclass(frozen=True, slots=True)
class Temperature:
    """The part of the chip that is nearest to its limit."""

    celsius: float
    limit_c: float  # from here on the machine slows itself down

    @property
    def margin_c(self) -> float:
        """Return how far it may still rise."""
        return self.limit_c - self.celsius


class Thermometer:
    """Reads the zones below `root`, which are looked for once."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._zones = [
            (zone / "temp", _limit_c(zone))
            for zone in matching(root / ZONES, "thermal_zone*")
            if _counts(zone)
        ]

    def read(self) -> Temperature | None:
        """Return the temperature that matters; None where no sensor says one."""
        found = [
            Temperature(celsius, limit_c)
            for path, limit_c in self._zones
            if (celsius := _celsius(path)) is not None and _LEAST_C <= celsius <= _MOST_C
        ]
        return min(found, key=lambda item: item.margin_c, default=None)


def _counts(zone: Path) -> bool:
    kind = read_text(zone / "type") or ""
    return zone.name == "thermal_zone0" or _OF_THE_CHIP.match(kind) is not None


def _limit_c(zone: Path) -> float:
    passive = [
        celsius
        for kind in matching(zone, "trip_point_*_type")
        if read_text(kind) == "passive"
        and (celsius := _celsius(kind.with_name(kind.name.replace("_type", "_temp")))) is not None
        and _LEAST_LIMIT_C <= celsius <= _MOST_LIMIT_C
    ]
    return min(passive, default=DEFAULT_LIMIT_C)


def _celsius(path: Path) -> float | None:
    milli = read_number(path)
    return None if milli is None else milli / 1000.0
