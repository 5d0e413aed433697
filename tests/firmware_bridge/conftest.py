"""A cable between two pseudo-terminals, and frames as a correct sender makes them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import can
import pytest

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition, definitions, use_ids
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.ids import BASE_ID, ids_at
from firmware_bridge.protocol.messages import Message, encode
from firmware_bridge.terminal.pty_wire import PtyWire

_DAMAGED_FRAMES = 2000
# Where the messages lie while these tests run: `EDGE_FER_TEST_BASE_ID=0x18FF1000 pytest ...`.
use_ids(ids_at(int(os.environ.get("EDGE_FER_TEST_BASE_ID", hex(BASE_ID)), 0)))
MakeFrame = Callable[[Message, float], CanFrame]


@pytest.fixture
def wire() -> Iterator[PtyWire]:
    with PtyWire() as made:
        yield made


@pytest.fixture
def make_frame() -> MakeFrame:
    """Protect messages as one sender of each does: the counters go on from call to call."""
    senders = {name: Profile22Sender(known.data_ids) for name, known in definitions().items()}

    def make(message: Message, time_s: float) -> CanFrame:
        data = senders[message.NAME].protect(encode(message))
        return CanFrame(definition(message.NAME).can_id, data, time_s)

    return make


@pytest.fixture
def make_foreign_frame() -> MakeFrame:
    """Protect messages as a sender of another DBC does: its Data IDs are not ours."""
    sender = Profile22Sender(bytes(range(1, 17)))

    def make(message: Message, time_s: float) -> CanFrame:
        data = sender.protect(encode(message))
        return CanFrame(definition(message.NAME).can_id, data, time_s)

    return make


@pytest.fixture
def damaged_recording(tmp_path: Path) -> Path:
    """A BLF that was cut: some of its containers can be read."""
    path = tmp_path / "damaged.blf"
    with can.BLFWriter(path, max_container_size=4096) as writer:
        for index in range(_DAMAGED_FRAMES):
            writer.on_message_received(
                can.Message(
                    timestamp=1e9 + index / 1000,
                    arbitration_id=0x123,
                    is_extended_id=False,
                    data=index.to_bytes(8, "little"),
                )
            )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    return path
