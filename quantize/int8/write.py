"""Writes a converted model and its card."""

from pathlib import Path

from edge_fer.atomic_write import write_atomically
from edge_fer.models.card import NetworkCard, card_text, write_card


def write_model(content: bytes, card: NetworkCard, path: Path) -> Path:
    """Write file and card and return the card's path; UserError when they cannot be written."""
    card_text(card)  # a card that cannot be written shall not leave a model behind
    write_atomically(path, content)
    return write_card(card, path)
