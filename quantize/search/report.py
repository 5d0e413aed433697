"""What a study found: a table for the terminal, and a page with Optuna's own plots."""

from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from edge_fer.atomic_write import write_atomically
from quantize.search.study import Budget, budget_of, measured

_SHOWN = 15  # rows of the table in the terminal


def ranked(study: optuna.Study) -> list[FrozenTrial]:
    """Return the complete trials, the most accurate first."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(complete, key=lambda trial: -_accuracy(trial))


def render_study(study: optuna.Study) -> Table:
    """Return the best trials as a table; those on the Pareto front of two goals have a star."""
    front = _front(study)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("trial", "accuracy", "loss", "parameters", "multiply-adds", "point"):
        table.add_column(heading, justify="left" if heading == "point" else "right")
    for trial in ranked(study)[:_SHOWN]:
        table.add_row(*_cells(trial, front))
    return table


def write_report(study: optuna.Study, folder: Path, *, command: str) -> None:
    """Write `search-SPACE.md` and its plots into `folder`."""
    budget, front = budget_of(study), _front(study)
    plots = {name: folder / f"search-{budget.space}-{name}.png" for name in _plots(study)}
    for name, path in plots.items():
        _draw(study, name, path)
    lines = [
        f"# Search over the space `{budget.space}`",
        "",
        f"Written by `{command}`.",
        "",
        _budget_in_words(study, budget),
        "",
        "| trial | accuracy | loss | parameters | multiply-adds | point |",
        "|---:|---:|---:|---:|---:|---|",
        *("| " + " | ".join(_cells(trial, front)) + " |" for trial in ranked(study)),
        "",
        *(f"![{name}]({path.name})\n" for name, path in plots.items()),
    ]
    page = "\n".join(lines).rstrip() + "\n"
    write_atomically(folder / f"search-{budget.space}.md", page.encode())


def _budget_in_words(study: optuna.Study, budget: Budget) -> str:
    trials = study.get_trials(deepcopy=False)
    failed = sum(trial.state == TrialState.FAIL for trial in trials)
    results = [trial.state for trial in measured(study)]
    minutes = sum(trial.user_attrs.get("seconds", 0.0) for trial in measured(study)) / 60
    text = (
        f"{results.count(TrialState.COMPLETE)} trials complete, "
        f"{results.count(TrialState.PRUNED)} pruned, {failed} failed or killed; "
        f"sampler {budget.sampler}, pruner {budget.pruner}, seed {budget.seed}. Each trial "
        f"trained {budget.epochs} epochs on {budget.rows:,} rows of Training at "
        f"{budget.side_px} px and was measured on at most as many rows of PublicTest; all of them "
        f"together took {minutes:.0f} minutes. So short a training ranks networks roughly: the "
        "accuracies are none that a full training would reach. Multiply-adds are at 48 px."
    )
    if budget.most_multiply_adds:
        refused = sum(
            trial.state == TrialState.PRUNED and "accuracy" not in trial.user_attrs
            for trial in trials
        )
        text += (
            f" {refused} more points were not trained: they need more than "
            f"{budget.most_multiply_adds:,}."
        )
    if len(study.directions) > 1:
        text += " A star marks the Pareto front of accuracy against multiply-adds."
    return text


def _cells(trial: FrozenTrial, front: set[int]) -> tuple[str, ...]:
    attrs = trial.user_attrs
    return (
        f"{trial.number}{'*' if trial.number in front else ''}",
        f"{_accuracy(trial):.2%}",
        f"{attrs['loss']:.3f}",
        f"{attrs['parameters']:,}",
        f"{attrs['multiply_adds']:,}",
        _point(trial),
    )


def _point(trial: FrozenTrial) -> str:
    """Return a point on one line: widths one after the other, then the dropouts."""
    words = dict(trial.params)
    if "first" in words:
        widths = [words["first"], *(words[f"width{n + 2}"] for n in range(words["further"]))]
        conv, dense = words["convolution_dropout_tenths"] / 10, words["dense_dropout_tenths"] / 10
        return f"{'-'.join(map(str, widths))}, dropout {conv} {dense}"
    return " ".join(f"{words[f'width{n}']}x{words[f'depth{n}']}" for n in range(1, 5))


def _accuracy(trial: FrozenTrial) -> float:
    return float(trial.values[0])


def _front(study: optuna.Study) -> set[int]:
    if len(study.directions) == 1:
        return set()
    return {trial.number for trial in study.best_trials}


def _plots(study: optuna.Study) -> list[str]:
    if len(study.directions) > 1:
        return ["pareto"]
    return ["history", "slice"]


def _draw(study: optuna.Study, name: str, path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415  # Optuna's plots are drawn through it

    pyplot.switch_backend("Agg")
    axes = _axes(study, name)
    figure = axes.flat[0].figure if hasattr(axes, "flat") else axes.figure
    figure.savefig(path, dpi=100, bbox_inches="tight")
    pyplot.close(figure)


def _axes(study: optuna.Study, name: str) -> Any:
    visualization = optuna.visualization.matplotlib
    if name == "pareto":
        return visualization.plot_pareto_front(study, target_names=["accuracy", "multiply-adds"])
    if name == "history":
        return visualization.plot_optimization_history(study, target_name="accuracy")
    return visualization.plot_slice(study, target_name="accuracy")
