"""What a study found: a table for the terminal, and a page with plots."""

from itertools import accumulate
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from edge_fer.atomic_write import write_atomically
from firmware_bridge.counted import counted
from firmware_bridge.plot_style import BLUE, GREY, ORANGE, SMALL_PT, in_style, legend_below
from quantize.plots.colour_maps import white_to_blue
from quantize.plots.figures import open_figure, save_figure
from quantize.search.study import Budget, budget_of, measured

_SLICES_A_ROW = 4  # panels
_SHOWN = 15  # rows of the table in the terminal


def ranked(study: optuna.Study) -> list[FrozenTrial]:
    """Return the complete trials, the most accurate first."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(complete, key=lambda trial: (-_accuracy(trial), _cost(trial)))


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
        f"{counted(results.count(TrialState.COMPLETE), 'trial')} complete, "
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
    if budget.space == "edge":
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
    """Return the trials of the edge family that no other beats in both accuracy and cost.

    Under a limit of cost the study has one goal and no front of its own: it is drawn all the same.
    """
    if budget_of(study).space != "edge":
        return set()
    front: set[int] = set()
    least = float("inf")
    for trial in ranked(study):
        if _cost(trial) < least:
            least = _cost(trial)
            front.add(trial.number)
    return front


def _cost(trial: FrozenTrial) -> int:
    return int(trial.user_attrs["multiply_adds"])


def _plots(study: optuna.Study) -> list[str]:
    pareto = ["pareto"] if budget_of(study).space == "edge" else []
    return pareto if len(study.directions) > 1 else [*pareto, "history", "slice"]


@in_style
def _draw(study: optuna.Study, name: str, path: Path) -> None:
    {"pareto": _draw_pareto, "history": _draw_history, "slice": _draw_slice}[name](study, path)


def _draw_pareto(study: optuna.Study, path: Path) -> None:
    """Draw accuracy over multiply-adds, the trials of the Pareto front with their numbers."""
    figure = open_figure(4.2)
    axes = figure.subplots()
    front = _front(study)
    for label, colour, marker, trials in (
        ("other trials", GREY, "o", [one for one in ranked(study) if one.number not in front]),
        ("Pareto front", BLUE, "o-", [one for one in ranked(study) if one.number in front]),
    ):
        trials.sort(key=_cost)
        millions = [_cost(trial) / 1e6 for trial in trials]
        percent = [100 * _accuracy(trial) for trial in trials]
        axes.plot(millions, percent, marker, color=colour, label=label)
        for x, y, trial in zip(millions, percent, trials, strict=True):
            axes.annotate(
                str(trial.number),
                (x, y),
                (4, 4),
                textcoords="offset points",
                size=SMALL_PT,
                color=colour,
            )
    axes.set_xlabel("multiply-adds (millions)")
    axes.set_ylabel("accuracy (%)")
    legend_below(figure, 2)
    save_figure(figure, path)


def _draw_history(study: optuna.Study, path: Path) -> None:
    """Draw each trial's accuracy in the order of the trials, and the best so far."""
    figure = open_figure(4.2)
    axes = figure.subplots()
    trials = sorted(ranked(study), key=lambda trial: trial.number)
    numbers = [trial.number for trial in trials]
    percent = [100 * _accuracy(trial) for trial in trials]
    axes.plot(numbers, percent, "o", color=BLUE, label="trial")
    best = list(accumulate(percent, max))
    axes.plot(numbers, best, drawstyle="steps-post", color=ORANGE, label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("accuracy (%)")
    legend_below(figure, 2)
    save_figure(figure, path)


def _draw_slice(study: optuna.Study, path: Path) -> None:
    """Draw accuracy over each parameter, later trials darker."""
    trials = ranked(study)
    names = sorted({name for trial in trials for name in trial.params})
    rows = max(1, -(-len(names) // _SLICES_A_ROW))
    figure = open_figure(2.2 * rows)
    panels = figure.subplots(rows, _SLICES_A_ROW, sharey=True, squeeze=False).flat
    shades = white_to_blue()
    last = max((trial.number for trial in trials), default=0) or 1
    for axes, name in zip(panels, names, strict=False):
        having = [trial for trial in trials if name in trial.params]
        axes.scatter(
            [trial.params[name] for trial in having],
            [100 * _accuracy(trial) for trial in having],
            c=[shades(0.25 + 0.75 * trial.number / last) for trial in having],
            s=16,
            edgecolor=GREY,
            linewidth=0.4,
        )
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(name.replace("_", " "))
    for axes in list(figure.axes)[len(names) :]:
        axes.axis("off")
    for row in range(rows):
        figure.axes[row * _SLICES_A_ROW].set_ylabel("accuracy (%)")
    save_figure(figure, path)
