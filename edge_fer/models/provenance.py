"""Where a network comes from: the commands that made it, and the data that it was trained on."""

from dataclasses import dataclass

from edge_fer.models.card_fields import CardFields


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data set of a training; `sha256` is of what the training read of it."""

    name: str
    sha256: str
    source: str  # where it can be had
    licence: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """`commands` in their order, with the names of files in place of their paths."""

    commands: tuple[str, ...]
    data: tuple[DataSource, ...]


def parse_provenance(fields: CardFields) -> Provenance:
    """Return the provenance in `fields`; ModelError, which names the key, where it is none."""
    return Provenance(
        fields.texts("commands"),
        tuple(
            DataSource(
                item.text("name"), item.sha256("sha256"), item.text("source"), item.text("licence")
            )
            for item in fields.sections("data")
        ),
    )
