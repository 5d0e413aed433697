"""The ids of messages where the tests put them; see EDGE_FER_TEST_BASE_ID in conftest."""

from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import id_text
from firmware_bridge.protocol.messages import Message


def id_of(kind: type[Message]) -> int:
    """Return the id of a message, one of 29 bits with EXTENDED."""
    return definition(kind.NAME).can_id


def shown_id(kind: type[Message]) -> str:
    """Return its digits as views show them: 3A0."""
    return id_text(id_of(kind))
