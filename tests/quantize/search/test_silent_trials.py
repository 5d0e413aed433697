"""A trial whose process died before its first heartbeat is not waited for without an end."""

from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="needs the workstation extra")

import optuna
from optuna.trial import TrialState

from quantize.search.study import HEARTBEAT_S, SilentTrials, open_storage

# `ask` stands for a worker that is killed before Optuna's own loop gives a heartbeat.
pytestmark = pytest.mark.filterwarnings("ignore:Heartbeat of storage")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def study(tmp_path: Path) -> optuna.Study:
    storage = open_storage(f"sqlite:///{tmp_path}/study.db")
    # As after the minute that the storage waits.
    assert isinstance(storage, optuna.storages.RDBStorage)
    storage.grace_period = -1
    return optuna.create_study(storage=storage, study_name="edge")


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.get_trials(deepcopy=False)]


def test_a_trial_without_a_heartbeat_is_run_again_after_a_while(study: optuna.Study) -> None:
    study.ask()  # and its process is killed at once
    clock = Clock()
    silent = SilentTrials(clock)
    silent.help(study)
    optuna.storages.fail_stale_trials(study)
    assert states(study) == [TrialState.RUNNING]  # it may be about to begin
    clock.now += HEARTBEAT_S + 1
    silent.help(study)
    optuna.storages.fail_stale_trials(study)
    assert states(study) == [TrialState.FAIL, TrialState.WAITING]


def test_each_is_helped_once_so_that_a_dead_process_does_not_seem_alive(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.ask()
    given: list[int] = []
    storage = study._storage
    monkeypatch.setattr(storage, "record_heartbeat", given.append)
    clock = Clock()
    silent = SilentTrials(clock)
    for _ in range(5):
        silent.help(study)
        clock.now += HEARTBEAT_S + 1
    assert len(given) == 1
