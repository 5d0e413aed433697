"""The report's comparison with the networks that its reference compares with."""

from dataclasses import dataclass

from quantize.report.layers import totals
from quantize.report.markdown import paragraphs, table
from quantize.report.measured import Measured
from quantize.report.subject import Subject

_UNKNOWN = "unknown"
_CHALLENGE = "PrivateTest ([arXiv:1307.0414](https://arxiv.org/abs/1307.0414))"
_PRAMERDORFER = "test data ([arXiv:1612.02903](https://arxiv.org/abs/1612.02903))"
_CHOSEN_BY = (
    "PublicTest also chose the checkpoint, so this project's figures on it are a little kind."
)
_REFERENCE = "Vulpe-Grigorași and Grigore 2021"
# Of `paper` as `quantize.networks.architectures` builds it; the reference gives the parameters
# only.
PAPER_PARAMETERS = 5_173_959
PAPER_MULTIPLY_ADDS = 3_862_759_168


@dataclass(frozen=True, slots=True)
class Compared:
    """A network and its figures; shares are 0..1, None is unknown. `split` is what it was tried on.

    `ours` is whether this project measured it.
    """

    name: str
    accuracy: float
    split: str | None
    parameters: int | None = None
    multiply_adds: int | None = None
    loss: float | None = None
    ours: bool = False


# The reference's own figures, then those that its table compares with. It is not stated there on
# which split each was measured. Tang's is the final score of the challenge, which PrivateTest
# decided (Goodfellow et al. 2013); those of a VGG and an Inception network are on the test data
# (Pramerdorfer and Kampel 2016).
PUBLISHED: tuple[Compared, ...] = (
    Compared(
        f"{_REFERENCE}, its comparison table", 0.7216, None, PAPER_PARAMETERS, PAPER_MULTIPLY_ADDS
    ),
    Compared(
        f"{_REFERENCE}, its validation",
        0.6996,
        "validation data",
        PAPER_PARAMETERS,
        PAPER_MULTIPLY_ADDS,
        1.08,
    ),
    Compared("VGG", 0.727, _PRAMERDORFER),
    Compared("fine-tuned VGG in a fusion CNN", 0.7211, None),
    Compared("best single network of an ensemble", 0.7186, None),
    Compared("Inception", 0.716, _PRAMERDORFER),
    Compared("Tang 2013", 0.7116, _CHALLENGE),
    Compared("CNN only", 0.708, None),
    Compared("VGG-16", 0.682, None),
    Compared("VGG-16", 0.6818, None),
)


def comparison_section(subject: Subject, measured: Measured) -> str:
    """Return the table of published figures and ours, best first."""
    chosen = f"{_CHOSEN_BY} " if _public_test_chose(subject) else ""
    return paragraphs(
        comparison_table([*ours(subject, measured), *PUBLISHED]),
        f"In bold, what this report measured, on {measured.usage}. {chosen}The others are "
        f"as {_REFERENCE} gives them; what is not known of them is said to be unknown. Figures on "
        "different splits do not compare strictly.",
    )


def _public_test_chose(subject: Subject) -> bool:
    """Return whether it did, as far as the card knows; without a card it is taken to have."""
    training = {} if subject.card is None else subject.card.training
    settings = training.get("settings", {})
    return not settings.get("fold") and settings.get("choose", "best") == "best"


def ours(subject: Subject, measured: Measured) -> list[Compared]:
    """Return the rows of the model and, where it is known, of its float network."""
    parameters: int | None
    parameters, multiply_adds = totals(subject.anatomy.layers())
    if subject.card is not None:
        parameters, multiply_adds = subject.card.parameters, subject.card.multiply_adds
    name, split = subject.file.path.name, f"{measured.usage}, n = {measured.scores.n:,}"
    rows = [
        Compared(
            f"`{name}`{', float' if subject.is_network else ''}",
            measured.scores.accuracy,
            split,
            parameters,
            multiply_adds,
            measured.scores.loss,
            ours=True,
        )
    ]
    if measured.against_float is not None and subject.network is not None:
        scores = measured.against_float.scores
        rows.append(
            Compared(
                f"`{subject.network.path.name}`, float",
                scores.accuracy,
                split,
                *totals(subject.anatomy.layers()),
                scores.loss,
                ours=True,
            )
        )
    elif subject.card is not None:
        accuracy = subject.card.accuracy
        rows.append(
            Compared(
                f"`{name}` before its conversion, by its card",
                accuracy.float32,
                f"{accuracy.usage}, n = {accuracy.n:,}",
                parameters,
                multiply_adds,
            )
        )
    return rows


def comparison_table(rows: list[Compared]) -> str:
    """Return the networks as a Markdown table, the most accurate first."""
    heads = ("network", "measured on", "accuracy", "loss", "parameters", "multiply-adds")
    ordered = sorted(rows, key=lambda row: -row.accuracy)
    return table(heads, map(_row, ordered), left=2)


def _row(row: Compared) -> tuple[str, ...]:
    bold = "**" if row.ours else ""
    return (
        f"{bold}{row.name}{bold}",
        row.split or _UNKNOWN,
        f"{bold}{row.accuracy:.2%}{bold}",
        _UNKNOWN if row.loss is None else f"{row.loss:.4g}",
        _UNKNOWN if row.parameters is None else f"{row.parameters:,}",
        _UNKNOWN if row.multiply_adds is None else f"{row.multiply_adds:,}",
    )
