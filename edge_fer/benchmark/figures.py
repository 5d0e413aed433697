"""Everything that one benchmark of the device found, as JSON and back. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from edge_fer.benchmark.conditions import Conditions, Machine
from edge_fer.benchmark.model_speed import ModelSpeed
from edge_fer.benchmark.operator_times import OperatorTimes
from edge_fer.benchmark.running_daemon import DaemonFigures
from edge_fer.benchmark.stages import StageTimes
from edge_fer.errors import DataError, DataReason

FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """`invalid` says why the figures are not the device's best; () where nothing spoiled them."""

    machine: Machine
    before: Conditions
    after: Conditions
    model: ModelSpeed
    stages: StageTimes
    daemon: DaemonFigures
    fastest: DaemonFigures  # the camera unpaced: what the device can do at most
    invalid: tuple[str, ...]
    operators: OperatorTimes | None = None  # where they were asked for

    def to_json(self) -> dict[str, Any]:
        """Return plain values (format 1)."""
        return {"format": FORMAT, "kind": "device", **asdict(self)}


@dataclass(frozen=True, slots=True)
class Change:
    """One figure, before and now; `factor` above 1 is worse."""

    name: str
    before: float
    now: float

    @property
    def factor(self) -> float:
        """How many times the old figure the new one is."""
        return self.now / self.before


# What is compared: less is better in each. The path leads through the JSON.
_COMPARED = {
    "first inference, cold": ("model", "cold_start", "first_inference_ms"),
    "model p50": ("model", "by_threads", "1", "p50_ms"),
    "frame to state, tracked, p50": ("stages", "stages", "frame to state, tracked", "p50_ms"),
    "frame to state, detected, p50": ("stages", "stages", "frame to state, detected", "p50_ms"),
    "daemon's share of a core": ("daemon", "cpu_daemon"),
    "daemon's memory": ("daemon", "rss_daemon_mb"),
    "ready after": ("daemon", "ready_s"),
}


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    """Return how the compared figures changed, of those that both results have.

    UserError when `old` is no result of this benchmark.
    """
    is_result = isinstance(old, dict) and old.get("format") == FORMAT
    # The first results did not say what they are of.
    if not is_result or old.get("kind", "device") != "device":
        raise DataError(
            DataReason.BAD_FORMAT,
            f"--compare: not a result of `edge-fer benchmark --json` (format {FORMAT})",
        )
    changes = []
    for name, path in _COMPARED.items():
        before, now = _at(old, path), _at(new, path)
        if before is not None and now is not None and before > 0:
            changes.append(Change(name, before, now))
    return tuple(changes)


def _at(values: Any, path: tuple[str, ...]) -> float | None:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return float(values) if isinstance(values, int | float) else None
