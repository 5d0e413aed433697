"""Only regular files of a known size are read."""

import os
from pathlib import Path

import pytest

from firmware_bridge.bounded_read import read_bounded


def test_a_file_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_bounded(path, 100) == b"x" * 100
    with pytest.raises(OSError, match="more than 99 bytes"):
        read_bounded(path, 99)


def test_a_file_of_proc_claims_no_size() -> None:
    assert read_bounded(Path("/proc/self/stat"), 4096)


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(OSError, match="not a regular file"):
            read_bounded(path, 10)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, 10)
