"""The daemon for a long time: whether it grows slower, larger or hotter."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from edge_fer.benchmark.conditions import (
    Conditions,
    Machine,
    read_conditions,
    read_machine,
    why_invalid,
)
from edge_fer.benchmark.running_daemon import DaemonFigures, measure_daemon
from edge_fer.errors import UsageError, UsageReason
from edge_fer.models.card import load_model
from firmware_bridge.benchmark.output import Interrupted

FORMAT = 1
FPS = 30
CAMERA = f"demo:?fps={FPS}&loop=1"
WINDOWS = 30  # enough for a line; each at least as long as an average needs
LEAST_WINDOW_S = 2.0
LEAST_S, MOST_S = 10.0, 7 * 86_400.0
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class DriftWindow:
    """One stretch of the run, and how the machine was at its end, `end_s` after the first began."""

    end_s: float
    daemon: DaemonFigures
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure by medians of the run's first and last third; `change` is a share of the first."""

    first: float
    last: float
    change: float


@dataclass(frozen=True, slots=True)
class DriftFigures:
    """One long run. `invalid` says why the figures are not the device's best; () if they are."""

    machine: Machine
    before: Conditions
    after: Conditions
    model_sha256: str
    windows: tuple[DriftWindow, ...]
    drift: dict[str, Drift]
    invalid: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values (format 1)."""
        return {"format": FORMAT, "kind": "soak", **asdict(self)}


# Read from one window; a machine may not say its clock or temperature.
DRIFTING: dict[str, Callable[[DriftWindow], float | None]] = {
    "frames a second": lambda window: window.daemon.fps,
    "capture to decision, ms": lambda window: window.daemon.latency_ms,
    "glass to wire p99, ms": lambda window: window.daemon.source_age_p99_ms,
    "daemon's share of a core": lambda window: window.daemon.cpu_daemon,
    "daemon's memory, MB": lambda window: window.daemon.rss_daemon_mb,
    "camera process's memory, MB": lambda window: window.daemon.rss_camera_mb,
    "temperature, degC": lambda window: window.conditions.temperature_c,
    "clock, MHz": lambda window: window.conditions.clock_mhz,
}


def parse_duration(text: str) -> float:
    """Return the seconds of "90s", "10m" or "2h"; UserError for anything else or out of range."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    seconds = float(found[1]) * _UNITS_S[found[2]] if found else None
    if seconds is None or not LEAST_S <= seconds <= MOST_S:
        raise UsageError(
            UsageReason.BAD_VALUE, f"soak {text}: not a time of 10s to 168h: write 10m, 90s or 2h"
        )
    return seconds


def measure_drift(
    model: Path, seconds: float, each: Callable[[DriftWindow], None] = lambda window: None
) -> DriftFigures:
    """Run the daemon at a camera's rate for `seconds`; `each` gets each window as it ends.

    Interrupted by Ctrl-C, with the figures of the windows that ended.
    """
    card, _ = load_model(model)
    machine, before = read_machine(), read_conditions()
    count = max(3, min(WINDOWS, int(seconds / LEAST_WINDOW_S)))
    windows: list[DriftWindow] = []

    def note(figures: DaemonFigures) -> None:
        end_s = (windows[-1].end_s if windows else 0.0) + figures.seconds
        windows.append(DriftWindow(end_s, figures, read_conditions()))
        each(windows[-1])

    def figures() -> DriftFigures:
        after = read_conditions()
        return DriftFigures(
            machine,
            before,
            after,
            card.sha256,
            tuple(windows),
            drifts(windows),
            why_invalid(before, after),
        )

    try:
        measure_daemon(
            CAMERA, model, seconds / count, interval_ms=1000.0 / FPS, windows=count, each=note
        )
    except KeyboardInterrupt:
        if not windows:
            raise
        raise Interrupted(figures()) from None
    return figures()


def drifts(windows: list[DriftWindow]) -> dict[str, Drift]:
    """Return how the figures changed over the windows, of which there are three or more."""
    found = {}
    for name, read in DRIFTING.items():
        values = [value for window in windows if (value := read(window)) is not None]
        third = len(values) // 3
        if third:
            first, last = median(values[:third]), median(values[-third:])
            found[name] = Drift(first, last, last / first - 1.0 if first else 0.0)
    return found
