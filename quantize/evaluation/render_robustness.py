"""Shows in the terminal how a model does under corruptions."""

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantize.data.corruptions import SEVERITIES
from quantize.evaluation.robustness import JUDGED_SEVERITY, LEAST_SHARE, Robustness

_BAR_WIDTH = 10


def render_robustness(robustness: Robustness) -> RenderableType:
    """Return a row of accuracies for each kind, what severity 3 keeps, and the verdicts.

    The last column is the mean confidence at severity 3.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", title_style="")
    table.title = (
        f"\naccuracy under corruptions by severity, and what severity {JUDGED_SEVERITY} keeps of it"
    )
    table.add_column("")
    for severity in SEVERITIES:
        table.add_column(str(severity), justify="right")
    table.add_column("kept", justify="right")
    table.add_column("")
    table.add_column("sure", justify="right")
    for kind, values in robustness.accuracy.items():
        sure = f"{robustness.confidence[kind][JUDGED_SEVERITY - 1]:.1%}"
        table.add_row(kind, *_cells(values, robustness.clean), sure)
    means = tuple(robustness.mean(severity) for severity in SEVERITIES)
    table.add_row("mean", *_cells(means, robustness.clean), style="bold")
    colour = "green" if robustness.is_robust else "yellow"
    return Group(
        table, Text(f"\n{verdict(robustness)}", colour), Text(confidence_verdict(robustness))
    )


def verdict(robustness: Robustness) -> str:
    """Return in a sentence what is kept of the clean accuracy, and whether that is the goal."""
    word = "reached" if robustness.is_robust else "missed"
    return (
        f"At severity {JUDGED_SEVERITY} the mean over all corruptions is "
        f"{robustness.mean(JUDGED_SEVERITY):.2%}, {robustness.share_of_clean:.1%} of the clean "
        f"{robustness.clean:.2%}: the goal of {LEAST_SHARE:.0%} is {word}."
    )


def confidence_verdict(robustness: Robustness) -> str:
    """Return in a sentence whether the confidence under corruptions is above the accuracy."""
    kind, excess = robustness.most_overconfident()
    at = f"At severity {JUDGED_SEVERITY} and temperature {robustness.temperature:.3f} the mean "
    return at + (
        f"confidence exceeds the accuracy most under {kind}, by {excess:.1%}."
        if excess > 0
        else "confidence is not above the accuracy under any corruption."
    )


def _cells(values: tuple[float, ...], clean: float) -> list[RenderableType]:
    kept = values[JUDGED_SEVERITY - 1] / clean if clean else 0.0
    return [
        *(f"{value:.1%}" for value in values),
        f"{kept:.0%}",
        Bar(1, 0, min(kept, 1.0), width=_BAR_WIDTH, color="cyan"),
    ]
