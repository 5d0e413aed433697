"""A recording that cannot be read to its end."""

from pathlib import Path

import pytest

_GOOD_LINES = 1000


@pytest.fixture
def damaged_recording(tmp_path: Path) -> Path:
    """An ASC whose first frames can be read: python-can decodes 8 KiB of text at a time."""
    path = tmp_path / "damaged.asc"
    lines = b"".join(b" %.3f 1 123 Rx d 1 00\n" % (index / 1000) for index in range(_GOOD_LINES))
    path.write_bytes(b"base hex timestamps absolute\n" + lines + b"\xff\n" + lines)
    return path
