"""The verb `train`: from the command line's words to a training."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from edge_fer.errors import UsageError, UsageReason
from edge_fer.models.kind import EMOTIONS, FACE_PX
from edge_fer.out_path import prepare_folder
from quantize.data.augmentation import AUGMENTATIONS
from quantize.data.classes import emotion_classes
from quantize.data.fer2013 import Fer2013
from quantize.data.views import VIEWS
from quantize.data.votes import load_votes
from quantize.evaluation.predictors import Predictor, open_predictor
from quantize.networks.architectures import ARCHITECTURES
from quantize.networks.initial_network import open_initial
from quantize.one_of import check_one_of
from quantize.progress import progress_bar
from quantize.training.distillation import mean_answers
from quantize.training.run_folder import RunFolder, RunState
from quantize.training.settings import (
    CHOICES,
    PRECISIONS,
    Stage,
    TrainingSettings,
    paper_settings,
)
from quantize.training.train import train
from quantize.verbs.reading import read_data, reading_of

# The network halves its maps three times; below 16 px nothing is left to convolve.
SMALLEST_SIDE_PX = 16
LARGEST_SIDE_PX = 96


def train_verb(
    data: Path,
    run: Path,
    *,
    architecture: str,
    seed: int,
    stages: str | None,
    initial: Path | None,
    learning_rate: float | None,
    augmentation: str,
    votes: Path | None,
    teachers: Sequence[Path] = (),
    teacher_weight: float | None = None,
    consistent_teachers: bool = False,
    teacher_views: int | None = None,
    choose: str = "best",
    fold: int = 0,
    label_smoothing: float | None = None,
    precision: str,
    changes: Sequence[str] = (),
    rows: int = 0,
    skip_bad: bool = False,
    labels: str | None = None,
    face_crop: bool = False,
    yunet: Path | None = None,
) -> None:
    """Train or resume, and say where the network lies. UserError for wrong words."""
    settings = settings_for(architecture, seed, stages)
    check_one_of("--augmentation", augmentation, AUGMENTATIONS)
    check_one_of("--precision", precision, PRECISIONS)
    check_one_of("--choose", choose, CHOICES)
    if teacher_views is not None:
        check_one_of("--teacher-views", teacher_views, VIEWS)
    given: dict[str, Any] = {
        "learning_rate": learning_rate,
        "label_smoothing": label_smoothing,
        "teacher_weight": teacher_weight,
        "teacher_views": teacher_views,
        "rows": rows or None,
    }
    settings = replace(
        settings,
        augmentation=AUGMENTATIONS[augmentation],
        precision=precision,
        choose=choose,
        fold=fold,
        consistent_teachers=consistent_teachers,
        **{name: value for name, value in given.items() if value is not None},
    )
    settings = with_changes(settings, changes)
    _refuse_contradictions(settings, has_votes=votes is not None)
    reading = reading_of(
        skip_bad=skip_bad, classes=emotion_classes(labels), face_crop=face_crop, yunet=yunet
    )
    prepare_folder(run, "--run")
    asked = [open_predictor(path, EMOTIONS, precision=precision) for path in teachers]
    settings = replace(settings, teachers_sha256=tuple(_sha256(path) for path in teachers))
    if initial is not None:
        open_initial(initial, architecture)
        settings = replace(settings, initial_sha256=_sha256(initial))
    dataset = read_data(data, reading, near=True)
    shares = None
    if votes is not None:
        shares = load_votes(votes, dataset)
        settings = replace(settings, votes_sha256=_sha256(votes))
    answers, ask = None, None
    if consistent_teachers:
        ask = partial(mean_answers, asked, count=settings.teacher_views or 1)
    elif asked:
        answers = _answers(asked, dataset.select("Training"), settings, run)
    console = Console(stderr=True)
    console.print("Building the network ...", highlight=False)
    state = train(
        dataset,
        run,
        settings,
        initial=initial,
        votes=shares,
        answers=answers,
        ask=ask,
        console=console,
    )
    print(_result(run, settings, state))


def _refuse_contradictions(settings: TrainingSettings, *, has_votes: bool) -> None:
    if not has_votes and (settings.votes_in_label > 0 or settings.most_unclear < 1):
        name = "votes_in_label" if settings.votes_in_label > 0 else "most_unclear"
        raise UsageError(UsageReason.CONTRADICTION, f"--set {name}: this needs --votes")
    if settings.early_learning > 0 and settings.mixup > 0:
        raise UsageError(
            UsageReason.CONTRADICTION,
            "--set early_learning: it remembers the answers for each face, and --set mixup lays "
            "two faces over each other: leave one of them out",
        )
    if settings.choose != "none" and FACE_PX not in {stage.side_px for stage in settings.stages}:
        sizes = ",".join(f"{stage.side_px}:{stage.epochs}" for stage in settings.stages)
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"--stages {sizes}: no epoch at {FACE_PX} px, the size that the device sees, so there "
            f"would be no network to use: end with {FACE_PX}:6, or compare trainings alone, with "
            "--choose none",
        )


def _answers(
    teachers: Sequence[Predictor], training: Fer2013, settings: TrainingSettings, run: Path
) -> NDArray[np.float32]:
    """Ask the teachers for the Training rows, once for a folder: it may take an hour."""
    count = settings.teacher_views or 2
    key = "-".join([training.digest(), str(count), settings.precision, *settings.teachers_sha256])
    folder = RunFolder(run)
    kept = folder.answers(key)
    if kept is not None:
        return kept
    total = count * len(teachers) * len(training)
    with progress_bar("Asking the teachers", total) as advance:
        answers = mean_answers(teachers, training.images, advance, count=count)
    folder.save_answers(answers, key)
    return answers


def _result(run: Path, settings: TrainingSettings, state: RunState) -> str:
    if state.best_epoch is None:
        last = state.history[-1]
        return (
            f"{run}: {settings.validation} accuracy {last.validation_accuracy:.2%} at "
            f"{last.side_px} px after epoch {state.epochs_done}; no network is kept"
        )
    result = (
        f"{run / 'best.keras'}: {settings.validation} accuracy {state.best_accuracy:.2%} "
        f"(epoch {state.best_epoch} of {state.epochs_done})"
    )
    if state.public_test is not None:
        result += f", PublicTest accuracy {state.public_test.accuracy:.2%}"
    return result


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def settings_for(architecture: str, seed: int, stages: str | None) -> TrainingSettings:
    """Return the settings that the command line names; UserError where a word is wrong."""
    check_one_of("--architecture", architecture, ARCHITECTURES)
    settings = (
        paper_settings(seed)
        if architecture == "paper"
        else TrainingSettings(architecture=architecture, seed=seed)
    )
    return settings if stages is None else replace(settings, stages=parse_stages(stages))


def with_changes(settings: TrainingSettings, changes: Sequence[str]) -> TrainingSettings:
    """Apply words like `mixup=0.2` or `augmentation.scale=0`; UserError where one is wrong."""
    for change in changes:
        name, _, value = change.partition("=")
        try:
            settings = settings.with_number(name.strip(), value.strip())
        except ValueError as error:
            raise UsageError(UsageReason.BAD_VALUE, f"--set {change}: {error}") from error
    return settings


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Read `32:20,40:8` as stages of side:epochs; UserError where that is not what it says."""
    stages = []
    for part in text.split(","):
        side, _, epochs = part.partition(":")
        if not (side.strip().isdecimal() and epochs.strip().isdecimal()):
            raise UsageError(
                UsageReason.BAD_VALUE,
                f"--stages: {part!r} is not SIDE:EPOCHS, as in 32:20,40:8,48:6",
            )
        stage = Stage(int(side), int(epochs))
        if not SMALLEST_SIDE_PX <= stage.side_px <= LARGEST_SIDE_PX:
            raise UsageError(
                UsageReason.BAD_VALUE,
                f"--stages: {stage.side_px} px is not in {SMALLEST_SIDE_PX}..{LARGEST_SIDE_PX}",
            )
        if stage.epochs < 1:
            raise UsageError(UsageReason.BAD_VALUE, f"--stages: {part!r} has no epoch")
        stages.append(stage)
    return tuple(stages)
