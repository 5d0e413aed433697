"""One worker of a study, as a process of its own: `python -m quantize.search.worker ...`.

A process each, so that a network that does not fit into memory takes one trial with it and not
the study.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import optuna
from optuna.trial import TrialState

from edge_fer.models.kind import FACE_PX
from quantize.data.augmentation import AugmentationSettings
from quantize.data.batches import AugmentedBatches, one_hot, plain_batch
from quantize.data.load import Fer2013, load_fer2013
from quantize.evaluation.scores import log_softmax, score
from quantize.networks.complexity import multiply_adds
from quantize.search.space import suggest
from quantize.search.study import (
    Budget,
    SilentTrials,
    budget_of,
    is_interruption,
    join_study,
    mark_owner,
    open_storage,
    requeue_interrupted,
    trials_done,
    with_patience,
)
from quantize.search.words import ENVIRONMENT, ReadingWords
from quantize.training.train import predict_logits

_BATCH = 128  # the paper's
_WAIT_S = 1.0


def work(study: optuna.Study, dataset: Fer2013, trials: int) -> None:
    """Run trials until `trials` have a result; wait while others run the last ones.

    A server that restarts meanwhile costs the trial that runs, which is then run again.
    """
    budget = budget_of(study)
    training, validation = (
        _sample(dataset.select(usage), budget) for usage in ("Training", "PublicTest")
    )

    def objective(trial: optuna.Trial) -> float | tuple[float, int]:
        mark_owner(trial)
        return _train(trial, budget, training, validation)

    silent = SilentTrials()
    while with_patience(lambda: trials_done(study)) < trials:
        try:
            _run_one_or_wait(study, objective, trials, silent)
        except Exception as error:  # as Optuna stumbles over the first, it raises others
            if not is_interruption(error):
                raise
            with_patience(lambda: requeue_interrupted(study))


def _run_one_or_wait(
    study: optuna.Study,
    objective: Callable[[optuna.Trial], float | tuple[float, int]],
    trials: int,
    silent: SilentTrials,
) -> None:
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    others = states.count(TrialState.RUNNING)
    if TrialState.WAITING in states or trials_done(study) + others < trials:
        study.optimize(objective, n_trials=1)
    else:
        silent.help(study)
        optuna.storages.fail_stale_trials(study)
        time.sleep(_WAIT_S)


def _sample(dataset: Fer2013, budget: Budget) -> Fer2013:
    order = np.random.default_rng(budget.seed).permutation(len(dataset))
    return dataset.rows(np.sort(order[: budget.rows]))


def _train(
    trial: optuna.Trial, budget: Budget, training: Fer2013, validation: Fer2013
) -> float | tuple[float, int]:
    keras.backend.clear_session()
    keras.utils.set_random_seed(budget.seed)
    point = suggest(budget.space, trial)
    cost = multiply_adds(point.build(FACE_PX))
    if 0 < budget.most_multiply_adds < cost:
        raise optuna.TrialPruned  # untrained: it does not count as one of the trials
    keras.config.set_dtype_policy(budget.precision)
    model = point.build(budget.side_px)
    trial.set_user_attr("parameters", model.count_params())
    trial.set_user_attr("multiply_adds", cost)
    model.compile(
        optimizer=keras.optimizers.Adam(0.001),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    faces = plain_batch(validation.images, budget.side_px)
    started, accuracy = time.monotonic(), 0.0
    for epoch in range(budget.epochs):
        batches = AugmentedBatches(
            training.images,
            one_hot(training.labels),
            side_px=budget.side_px,
            batch_size=_BATCH,
            augmentation=AugmentationSettings(),
            seed=budget.seed,
            epoch=epoch,
        )
        model.fit(batches, epochs=1, shuffle=False, verbose=0)
        answers = log_softmax(predict_logits(model, faces).astype(np.float64))
        scores = score(answers, validation.labels)
        accuracy = scores.accuracy
        trial.set_user_attr("accuracy", accuracy)
        trial.set_user_attr("loss", scores.loss)
        trial.set_user_attr("seconds", time.monotonic() - started)
        if len(trial.study.directions) == 1:  # Optuna prunes towards one goal only
            trial.report(accuracy, epoch)
            if trial.should_prune() and epoch + 1 < budget.epochs:
                raise optuna.TrialPruned
    return (accuracy, cost) if len(trial.study.directions) > 1 else accuracy


def main(arguments: list[str]) -> None:
    """Join the study that `arguments` name.

    They are storage, study, data, trials, how to read the data where not as by default (the text of
    `ReadingWords`), and the number of the worker. A storage of `env:NAME` is in that variable:
    it may hold a password, and all users of a machine see arguments.
    """
    storage, name, data, trials, *words, worker = arguments
    if storage.startswith(ENVIRONMENT):
        storage = os.environ[storage.removeprefix(ENVIRONMENT)]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # The search that starts a worker has opened the storage: what fails now is an outage.
    study = with_patience(lambda: join_study(open_storage(storage), name, int(worker)))
    reading = (ReadingWords.from_text(*words) if words else ReadingWords()).reading()
    work(study, load_fer2013(Path(data), reading=reading), int(trials))


if __name__ == "__main__":
    main(sys.argv[1:])
