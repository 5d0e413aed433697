"""A table of trainings: what of their settings differs from the first one's, and what each reached.

This is how it is known what a method brings: trainings that are equal but for that method.
Trainings that differ in their seed alone share a row.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.errors import DataError, DataReason
from quantize.report.history import History, read_history
from quantize.report.markdown import signed_points, table
from quantize.training.run_folder import RunFolder
from quantize.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Training:
    """One training. Accuracies are shares 0..1 of PublicTest; `best` is that of any epoch.

    `network` is the sha256 of its best network, by which others name it as their teacher or
    beginning; None where there is none.
    """

    seed: int
    settings: dict[str, Any]  # flat: a dot between group and name; without the seed
    epochs: int
    last: float
    best: float
    network: str | None


def read_training(folder: Path) -> Training:
    """Return the training that `folder` holds; UserError where there is none, or no epoch of it."""
    history = read_history(folder)
    if history is None:
        raise DataError(
            DataReason.NOT_FOUND,
            f"{folder}: holds no training with an epoch done; give folders of --run",
        )
    try:
        return training_of(history, _digest(RunFolder(folder).best))
    except (KeyError, TypeError) as error:
        raise DataError(
            DataReason.BAD_FORMAT, f"{folder / 'settings.json'}: not of this version ({error})"
        ) from error


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def training_of(history: History, network: str | None) -> Training:
    """Return what a row says of a training."""
    settings = flat(TrainingSettings.from_json(history.settings).to_json())
    seed = settings.pop("seed")
    # Last and best at the size of the last stage: a smaller image is another task.
    side_px = history.epochs[-1].side_px
    reached = [epoch.validation_accuracy for epoch in history.epochs if epoch.side_px == side_px]
    return Training(seed, settings, len(history.epochs), reached[-1], max(reached), network)


def flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return settings without groups, as {"augmentation.scale": 0.12}; stages as 32:20,48:6."""
    result: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            result.update(flat(value, f"{prefix}{name}."))
        elif name == "stages":
            result[name] = ",".join(f"{stage['side_px']}:{stage['epochs']}" for stage in value)
        else:
            result[prefix + name] = value
    return result


def difference(settings: dict[str, Any], base: dict[str, Any]) -> str:
    """Return in words what is set otherwise than in `base`; what one lacks had no effect there."""
    changed = [
        _said(name, settings.get(name))
        for name in sorted(settings.keys() | base.keys())
        if settings.get(name) != base.get(name) and not (_off(settings, name) and _off(base, name))
    ]
    return ", ".join(changed) or "(these settings)"


def _off(settings: dict[str, Any], name: str) -> bool:
    return not settings.get(name)


_FILES = {
    "votes_sha256": "FER+ votes",
    "teachers_sha256": "teacher",
    "initial_sha256": "warm restart",
}


def _said(name: str, value: Any) -> str:
    if name not in _FILES:
        return f"{name} = {value}"
    if not value:
        return f"no {_FILES[name]}"
    digests = [value] if isinstance(value, str) else value
    return f"{_FILES[name]} {' + '.join(map(short, digests))}"


def short(digest: str) -> str:
    """Return as much of a sha256 as distinguishes networks."""
    return digest[:8]


HEADS = ("settings", "epochs", "seeds", "last epoch", "mean", "change", "best epoch", "network")


def render_trainings(trainings: Sequence[Training]) -> RenderableType:
    """Return the table for a terminal, with the settings where they have room."""
    grid = Table(box=None, padding=(0, 2, 0, 0))
    for place, head in enumerate(HEADS):
        grid.add_column(
            head,
            justify="right" if place else "left",
            no_wrap=bool(place),
            ratio=None if place else 1,
            overflow="fold",
        )
    for row in training_rows(trainings):
        grid.add_row(*map(Text, row))
    return grid


def trainings_table(trainings: Sequence[Training]) -> str:
    """Return the table in Markdown."""
    return table(HEADS, training_rows(trainings))


def training_rows(trainings: Sequence[Training]) -> list[tuple[str, ...]]:
    """Return a row of HEADS for settings that are the same, in their order."""
    groups: dict[str, list[Training]] = {}
    for training in trainings:
        groups.setdefault(json.dumps(training.settings, sort_keys=True), []).append(training)
    base = trainings[0].settings
    base_mean = _mean([training.last for training in next(iter(groups.values()))])
    rows: list[tuple[str, ...]] = []
    for group in groups.values():
        mean = _mean([training.last for training in group])
        rows.append(
            (
                difference(group[0].settings, base),
                "/".join(str(training.epochs) for training in group),
                ", ".join(str(training.seed) for training in group),
                ", ".join(f"{training.last:.2%}" for training in group),
                f"{mean:.2%}",
                "" if group[0].settings == base else signed_points(mean - base_mean),
                ", ".join(f"{training.best:.2%}" for training in group),
                ", ".join(short(training.network) for training in group if training.network),
            )
        )
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
