"""Each shipped network's card says by which commands and of which data it was made."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.card import card_text, load_network, parse_card
from edge_fer.models.kind import KINDS
from edge_fer.models.render import render_card
from edge_fer.paths import SHIPPED_MODEL

SHIPPED = sorted(SHIPPED_MODEL.parent.glob("*.tflite"))


def test_there_is_one_of_each_kind() -> None:
    assert {path.stem for path in SHIPPED} == {"edge", "eyes", "face"}
    assert len(KINDS) == len(SHIPPED)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_network_says_where_it_comes_from(path: Path) -> None:
    card, _ = load_network(path)
    found = card.provenance
    assert found is not None
    assert any(re.match(r"edge-fer .*train .*--seed \d+", one) for one in found.commands)
    assert any(re.match(r"edge-fer .*quantize ", one) for one in found.commands)
    assert found.data
    digests = str(card.training)
    for data in found.data:
        assert data.sha256 in digests  # as the training wrote it down itself
        assert "not said" not in (data.source, data.licence)
        assert data.name
    assert card.licence

    console = Console(width=2000)
    with console.capture() as capture:
        console.print(render_card(card, path, path.with_suffix(".json")))
    shown = capture.get()
    for text in (*found.commands, found.data[0].sha256[:16], found.data[0].licence, card.licence):
        assert text in shown


def test_a_card_without_one_is_read_and_a_wrong_one_refused() -> None:
    path = SHIPPED_MODEL.with_suffix(".json")
    card, _ = load_network(SHIPPED_MODEL)
    without = card_text(replace(card, provenance=None))
    assert parse_card(without.encode(), path).provenance is None
    older = without.replace('  "provenance": null,\n', "")
    assert older != without
    assert parse_card(older.encode(), path).provenance is None
    wrong = card_text(card).replace('"licence": "MIT"', '"licence": 5')
    with pytest.raises(ModelError, match=r"data\.1\.licence: 5 is not a text") as caught:
        parse_card(wrong.encode(), path)
    assert caught.value.reason is ModelReason.BAD_CARD
