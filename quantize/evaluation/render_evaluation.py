"""Shows an evaluation in the terminal."""

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from quantize.evaluation.evaluation import Evaluation
from quantize.evaluation.scores import Scores

_BAR_WIDTH = 24
_SHADE = (38, 110, 170)  # of a confusion cell that holds its whole row


def render_evaluation(evaluation: Evaluation) -> RenderableType:
    """Return summary, classes and confusion matrix of an evaluation."""
    scores = evaluation.scores
    title = Text.assemble(
        (evaluation.model, "bold"), f" on {scores.n:,} images of {evaluation.usage}\n"
    )
    labels = evaluation.labels
    return Group(title, _summary(scores), _classes(scores, labels), _confusion(scores, labels))


def _summary(scores: Scores) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("accuracy", Text(f"{scores.accuracy:.2%}", "bold green"))
    table.add_row("loss", f"{scores.loss:.4f}")
    table.add_row("macro-F1", f"{scores.macro_f1:.4f}")
    table.add_row("calibration error", f"{scores.calibration_error:.2%}\n")
    return table


def _classes(scores: Scores, labels: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("class", "images", "recall", "F1"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    table.add_column("")
    rows = zip(labels, scores.recall, scores.f1, scores.confusion, strict=True)
    for label, recall, f1, answers in rows:
        bar = Bar(1, 0, recall or 0, width=_BAR_WIDTH, color="cyan")
        table.add_row(label, f"{sum(answers):,}", _share(recall), _share(f1), bar)
    return table


def _confusion(scores: Scores, labels: tuple[str, ...]) -> RenderableType:
    table = Table(box=None, padding=0, title_justify="left", title_style="")
    table.title = "\nconfusion: rows are the truth, columns the answers"
    table.add_column("", min_width=10)
    for label in labels:
        table.add_column(label, justify="right", min_width=9)
    for label, counts in zip(labels, scores.confusion, strict=True):
        rows = max(1, sum(counts))
        table.add_row(label, *(_cell(count, count / rows) for count in counts))
    return table


def _cell(count: int, share: float) -> Text:
    red, green, blue = (round(channel * share) for channel in _SHADE)
    style = Style(bgcolor=f"rgb({red},{green},{blue})", color="white") if share >= 0.02 else ""
    return Text(f"{count:>8} ", style)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
