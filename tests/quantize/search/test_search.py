"""A study: two workers at once, one of them killed; resuming; its report; wrong words."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna", reason="needs the workstation extra")
pytest.importorskip("tensorflow", reason="needs the workstation extra")

import optuna
from optuna.trial import TrialState

from edge_fer.errors import UserError
from quantize.search.study import (
    Budget,
    measured,
    open_storage,
    open_study,
    requeue_orphans,
    trials_done,
)
from quantize.search.verb import search_verb

WORDS: dict[str, Any] = {
    "space": "edge",
    "study_name": None,
    "storage": None,
    "trials": 2,
    "workers": 1,
    "epochs": 1,
    "rows": 28,
    "side_px": 16,
    "seed": 1,
    "sampler": "random",
    "pruner": "none",
    "report": None,
}


@pytest.fixture(scope="module")
def data(noisy_csv: Path) -> Path:
    return noisy_csv


def budget_for(data: Path) -> Budget:
    from quantize.data.load import load_fer2013

    return Budget("edge", 1, 1, 28, 16, "random", "none", load_fer2013(data).digest())


def start_worker(url: str, data: Path, trials: int, number: int) -> subprocess.Popen[bytes]:
    words = [url, "edge", str(data), str(trials), str(number)]
    return subprocess.Popen(
        [sys.executable, "-m", "quantize.search.worker", *words],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def running(study: optuna.Study) -> list[int]:
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [trial.user_attrs["pid"] for trial in trials if "multiply_adds" in trial.user_attrs]


@pytest.mark.slow
def test_a_killed_workers_trial_is_run_again_and_no_other_twice(tmp_path: Path, data: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = open_study(open_storage(url), "edge", budget_for(data))
    workers = [start_worker(url, data, 6, number) for number in range(2)]
    try:
        deadline = time.monotonic() + 120
        while not (victims := running(study)) and time.monotonic() < deadline:
            time.sleep(0.01)
        victim = next(worker for worker in workers if worker.pid == victims[0])
        victim.kill()
        victim.wait()
        assert requeue_orphans(study) == 1
        for worker in workers:
            worker.wait(timeout=240)
    finally:
        for worker in workers:
            worker.kill()
    trials = study.get_trials(deepcopy=False)
    killed = [trial for trial in trials if trial.state == TrialState.FAIL]
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    assert len(killed) == 1
    assert 6 <= len(complete) <= 7  # two workers may begin the last one at the same moment
    again = [trial for trial in complete if trial.params == killed[0].params]
    assert [trial.system_attrs["failed_trial"] for trial in again] == [killed[0].number]
    points = [tuple(trial.params.items()) for trial in complete]
    assert len(set(points)) == len(points)


@pytest.mark.slow
def test_a_study_resumes_and_is_reported(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {**WORDS, "storage": f"journal:{tmp_path / 'study.log'}", "report": tmp_path}
    search_verb(data, **words)
    search_verb(data, **{**words, "trials": 3})
    assert "multiply-adds" in capsys.readouterr().out
    study = open_study(open_storage(words["storage"]), "edge", budget_for(data))
    assert trials_done(study) == 3
    page = (tmp_path / "search-edge.md").read_text()
    assert "3 trials complete, 0 pruned" in page
    assert page.count("\n| ") == 4  # the heading and three trials
    assert (tmp_path / "search-edge-pareto.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_limit_leaves_one_goal_and_trains_nothing_beyond_it(tmp_path: Path, data: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    limit = 60_000_000
    search_verb(
        data,
        **{
            **WORDS,
            "storage": url,
            "trials": 3,
            "epochs": 2,
            "sampler": "tpe",
            "pruner": "median",
            "precision": "mixed_bfloat16",
            "most_multiply_adds": limit,
            "report": tmp_path,
        },
    )
    study = optuna.load_study(study_name="edge", storage=url)
    assert len(study.directions) == 1
    assert len(measured(study)) == 3
    assert all(trial.user_attrs["multiply_adds"] <= limit for trial in measured(study))
    page = (tmp_path / "search-edge.md").read_text()
    assert f"--precision mixed_bfloat16 --most-multiply-adds {limit}" in page
    refused = len(study.get_trials(deepcopy=False)) - 3
    assert f"{refused} more points were not trained" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"precision": "int4"}, "--precision: 'int4' is not one of float32, mixed_bfloat16"),
        ({"space": "vgg"}, "--space: 'vgg' is not one of paper, edge"),
        ({"sampler": "magic"}, "--sampler: 'magic' is not one of random"),
        ({"pruner": "axe"}, "--pruner: 'axe' is not one of none"),
        ({"pruner": "median"}, "a study of two goals cannot prune"),
        ({"report": Path("/dev/null/page")}, "--report /dev/null/page: cannot be made"),
        ({"storage": "magic://x"}, "--storage magic://x: cannot be opened"),
    ],
)
def test_wrong_words(data: Path, words: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        search_verb(data, **{**WORDS, **words})


def test_data_without_a_usage_is_said_before_the_workers_start(tmp_path: Path, data: Path) -> None:
    only = tmp_path / "fer2013.csv"
    rows = data.read_text().splitlines(keepends=True)
    only.write_text("".join(row for row in rows if not row.rstrip().endswith("PublicTest")))
    with pytest.raises(UserError, match="no PublicTest rows, only Training: each trial needs both"):
        search_verb(only, **WORDS)


def test_another_budget_in_the_same_study_is_refused(tmp_path: Path, data: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    open_study(open_storage(url), "edge", budget_for(data))
    with pytest.raises(UserError, match="begun with another epochs, rows"):
        search_verb(data, **{**WORDS, "storage": url, "epochs": 2, "rows": 56})
