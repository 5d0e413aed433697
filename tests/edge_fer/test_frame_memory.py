"""Memory that holds frames: of one size for good, in no dump, in no swap."""

import os
import re
import resource
from pathlib import Path

import pytest

from edge_fer import frame_memory
from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory

SIZE = 1 << 16


def flags_of(memory: int) -> set[str]:
    """Return what the kernel says of this process's mapping of the memory (proc_pid_smaps(5))."""
    inode = os.fstat(memory).st_ino
    smaps = Path("/proc/self/smaps").read_text()
    (found,) = re.findall(rf"^\S+ \S+ \S+ \S+ {inode} .*?^VmFlags: (.*?)$", smaps, re.M | re.S)
    return set(found.split())


def test_it_is_not_dumped_and_it_is_locked_where_the_limit_allows() -> None:
    memory = frame_memory.create("test")
    frame_memory.seal(memory, SIZE)
    mapped = frame_memory.attach(memory, SIZE, writes=True)
    assert "dd" in flags_of(memory)
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] not in range(2 * SIZE):
        assert "lo" in flags_of(memory)
    mapped.close()
    os.close(memory)


@pytest.mark.parametrize("size", [0, 1, SIZE - 1, SIZE + 1, 1 << 40])
def test_nobody_changes_its_size(size: int) -> None:
    """The attack: a camera's process that shrinks it ends the daemon with SIGBUS."""
    memory = create_memory()
    shape = (120, 160)
    writer = SlotWriter(memory, shape)
    reader = SlotReader(memory, shape)
    with pytest.raises(PermissionError):
        os.ftruncate(memory, size)
    assert reader.written == writer.written == 0
    os.close(memory)


def test_memory_that_is_not_sealed_is_not_looked_at() -> None:
    memory = create_memory()
    os.ftruncate(memory, 1 << 20)
    with pytest.raises(ValueError, match="not sealed"):
        SlotReader(memory, (120, 160))
    os.close(memory)


def test_it_is_not_looked_at_beyond_its_end() -> None:
    memory = frame_memory.create("test")
    frame_memory.seal(memory, SIZE)
    with pytest.raises(ValueError, match="too small"):
        frame_memory.attach(memory, SIZE + 1, writes=False)
    os.close(memory)
