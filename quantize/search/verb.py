"""The verb `search`: workers on one study, their progress, and what they found."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from rich.console import Console

from edge_fer.errors import (
    DataError,
    DataReason,
    Extra,
    MissingPackageError,
    UsageError,
    UsageReason,
)
from edge_fer.isolated import python_module
from edge_fer.out_path import prepare_folder
from quantize.data.load import load_fer2013
from quantize.evaluation.evaluation import rows_of
from quantize.one_of import check_one_of
from quantize.progress import progress_bar
from quantize.search.space import SPACES
from quantize.search.words import ENVIRONMENT, ReadingWords
from quantize.training.settings import PRECISIONS

_POLL_S = 0.5
_STORAGE = "EDGE_FER_SEARCH_STORAGE"  # the variable in which workers find the storage


def search_verb(
    data: Path,
    *,
    space: str,
    study_name: str | None,
    storage: str | None,
    trials: int,
    workers: int,
    epochs: int,
    rows: int,
    side_px: int,
    seed: int,
    sampler: str,
    pruner: str,
    report: Path | None,
    labels: str | None = None,
    face_crop: bool = False,
    yunet: Path | None = None,
    precision: str = "float32",
    most_multiply_adds: int = 0,
    skip_bad: bool = False,
) -> None:
    """Run or resume a study until `trials` have a result, and print the table.

    `labels`, `face_crop`, `yunet` and `skip_bad` say how the data is read. UserError for wrong
    words, a storage that cannot be opened, or a study of another budget.
    """
    if importlib.util.find_spec("optuna") is None:
        raise MissingPackageError(
            Extra.WORKSTATION, "this needs Optuna: pip install 'edge-fer[workstation]'"
        )
    import optuna  # noqa: PLC0415  # an extra

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # our own progress says it
    from quantize.search.report import render_study, write_report  # noqa: PLC0415  # an extra
    from quantize.search.study import (  # noqa: PLC0415
        Budget,
        open_storage,
        open_study,
        requeue_orphans,
        trials_done,
        with_patience,
    )

    _refuse_wrong_words(space, sampler, pruner, precision, most_multiply_adds)
    if report is not None:
        prepare_folder(report, "--report")
    words = ReadingWords(labels, face_crop, str(yunet) if yunet else None, skip_bad)
    url = storage or _embedded(space)
    opened = open_storage(url)
    dataset = load_fer2013(data, reading=words.reading(), progress=True)
    for usage in ("Training", "PublicTest"):
        rows_of(dataset, usage, "each trial needs both")
    budget = Budget(
        space,
        seed,
        epochs,
        rows,
        side_px,
        sampler,
        pruner,
        dataset.digest(),
        precision,
        most_multiply_adds,
    )
    name = study_name or str(space)
    study = open_study(opened, name, budget)
    requeue_orphans(study)
    with (
        progress_bar(f"Study {name}", trials) as advance,
        _workers(workers, url, [name, str(data), str(trials), words.to_text()]) as processes,
    ):
        shown = 0
        while True:
            alive = [process for process in processes if process.poll() is None]
            done = with_patience(partial(trials_done, study))
            advance(done - shown)
            shown = done
            if done >= trials or not alive:
                break
            if len(alive) < len(processes):
                with_patience(partial(requeue_orphans, study))
            time.sleep(_POLL_S)
    if shown < trials:
        raise DataError(
            DataReason.EMPTY,
            f"study {name!r}: all workers ended after {shown} of {trials} trials: "
            "run the command again to go on",
        )
    Console().print(render_study(study))
    if report is not None:
        command = (
            f"edge-fer search --space {space} --trials {trials} --epochs {epochs} --rows {rows} "
            f"--side {side_px} --seed {seed} --sampler {sampler} --pruner {pruner}"
        )
        if precision != "float32":
            command += f" --precision {precision}"
        if most_multiply_adds:
            command += f" --most-multiply-adds {most_multiply_adds}"
        write_report(study, report, command=command)


def _refuse_wrong_words(
    space: str, sampler: str, pruner: str, precision: str, most_multiply_adds: int
) -> None:
    from quantize.search.study import PRUNERS, SAMPLERS  # noqa: PLC0415  # an extra

    for option, word, known in (
        ("--space", space, SPACES),
        ("--sampler", sampler, SAMPLERS),
        ("--pruner", pruner, PRUNERS),
        ("--precision", precision, PRECISIONS),
    ):
        check_one_of(option, word, known)
    if space == "edge" and pruner != "none" and most_multiply_adds == 0:
        raise UsageError(
            UsageReason.CONTRADICTION,
            f"--pruner {pruner}: a study of two goals cannot prune: leave it out, or add "
            "--most-multiply-adds, which leaves accuracy as the one goal",
        )


def _embedded(space: str) -> str:
    folder = prepare_folder(Path("runs"), "--storage")
    return f"sqlite:///{folder / f'search-{space}.db'}"


@contextmanager
def _workers(
    number: int, storage: str, arguments: list[str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = python_module("quantize.search.worker", f"{ENVIRONMENT}{_STORAGE}", *arguments)
    # What TensorFlow and Optuna have to say goes into a file, of which the end is shown where a
    # worker fails; and a ctrl-C, which a terminal sends to all its processes, is ours to handle.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", _STORAGE: storage}
    with tempfile.TemporaryFile() as log:
        processes = [
            subprocess.Popen(
                [*command, str(index)], stderr=log, env=environment, start_new_session=True
            )
            for index in range(number)
        ]
        try:
            yield processes
            for process in processes:
                process.wait()
        finally:
            for process in processes:
                process.kill()
                process.wait()
            if any(process.returncode > 0 for process in processes):
                _show_end(log)


def _show_end(log: IO[bytes]) -> None:
    """Print the last line that a failed worker wrote: the error that it ended with."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    if lines:
        print(f"a worker failed: {lines[-1][:300]}", file=sys.stderr)
