"""Trains each lever of a plan with each seed, one after the other, and prints their table.

`python -m tests.benchmarks.levers --data FER2013 --votes VOTES --teacher FILE ...` takes as many
minutes as the table of docs/trainings.md says. It may be ended at any time: the same command goes
on, and leaves out what `--publish` has already. A finished training's settings and history are
copied there, which is all that the table needs.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PLAN = Path(__file__).with_suffix(".toml")
PUBLISHED = Path("docs/trainings/compared")
LAST_EPOCHS = 5
_RECORD = ("settings.json", "state.json")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train: options of `edge-fer train` that all share, and those of each lever."""

    seeds: tuple[int, ...]
    shared: tuple[str, ...]
    levers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PlannedTraining:
    """`name` is that of its folder; `options` are those of `edge-fer train`, without `--run`."""

    name: str
    options: tuple[str, ...]


def read_plan(path: Path = PLAN) -> Plan:
    """Read a plan; ValueError or KeyError where it is not one."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    levers = {name: tuple(options) for name, options in values["levers"].items()}
    return Plan(tuple(values["seeds"]), tuple(values["shared"]), levers)


def names(plan: Plan) -> list[str]:
    """Return the folders' names in the order of the table: a lever's seeds beside each other."""
    return [f"{lever}-{seed}" for lever in plan.levers for seed in plan.seeds]


def planned(
    plan: Plan, *, votes: Path | None, teachers: Sequence[Path], strong: Sequence[Path]
) -> list[PlannedTraining]:
    """Return the trainings that these files allow, the first seed of each lever first."""
    files = {
        "{votes}": [] if votes is None else [str(votes)],
        "{teachers}": [word for path in teachers for word in ("--teacher", str(path))],
        "{strong}": [word for path in strong for word in ("--teacher", str(path))],
    }
    trainings = []
    for seed in plan.seeds:
        for lever, own in plan.levers.items():
            if any(option in files and not files[option] for option in own):
                continue
            filled = [word for option in own for word in files.get(option, [option])]
            options = (*plan.shared, *filled, "--seed", str(seed))
            trainings.append(PlannedTraining(f"{lever}-{seed}", options))
    return trainings


def is_finished(folder: Path) -> bool:
    """Return whether the training in `folder` has all its epochs."""
    try:
        settings, state = (json.loads((folder / name).read_text()) for name in _RECORD)
    except (OSError, ValueError):
        return False
    epochs = sum(stage["epochs"] for stage in settings["settings"]["stages"])
    return bool(len(state["history"]) == epochs)


def publish(run: Path, folder: Path) -> None:
    """Copy settings and history of a finished training into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in reversed(_RECORD):  # the state is complete before the settings make it count
        shutil.copyfile(run / name, folder / name)


def train_all(
    trainings: Sequence[PlannedTraining], data: Path, runs: Path, published: Path
) -> Iterator[tuple[PlannedTraining, int | None]]:
    """Train what `published` does not have; yield each with its exit code, None if it was there."""
    for training in trainings:
        run, place = runs / training.name, published / training.name
        if is_finished(place):
            yield training, None
            continue
        code = 0
        if not is_finished(run):
            command = [sys.executable, "-m", "edge_fer", "train", *training.options]
            command += ["--data", str(data), "--run", str(run)]
            code = subprocess.run(command, check=False).returncode
        if code == 0:
            publish(run, place)
        yield training, code


def comparison(published: Path, plan: Plan) -> str:
    """Return the table of what `published` has of the plan, in Markdown; "" where it has none."""
    from quantize.report.compare import read_training, trainings_table  # it imports Keras

    folders = [published / name for name in names(plan) if is_finished(published / name)]
    if not folders:
        return ""
    return trainings_table([read_training(folder) for folder in folders], LAST_EPOCHS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and print; return the exit code: 1 where a training failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.levers", description=__doc__)
    parser.add_argument("--data", type=Path, help="FER2013; without it the table alone is printed")
    parser.add_argument("--votes", type=Path, help="FER+ votes")
    parser.add_argument("--teacher", type=Path, action="append", default=[], help="repeatable")
    parser.add_argument("--strong", type=Path, action="append", default=[], help="repeatable")
    parser.add_argument("--plan", type=Path, default=PLAN)
    parser.add_argument("--runs", type=Path, default=Path("runs/levers"))
    parser.add_argument("--publish", type=Path, default=PUBLISHED)
    parser.add_argument("--only", action="append", default=[], help="a lever; repeatable")
    words = parser.parse_args(arguments)
    plan = read_plan(words.plan)
    failed = 0
    if words.data is not None:
        trainings = [
            training
            for training in planned(
                plan, votes=words.votes, teachers=words.teacher, strong=words.strong
            )
            if not words.only or training.name.rpartition("-")[0] in words.only
        ]
        for place, (training, code) in enumerate(
            train_all(trainings, words.data, words.runs, words.publish), 1
        ):
            outcome = "there" if code is None else "trained" if code == 0 else f"exit code {code}"
            print(f"{place}/{len(trainings)} {training.name}: {outcome}", file=sys.stderr)
            failed += bool(code)
    print(comparison(words.publish, plan))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
