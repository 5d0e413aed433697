"""A recording that cannot be read to its end."""

from pathlib import Path

import can
import pytest

_FRAMES = 2000


@pytest.fixture
def damaged_recording(tmp_path: Path) -> Path:
    """A BLF that was cut: some of its containers can be read."""
    path = tmp_path / "damaged.blf"
    with can.BLFWriter(path, max_container_size=4096) as writer:
        for index in range(_FRAMES):
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
