"""A table of trainings: what of their settings differs from the first one's, and what each reached.

This is how it is known what a method brings: trainings that are equal but for that method.
Trainings that differ in their seed alone share a row.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.errors import DataError, DataReason
from quantize.data.augmentation import AUGMENTATIONS
from quantize.report.history import History, read_history
from quantize.report.markdown import signed_points, table
from quantize.training.run_folder import RunFolder
from quantize.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Training:
    """One training. Accuracies are shares 0..1 of PublicTest, or of the fold that it held out.

    `reached` has them by epoch, of the epochs at the last image size; a smaller one is another
    task. `network` is the sha256 of its best network, by which others name it as their teacher or
    beginning; None where there is none.
    """

    seed: int
    settings: dict[str, Any]  # flat: a dot between group and name; without seed and choice
    epochs: int
    reached: tuple[float, ...]
    minutes: float  # on its machine, with what else that did
    network: str | None

    @property
    def best(self) -> float:
        """The accuracy of the best epoch."""
        return max(self.reached)

    def last(self, epochs: int = 1) -> float:
        """Return the mean accuracy of the last `epochs`, or of all where there are fewer."""
        return _mean(self.reached[-epochs:])


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
    del settings["choose"]  # of which network is kept, the accuracies know nothing
    side_px = history.epochs[-1].side_px
    reached = tuple(
        epoch.validation_accuracy for epoch in history.epochs if epoch.side_px == side_px
    )
    minutes = sum(epoch.seconds for epoch in history.epochs) / 60
    return Training(seed, settings, len(history.epochs), reached, minutes, network)


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
        name
        for name in sorted(settings.keys() | base.keys())
        if settings.get(name) != base.get(name) and not (_off(settings, name) and _off(base, name))
    ]
    said = [_said(name, settings.get(name)) for name in changed]
    for preset, values in AUGMENTATIONS.items():
        own = flat({"augmentation": asdict(values)})
        if sum(name in own for name in changed) > 1 and own.items() <= settings.items():
            others = [_said(name, settings.get(name)) for name in changed if name not in own]
            said = [f"augmentation {preset}", *others]
    return ", ".join(said) or "(these settings)"


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


def render_trainings(trainings: Sequence[Training], last: int = 1) -> RenderableType:
    """Return the table for a terminal, with the settings where they have room."""
    heads, *rows = training_rows(trainings, last)
    grid = Table(box=None, padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        grid.add_column(
            head,
            justify="right" if place else "left",
            no_wrap=bool(place),
            ratio=None if place else 1,
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def trainings_table(trainings: Sequence[Training], last: int = 1) -> str:
    """Return the table in Markdown."""
    heads, *rows = training_rows(trainings, last)
    return table(heads, rows)


def training_rows(trainings: Sequence[Training], last: int = 1) -> list[tuple[str, ...]]:
    """Return the heads, and a row for settings that are the same, in their order.

    Compared is the mean accuracy of the `last` epochs: that of one epoch is a draw among them. The
    networks have a column where there are any.
    """
    groups: dict[str, list[Training]] = {}
    for training in trainings:
        groups.setdefault(json.dumps(training.settings, sort_keys=True), []).append(training)
    base = trainings[0].settings
    base_mean = _mean([training.last(last) for training in next(iter(groups.values()))])
    compared = "last epoch" if last == 1 else f"last {last} epochs"
    rows: list[tuple[str, ...]] = [
        (
            *("settings", "epochs", "minutes", "seeds"),
            *(compared, "mean", "change", "best epoch", "network"),
        )
    ]
    for group in groups.values():
        mean = _mean([training.last(last) for training in group])
        rows.append(
            (
                difference(group[0].settings, base),
                "/".join(str(training.epochs) for training in group),
                "/".join(f"{training.minutes:.1f}" for training in group),
                ", ".join(str(training.seed) for training in group),
                ", ".join(f"{training.last(last):.2%}" for training in group),
                f"{mean:.2%}",
                "" if group[0].settings == base else signed_points(mean - base_mean),
                ", ".join(f"{training.best:.2%}" for training in group),
                ", ".join(short(training.network) for training in group if training.network),
            )
        )
    if any(training.network for training in trainings):
        return rows
    return [row[:-1] for row in rows]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
