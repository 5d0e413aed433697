"""Shows a model card in the terminal."""

from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.models.card import MeasuringCard, ModelCard, NetworkCard
from edge_fer.models.kind import kind_of
from edge_fer.models.operators import Operator

_SCALES = {True: "per channel", False: "shared", None: ""}


def render_card(card: NetworkCard, model_path: Path, path: Path) -> RenderableType:
    """Return the chief figures of a card as a table."""
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("model", Text(str(model_path), "bold", overflow="fold")),
        ("card", Text(str(path), overflow="fold")),
        ("outputs", Text(", ".join(card.labels))),
        ("daemon", _daemon(card)),
        ("parameters", _count(card.parameters)),
        ("multiply-adds", _count(card.multiply_adds)),
        ("operators", Text(", ".join(card.operators))),
        *(_classified(card) if isinstance(card, ModelCard) else ()),
        *(_measured(card) if isinstance(card, MeasuringCard) else ()),
        *_equivalence(card),
        ("golden images", Text(f"{len(card.golden)}")),
        *_provenance(card),
        ("licence", Text(card.licence)),
        ("sha256", Text(f"{card.sha256[:16]}...")),
    ):
        table.add_row(Text(name, "dim"), value)
    return table


def _classified(card: ModelCard) -> list[tuple[str, Text]]:
    accuracy, confidence = card.accuracy, card.confidence
    change = (accuracy.int8 - accuracy.float32) * 100
    return [
        ("measured on", Text(f"{accuracy.n:,} images of {accuracy.usage}")),
        ("accuracy float32", Text(f"{accuracy.float32:.2%}")),
        ("accuracy int8", Text(f"{accuracy.int8:.2%} ({change:+.2f} points)", "bold green")),
        (
            "calibration error",
            Text(
                f"{confidence.calibration_error:.2%}, {confidence.calibration_error_scaled:.2%} "
                f"with temperature {card.temperature:.3f}"
            ),
        ),
        (
            "uncertain below",
            Text(
                f"{card.uncertain_threshold:.3f}: {confidence.covered_accuracy:.2%} right "
                f"on the {confidence.coverage:.1%} above"
            ),
        ),
    ]


def _measured(card: MeasuringCard) -> list[tuple[str, Text]]:
    rows = [("outputs", Text(", ".join(card.labels))), ("measured on", Text(card.usage))]
    for name, error in card.errors.items():
        text = f"{error.int8:.4g} {error.unit}".rstrip()
        rows.append((name, Text(f"{text} (float32 {error.float32:.4g}; {error.n:,} images)")))
    return rows


def _provenance(card: NetworkCard) -> list[tuple[str, Text]]:
    found = card.provenance
    if found is None:
        return [("made by", Text("not said", "yellow"))]
    rows = [("made by", Text(command, overflow="fold")) for command in found.commands]
    return rows + [
        (
            "trained on",
            Text(f"{data.name}: {data.source}; {data.licence}; sha256 {data.sha256[:16]}..."),
        )
        for data in found.data
    ]


def _count(value: int | None) -> Text:
    return Text("unknown", "yellow") if value is None else Text(f"{value:,}")


def _daemon(card: NetworkCard) -> Text:
    """Return whether the daemon can use the model, and as which of its networks."""
    kind = kind_of(card.labels)
    if kind is not None and (card.input, card.output) == (kind.input, kind.output):
        return Text(f"can use it as its {kind.name} network", "green")
    return Text("cannot use it: none of its networks has these outputs", "yellow")


def _equivalence(card: NetworkCard) -> list[tuple[str, Text]]:
    found = card.equivalence
    if found is None:
        return [("int8 against float", Text("not measured", "yellow"))]
    what = "probabilities" if isinstance(card, ModelCard) else "numbers -1..1"
    layers = ", ".join(f"{noise.layer} {noise.snr_db:.1f} dB" for noise in found.worst_layers)
    return [
        (
            "int8 against float",
            Text(
                f"same answer {found.agreement:.2%}, {what} off by "
                f"{found.largest_difference:.3f} at most, {found.mean_difference:.4f} on average"
            ),
        ),
        ("noisiest layers", Text(layers)),
    ]


def render_operators(operators: list[Operator]) -> RenderableType:
    """Return the operators of a file in the order of execution, with their types."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "operator", "activations", "constants", "scales"):
        table.add_column(heading, justify="right" if not heading else "left")
    for place, operator in enumerate(operators):
        kinds = dict.fromkeys(operator.inputs + operator.outputs)
        table.add_row(
            str(place),
            operator.name,
            ", ".join(kinds).lower(),
            ", ".join(operator.constants).lower(),
            _SCALES[operator.per_channel],
        )
    return table
