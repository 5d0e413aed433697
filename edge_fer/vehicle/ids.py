"""The CAN ids that the config asks for."""

from pathlib import Path

from edge_fer.vehicle.settings import LinkConfig
from firmware_bridge.errors import InputError, InputReason
from firmware_bridge.protocol.ids import BASE_ID, MessageIds, ids_at, read_ids


def configured_ids(link: LinkConfig) -> MessageIds:
    """Return the id of each message; BridgeError for a DBC that cannot be used."""
    if not link.dbc:
        return ids_at(link.base_id)
    if link.base_id != BASE_ID:
        raise InputError(
            InputReason.BAD_VALUE,
            f"{link.dbc!r} and link.base_id = {link.base_id:#x} both move the messages;"
            " set one of them",
        )
    return read_ids(Path(link.dbc))
