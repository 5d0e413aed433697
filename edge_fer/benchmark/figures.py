"""Everything that one benchmark of the device found, as JSON and back."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge_fer.benchmark.conditions import Conditions, Machine
from edge_fer.benchmark.model_speed import ModelSpeed
from edge_fer.benchmark.operator_times import OperatorTimes
from edge_fer.benchmark.recommendation import Recommendation
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
    recommendation: Recommendation | None = None  # of the shipped networks

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

    UserError when `old` is not a result of this benchmark.
    """
    _check_result(old, "compare")
    changes = []
    for name, path in _COMPARED.items():
        before, now = _at(old, path), _at(new, path)
        if before is not None and now is not None and before > 0:
            changes.append(Change(name, before, now))
    return tuple(changes)


def read_result(path: Path) -> Any:
    """Return the values of a result file; UserError where it is not one."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise DataError(
            DataReason.UNREADABLE, f"compare: {path}: cannot be read ({reason})"
        ) from error
    _check_result(values, f"compare: {path}")
    return values


def check_same_processor(old: dict[str, Any], new: dict[str, Any]) -> None:
    """UserError unless both results are of the same processor: name, model and instruction sets.

    An older result that names no model is compared by the name alone: `names_model` says so.
    """
    before, now = old.get("machine", {}), new.get("machine", {})
    for field, what in (("processor", ""), ("model", "model "), ("flags", "instruction sets ")):
        was, is_now = before.get(field), now.get(field)
        known = (was and is_now) or field == "processor"
        if known and _words(was) != _words(is_now):
            raise DataError(
                DataReason.MISMATCH,
                f"compare: the results are of two processors: {what}{_words(was)} and "
                f"{what}{_words(is_now)}; compare results of the same processor",
            )


def names_model(result: dict[str, Any]) -> bool:
    """Whether a result names the model of its processor."""
    return bool(result.get("machine", {}).get("model"))


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _check_result(values: Any, where: str) -> None:
    is_result = isinstance(values, dict) and values.get("format") == FORMAT
    # The first results did not name their kind.
    if not is_result or values.get("kind", "device") != "device":
        raise DataError(
            DataReason.BAD_FORMAT,
            f"{where}: not a result of `edge-fer benchmark device --json` (format {FORMAT})",
        )


def _at(values: Any, path: tuple[str, ...]) -> float | None:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return float(values) if isinstance(values, int | float) else None
