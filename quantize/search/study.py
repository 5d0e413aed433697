"""A study in its storage: budget, sampler, pruner, and what becomes of a killed worker's trial."""

import importlib.util
import json
import os
import re
import socket
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import optuna
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from edge_fer.errors import (
    DataError,
    DataReason,
    Extra,
    MissingPackageError,
    UsageError,
    UsageReason,
)

# The heartbeat is what keeps a killed worker's trial; Optuna calls it experimental.
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)

# A worker says each ten seconds that it lives; after a minute without, its trial is run again.
HEARTBEAT_S, GRACE_S = 10, 60
# A server that restarts is back within this time; after it, a study ends with the server's error.
OUTAGE_S = 600
JOURNAL = "journal:"
# SQLAlchemy's own default for PostgreSQL is an older driver than the one that the extra brings.
_POSTGRESQL = ("postgresql://", "postgres://")
_PSYCOPG = "postgresql+psycopg://"

SAMPLERS = {
    "random": optuna.samplers.RandomSampler,
    "tpe": optuna.samplers.TPESampler,
    "nsgaii": optuna.samplers.NSGAIISampler,
    "qmc": optuna.samplers.QMCSampler,
}
PRUNERS = {
    "none": optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
}


@dataclass(frozen=True, slots=True)
class Budget:
    """What decides a trial beside its point; a study holds to one.

    `rows` of Training and as many of PublicTest at most, chosen by `seed`; `side_px` is the size
    to which faces are reduced. `most_multiply_adds` (at 48 px; 0: no limit) bounds what a trial may
    cost.
    """

    space: str
    seed: int
    epochs: int
    rows: int
    side_px: int
    sampler: str
    pruner: str
    data_sha256: str
    precision: str = "float32"  # or "mixed_bfloat16"
    most_multiply_adds: int = 0

    @property
    def directions(self) -> list[StudyDirection]:
        """Accuracy up; and multiply-adds down, for the edge family where nothing bounds them."""
        two_goals = self.space == "edge" and self.most_multiply_adds == 0
        goals = [StudyDirection.MAXIMIZE]
        return [*goals, StudyDirection.MINIMIZE] if two_goals else goals


T = TypeVar("T")

_PASSWORD = re.compile(r"(//[^/@:]*:)[^@]*@")


def open_storage(url: str) -> optuna.storages.BaseStorage:
    """Open `journal:FILE` or any Optuna storage URL; UserError when that cannot be done."""
    for prefix in _POSTGRESQL:
        if url.startswith(prefix):
            url = _PSYCOPG + url.removeprefix(prefix)
    if url.startswith(_PSYCOPG) and importlib.util.find_spec("psycopg") is None:
        raise MissingPackageError(
            Extra.DISTRIBUTED,
            "--storage postgresql://: this needs psycopg: pip install 'edge-fer[distributed]'",
        )
    if "://" not in url and not url.startswith(JOURNAL):
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"--storage {url}: not a URL: use sqlite:///FILE, postgresql://HOST/NAME or "
            "journal:FILE",
        )
    try:
        if url.startswith(JOURNAL):
            backend = JournalFileBackend(url.removeprefix(JOURNAL))
            return optuna.storages.JournalStorage(backend)
        return optuna.storages.RDBStorage(
            url,
            # SQLite lets one write at a time: the others wait rather than fail. A server may have
            # closed a connection that was idle while a network trained: it is tried before use.
            engine_kwargs={"connect_args": {"timeout": 100}}
            if url.startswith("sqlite")
            else {"pool_pre_ping": True},
            heartbeat_interval=HEARTBEAT_S,
            grace_period=GRACE_S,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
        )
    except Exception as error:  # SQLAlchemy, its drivers, the file system: a dozen kinds
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            DataReason.UNREADABLE, f"--storage {without_password(url)}: cannot be opened ({reason})"
        ) from error


def without_password(url: str) -> str:
    """Return a storage URL as it may be shown."""
    return _PASSWORD.sub(r"\1***@", url)


def open_study(storage: optuna.storages.BaseStorage, name: str, budget: Budget) -> optuna.Study:
    """Begin the study `name` or go on with it; UserError when it has another budget."""
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        directions=budget.directions,
        load_if_exists=True,
    )
    wanted = json.loads(json.dumps(asdict(budget)))
    found = study.user_attrs.get("budget")
    if found is None:
        study.set_user_attr("budget", wanted)
    elif found != wanted:
        different = ", ".join(key for key in wanted if found.get(key) != wanted[key])
        raise DataError(
            DataReason.MISMATCH,
            f"study {name!r} was begun with another {different}: choose another --study",
        )
    return study


def join_study(storage: optuna.storages.BaseStorage, name: str, worker: int) -> optuna.Study:
    """Return the study `name` with the sampler and the pruner of its budget, for one worker."""
    study = optuna.load_study(study_name=name, storage=storage)
    budget = budget_of(study)
    # Another seed for each worker and each resumption, or they would draw the same points again.
    seed = budget.seed + 1_000 * worker + 1_000_000 * len(study.get_trials(deepcopy=False))
    study.sampler = SAMPLERS[budget.sampler](seed=seed % 2**32)
    study.pruner = PRUNERS[budget.pruner]()
    return study


def budget_of(study: optuna.Study) -> Budget:
    """Return what the study was begun with."""
    return Budget(**study.user_attrs["budget"])


def trials_done(study: optuna.Study) -> int:
    """Return the number of trials with a result, pruned ones too."""
    return len(measured(study))


def measured(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that trained and have a result, pruned ones too."""
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False, states=states)
    return [trial for trial in trials if "accuracy" in trial.user_attrs]


def mark_owner(trial: optuna.Trial) -> None:
    """Note which process runs the trial, so that a dead one is not taken for a slow one."""
    trial.set_user_attr("host", socket.gethostname())
    trial.set_user_attr("pid", os.getpid())


def requeue_interrupted(study: optuna.Study) -> int:
    """Put the trials that this process could not finish back into the queue; return how many.

    For a process that runs no trial now, after its storage was gone: a trial of its own is then
    still running by its state, or failed because a value of it could not be written.
    """
    trials = study.get_trials(deepcopy=False)
    followed = {trial.system_attrs.get("failed_trial") for trial in trials}
    mine = [
        trial
        for trial in trials
        if trial.state in (TrialState.RUNNING, TrialState.FAIL)
        and trial.number not in followed
        and trial.user_attrs.get("host") == socket.gethostname()
        and trial.user_attrs.get("pid") == os.getpid()
    ]
    for trial in mine:
        _requeue(study, trial)
    return len(mine)


class SilentTrials:
    """Finds trials whose process died before their first heartbeat, which Optuna never misses.

    For a process that waits for others. A trial that it has seen running for longer than a
    heartbeat's interval gets one heartbeat from here: if its process lives that changes nothing,
    and if not the trial is stale after the grace period.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first_seen: dict[int, float] = {}
        self._helped: set[int] = set()

    def help(self, study: optuna.Study) -> None:
        """Look at the running trials once more; StorageInternalError where that fails."""
        # There is no public way to the storage; a journal file has no heartbeats.
        record = getattr(study._storage, "record_heartbeat", None)
        if record is None:
            return
        now = self._clock()
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            seen = self._first_seen.setdefault(trial.number, now)
            if now - seen > HEARTBEAT_S and trial.number not in self._helped:
                self._helped.add(trial.number)
                record(trial._trial_id)


def is_interruption(error: BaseException | None) -> bool:
    """Whether the storage was gone, in `error` or in what it came from, and cost us the trial.

    So it is too where another worker ended the trial, which had no heartbeat meanwhile.
    """
    kinds = (optuna.exceptions.StorageInternalError, optuna.exceptions.UpdateFinishedTrialError)
    while error is not None:
        if isinstance(error, kinds):
            return True
        error = error.__cause__ or error.__context__
    return False


def with_patience(action: Callable[[], T], *, seconds: float = OUTAGE_S) -> T:
    """Return what `action` returns, tried again each second while the storage cannot be reached.

    After `seconds` its error is raised: optuna.exceptions.StorageInternalError, or the DataError of
    a storage that does not open.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except (optuna.exceptions.StorageInternalError, DataError) as error:
            known = not isinstance(error, DataError) or error.reason is DataReason.UNREADABLE
            if not known or time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def requeue_orphans(study: optuna.Study) -> int:
    """Put the trials of dead processes of this machine back into the queue; return how many.

    Those of dead machines come back by their heartbeat, which a journal file does not have.
    """
    orphans = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if _is_orphan(trial)
    ]
    for trial in orphans:
        _requeue(study, trial)
    return len(orphans)


def _requeue(study: optuna.Study, trial: FrozenTrial) -> None:
    study.add_trial(
        optuna.create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={"fixed_params": trial.params, "failed_trial": trial.number},
        )
    )
    # After its successor is there: a kill in between runs a trial twice and loses none.
    study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def _is_orphan(trial: FrozenTrial) -> bool:
    attrs: dict[str, Any] = trial.user_attrs
    if attrs.get("host") != socket.gethostname() or "pid" not in attrs:
        return False
    try:
        os.kill(attrs["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
