"""The model card: what a `.tflite` file is, how it was made, and what it was measured to do.

The card is JSON and lies beside its model with the same stem: `edge.tflite` and `edge.json`. It is
a contract: a model whose card is missing, is of another file, or names other labels or another
quantization is refused, because its output would be read wrongly without a sign of it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.card_fields import CardFields, parse_card_json
from edge_fer.models.files import ModelFiles, card_path, read_model_files
from edge_fer.models.golden import MOST_TOLERANCE, TOLERANCE
from edge_fer.models.kind import EMOTIONS, ModelKind, TensorSpec, kind_of, sized
from edge_fer.models.provenance import Provenance, parse_provenance

_MOST_ERROR = 1e6  # of a card's errors, in any unit
_MOST_LISTED = 7  # labels in a message
CARD_FORMAT = 2  # 2 brought `equivalence`, `golden` and `batch_norms`
LICENCE = (
    "Weights trained on FER2013 (Goodfellow et al. 2013, Kaggle challenge), whose images are for "
    "research use; code Apache-2.0."
)


INPUT = EMOTIONS.input
OUTPUT = EMOTIONS.output


@dataclass(frozen=True, slots=True)
class Calibration:
    """The representative set of the conversion; `sha256` is of its images, labels and usages."""

    seed: int
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of right answers (0..1) before and after conversion, on the same `n` images."""

    usage: str
    n: int
    float32: float
    int8: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far the int8 model's confidence can be believed, on the images of `Accuracy`.

    Calibration errors are expected calibration errors (0..1): of the plain output, and after
    temperature scaling with the temperature fitted on the other half of the images. `coverage` is
    the share of images whose confidence reaches the threshold for *uncertain*, and
    `covered_accuracy` the accuracy on them.
    """

    calibration_error: float
    calibration_error_scaled: float
    coverage: float
    covered_accuracy: float


@dataclass(frozen=True, slots=True)
class LayerNoise:
    """How much of a layer's output is noise of its quantization: signal-to-noise ratio in dB."""

    layer: str
    operator: str
    snr_db: float


@dataclass(frozen=True, slots=True)
class Equivalence:
    """How far the int8 file behaves as the trained network does, on the same `n` images.

    `agreement` is the share (0..1) of images with the same top class; the differences are of
    probabilities (0..1), before temperature scaling. `worst_layers` are the noisiest, worst first.
    """

    usage: str
    n: int
    agreement: float
    largest_difference: float
    mean_difference: float
    worst_layers: tuple[LayerNoise, ...]


@dataclass(frozen=True, slots=True)
class OutputError:
    """How far a measuring network is off, on the same `n` images, in `unit` ("" for a share)."""

    n: int
    float32: float
    int8: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCard:
    """What is known of a `.tflite` file of any kind.

    `labels` name its outputs. `training` are the settings as the training wrote them, and `tools`
    the versions of what made the file. `parameters` and `multiply_adds` are None where they cannot
    be counted, `equivalence` where it was not measured. `golden` holds the output bytes (-128..127)
    for each golden image, by name, and a device may differ by `golden_tolerance` from them.
    `provenance` is None where nobody wrote it down. `batch_norms` says of each BatchNorm of the
    network where it was folded into, or why it was not.
    """

    name: str
    labels: tuple[str, ...]
    input: TensorSpec
    output: TensorSpec
    parameters: int | None
    multiply_adds: int | None
    operators: tuple[str, ...]
    sha256: str
    calibration: Calibration
    training: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    licence: str = LICENCE
    provenance: Provenance | None = None
    equivalence: Equivalence | None = None
    golden: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    golden_tolerance: int = TOLERANCE
    batch_norms: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON, in the order of the fields."""
        return {"format": CARD_FORMAT, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard(NetworkCard):
    """The card of a classifier.

    `temperature` > 0: probabilities = softmax(log p / temperature), where a stored p of 0 counts as
    half a step of the output scale. `uncertain_threshold` (0..1): below that confidence, after
    scaling, the answer counts as uncertain.
    """

    accuracy: Accuracy
    temperature: float
    uncertain_threshold: float
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringCard(NetworkCard):
    """The card of a network that measures (`ModelKind.measuring`): its errors by name, on `usage`.

    In `equivalence`, the differences are of the network's numbers (-1..1), and `agreement` is the
    share of outputs that differ by at most `MEASURES_ALIKE`.
    """

    usage: str
    errors: Mapping[str, OutputError]


MEASURES_ALIKE = 0.05  # of numbers -1..1, a fortieth of an output's range


def load_card(model_path: Path, kind: ModelKind = EMOTIONS) -> ModelCard:
    """Read the card beside `model_path` and check that it is this file's and fits this project.

    UserErrors are those of `load_model`.
    """
    return load_model(model_path, kind)[0]


def load_model(model_path: Path, kind: ModelKind = EMOTIONS) -> tuple[ModelCard, bytes]:
    """Return the card of a classifier and its bytes, which are those that the card vouches for.

    UserErrors are those of `load_network`.
    """
    card, content = load_network(model_path, kind)
    assert isinstance(card, ModelCard)  # as `kind` is a classifier's
    return card, content


def load_measuring(model_path: Path, kind: ModelKind) -> tuple[MeasuringCard, bytes]:
    """Return the card and the bytes of a network that measures, with `load_network`'s errors."""
    card, content = load_network(model_path, kind)
    assert isinstance(card, MeasuringCard)  # as `kind` measures
    return card, content


def load_network(model_path: Path, kind: ModelKind | None = None) -> tuple[NetworkCard, bytes]:
    """Return the card of a network and its bytes, which are those that the card vouches for.

    UserError when the model or its card is missing or unreadable, when the sha256 is of another
    file, or when labels, input or output are not those of `kind`; None: of any kind there is.
    """
    files = read_model_files(model_path)
    return network_card_of(files, kind), files.model


def card_of(files: ModelFiles, kind: ModelKind = EMOTIONS) -> ModelCard:
    """Return the card of a classifier that was read; UserErrors are those of `load_network`."""
    card = network_card_of(files, kind)
    assert isinstance(card, ModelCard)  # as `kind` is a classifier's
    return card


def measuring_card_of(files: ModelFiles, kind: ModelKind) -> MeasuringCard:
    """Return the card of a network that measures; UserErrors are those of `load_network`."""
    card = network_card_of(files, kind)
    assert isinstance(card, MeasuringCard)  # as `kind` measures
    return card


def network_card_of(files: ModelFiles, kind: ModelKind | None = None) -> NetworkCard:
    """Return the card of a network that was read; UserErrors are those of `load_network`."""
    path = card_path(files.path)
    card = parse_card(files.card, path)
    found = hashlib.sha256(files.model).hexdigest()
    if card.sha256 != found:
        raise ModelError(
            ModelReason.CARD_MISMATCH,
            f"{path}: the card is of another file: sha256 {card.sha256[:12]}... in the card, "
            f"{found[:12]}... of {files.path.name}: copy model and card together",
        )
    _check_fits(path, card, sized(kind or kind_of(card.labels) or EMOTIONS, card.input.shape))
    return card


def kind_of_card(card: NetworkCard) -> ModelKind:
    """Return the kind of a card that was checked, with the side of the faces that it takes."""
    return sized(kind_of(card.labels) or EMOTIONS, card.input.shape)


def parse_card(content: bytes, path: Path) -> NetworkCard:
    """Return the card that `content` holds; UserError, which names `path`, when it is none."""
    card = CardFields(parse_card_json(content, path), str(path))
    if (version := card.integer("format", 0)) != CARD_FORMAT:
        raise ModelError(
            ModelReason.BAD_CARD, f"{path}: format: {version} is not {CARD_FORMAT}: update edge-fer"
        )
    kind = kind_of(card.texts("labels")) or EMOTIONS
    return _classifier(card) if kind.is_classifier else _measuring(card)


def _classifier(card: CardFields) -> ModelCard:
    accuracy, confidence = card.section("accuracy"), card.section("confidence")
    return ModelCard(
        **_common(card),
        accuracy=Accuracy(
            accuracy.text("usage"),
            accuracy.integer("n", 1),
            accuracy.share("float32"),
            accuracy.share("int8"),
        ),
        temperature=card.number("temperature", 0.01, 100.0),
        uncertain_threshold=card.share("uncertain_threshold"),
        confidence=Confidence(
            confidence.share("calibration_error"),
            confidence.share("calibration_error_scaled"),
            confidence.share("coverage"),
            confidence.share("covered_accuracy"),
        ),
    )


def _measuring(card: CardFields) -> MeasuringCard:
    errors = card.section("errors")
    found = {name: errors.section(name) for name in errors.keys}
    return MeasuringCard(
        **_common(card),
        usage=card.text("usage"),
        errors={
            name: OutputError(
                error.integer("n", 1),
                error.number("float32", -_MOST_ERROR, _MOST_ERROR),
                error.number("int8", -_MOST_ERROR, _MOST_ERROR),
                error.text("unit"),
            )
            for name, error in found.items()
        },
    )


def _common(card: CardFields) -> dict[str, Any]:
    """Return the fields that cards of all kinds have."""
    calibration = card.section("calibration")
    return {
        "name": card.text("name"),
        "labels": card.texts("labels"),
        "input": _tensor(card.section("input")),
        "output": _tensor(card.section("output")),
        "parameters": None if card.is_null("parameters") else card.integer("parameters", 1),
        "multiply_adds": (
            None if card.is_null("multiply_adds") else card.integer("multiply_adds", 1)
        ),
        "operators": card.texts("operators"),
        "sha256": card.sha256("sha256"),
        "calibration": Calibration(
            calibration.integer("seed", 0),
            calibration.integer("count", 1),
            calibration.sha256("sha256"),
        ),
        "training": card.mapping("training"),
        "tools": {name: str(version) for name, version in card.mapping("tools").items()},
        "licence": card.text("licence"),
        "provenance": _provenance(card),
        "equivalence": _equivalence(card),
        "golden": _golden(card.section("golden"), kind_of(card.texts("labels"))),
        # Older cards are without it.
        "golden_tolerance": (
            card.integer("golden_tolerance", TOLERANCE, MOST_TOLERANCE)
            if "golden_tolerance" in card.keys
            else TOLERANCE
        ),
        "batch_norms": {name: str(note) for name, note in card.mapping("batch_norms").items()},
    }


def write_card(card: NetworkCard, model_path: Path) -> Path:
    """Write the card beside its model, whole or not at all, and return its path.

    The text comes from `card_text`, so a card with a value that is no number is a ValueError.
    """
    path = card_path(model_path)
    write_atomically(path, card_text(card).encode())
    return path


def card_text(card: NetworkCard) -> str:
    """Return the card as JSON text; ValueError when it holds NaN or an infinity."""
    return CardFields.dump(card.to_json())


def _tensor(fields: CardFields) -> TensorSpec:
    return TensorSpec(
        fields.integers("shape"),
        fields.text("dtype"),
        fields.number("scale", 1e-9, 1e9),
        fields.integer("zero_point", -(2**31)),
    )


def _equivalence(card: CardFields) -> Equivalence | None:
    if card.is_null("equivalence"):
        return None
    fields = card.section("equivalence")
    return Equivalence(
        usage=fields.text("usage"),
        n=fields.integer("n", 1),
        agreement=fields.share("agreement"),
        largest_difference=fields.share("largest_difference"),
        mean_difference=fields.share("mean_difference"),
        worst_layers=tuple(
            LayerNoise(
                layer.text("layer"), layer.text("operator"), layer.number("snr_db", -1e3, 1e3)
            )
            for layer in fields.sections("worst_layers")
        ),
    )


def _provenance(card: CardFields) -> Provenance | None:
    if "provenance" not in card.keys or card.is_null("provenance"):
        return None  # cards had none before edge-fer 0.2
    return parse_provenance(card.section("provenance"))


def _golden(fields: CardFields, kind: ModelKind | None) -> dict[str, tuple[int, ...]]:
    low, high = np.iinfo(np.int8).min, np.iinfo(np.int8).max
    count = None if kind is None else len(kind.labels)
    return {name: fields.integers(name, count=count, low=low, high=high) for name in fields.keys}


def _check_fits(path: Path, card: NetworkCard, kind: ModelKind) -> None:
    remedy = f"convert the model with `{kind.made_by}`"
    other = kind_of(card.labels)
    if other is not None and other.name != kind.name:
        raise ModelError(
            ModelReason.WRONG_KIND,
            f"{path}: the card of a network of the kind {other.name!r}, not {kind.name!r}: name it "
            f"in {other.set_by}, or make one of {kind.name!r} with `{kind.made_by}`",
        )
    if card.labels != kind.labels:
        raise ModelError(
            ModelReason.UNSUPPORTED,
            f"{path}: labels: {_listed(card.labels)} are not {_listed(kind.labels)}: {remedy}",
        )
    tensors = (("input", card.input, kind.input), ("output", card.output, kind.output))
    for name, found, wanted in tensors:
        for part, value in asdict(wanted).items():
            if (got := getattr(found, part)) != value:
                raise ModelError(
                    ModelReason.UNSUPPORTED,
                    f"{path}: {name}.{part}: {got} is not {value}: {remedy}",
                )


def _listed(labels: tuple[str, ...]) -> str:
    """Return labels for a message: the first ones of many."""
    if len(labels) <= _MOST_LISTED:
        return ", ".join(labels)
    return f"{', '.join(labels[:_MOST_LISTED])} ... ({len(labels)})"
