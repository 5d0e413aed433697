"""What a figure depends on: board, kernel, clocks, temperature, throttling.

Everything is read from /proc and /sys and is None where a machine does not say it.
"""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from edge_fer.health.kernel_file import read_text
from edge_fer.health.thermal import Thermometer
from edge_fer.health.throttling import SINCE, THROTTLE_BITS, read_throttle_bits

# A clock that falls by this share while it is measured makes the first and the last figure differ.
_CLOCK_FALL = 0.1
# What distinguishes processors of one name, on x86 and on Arm.
_MODEL_FIELDS = {
    "cpu family": "family",
    "model": "model",
    "stepping": "stepping",
    "CPU variant": "variant",
    "CPU revision": "revision",
}
# XNNPACK chooses its int8 kernels by these (src/xnnpack/hardware-config.h).
KERNEL_FLAGS = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8"),
    *("asimd", "asimddp", "i8mm", "sve", "sve2"),
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """One moment of the machine; clocks in MHz, of the fastest core."""

    governor: str | None
    clock_mhz: float | None
    temperature_c: float | None
    throttle_bits: int | None
    load: float  # of the last minute, other programs and this one


@dataclass(frozen=True, slots=True)
class Machine:
    """What does not change while it is measured.

    `model` is the processor's number below its name, "" where the kernel gives none, and `flags`
    are those of its instruction sets that the int8 kernels are chosen by.
    """

    board: str
    processor: str
    cores: int
    kernel: str
    python: str
    model: str = ""
    flags: tuple[str, ...] = ()


def read_machine(root: Path = Path("/")) -> Machine:
    """Return what machine this is."""
    board = read_text(root / "proc/device-tree/model") or read_text(
        root / "sys/devices/virtual/dmi/id/product_name"
    )
    fields = _cpu_fields(root / "proc/cpuinfo")
    present = (fields.get("flags") or fields.get("Features") or "").split()
    return Machine(
        board=(board or "unknown").rstrip("\0"),
        processor=_processor(fields),
        cores=len(os.sched_getaffinity(0)),
        kernel=platform.release(),
        python=platform.python_version(),
        model=" ".join(
            f"{name} {fields[key]}" for key, name in _MODEL_FIELDS.items() if key in fields
        ),
        flags=tuple(flag for flag in KERNEL_FLAGS if flag in present),
    )


def read_conditions(root: Path = Path("/")) -> Conditions:
    """Return how the machine is at this moment."""
    cpus = root / "sys/devices/system/cpu"
    clocks = [
        int(text) / 1000.0
        for path in cpus.glob("cpu[0-9]*/cpufreq/scaling_cur_freq")
        if (text := read_text(path)) is not None and text.isdecimal()
    ]
    temperature = Thermometer(root).read()
    return Conditions(
        governor=read_text(cpus / "cpu0/cpufreq/scaling_governor"),
        clock_mhz=max(clocks, default=None),
        temperature_c=None if temperature is None else temperature.celsius,
        throttle_bits=read_throttle_bits(root),
        load=round(os.getloadavg()[0], 2),
    )


def why_invalid(before: Conditions, after: Conditions) -> tuple[str, ...]:
    """Return why figures taken between these two moments are not the device's best; () if none."""
    reasons = []
    was, now = before.throttle_bits or 0, after.throttle_bits or 0
    for bit, name in THROTTLE_BITS.items():
        during = now >> (bit + SINCE) & 1 and not was >> (bit + SINCE) & 1
        if (was | now) >> bit & 1 or during:
            reasons.append(f"{name} while it was measured")
    if (
        before.clock_mhz
        and after.clock_mhz
        and (after.clock_mhz < (1 - _CLOCK_FALL) * before.clock_mhz)
    ):
        reasons.append(f"the clock fell from {before.clock_mhz:.0f} to {after.clock_mhz:.0f} MHz")
    return tuple(reasons)


def warnings(conditions: Conditions) -> tuple[str, ...]:
    """Return what makes figures worse than they could be, and what to do."""
    found = []
    if conditions.governor not in (None, "performance"):
        found.append(
            f"the CPU governor is {conditions.governor!r}: 'performance' gives the best figures"
        )
    if conditions.load > 0.5 * (os.cpu_count() or 1):
        found.append(f"other programs are busy (load {conditions.load:.1f}): stop them and repeat")
    return tuple(found)


def _cpu_fields(path: Path) -> dict[str, str]:
    """Return the lines of the first processor in /proc/cpuinfo."""
    fields: dict[str, str] = {}
    for line in (read_text(path) or "").splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    return fields


def _processor(fields: dict[str, str]) -> str:
    """Return the processor's name; Arm's kernels give only numbers, so those."""
    if "model name" in fields:
        return fields["model name"]
    part = fields.get("CPU part")
    return f"{platform.machine()} part {part}" if part else platform.machine()
