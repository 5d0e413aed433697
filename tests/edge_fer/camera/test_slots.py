"""The shared memory between a camera process and its parent."""

import fcntl
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory

SHAPE = (120, 160)

# Writes frames whose bytes all are the same, as fast as it can.
UNIFORM_WRITER = """
import sys, numpy as np
from edge_fer.camera.slots import SlotWriter
slots = SlotWriter(int(sys.argv[1]), (480, 640))
print(flush=True)
while True:
    slots.write(np.full((480, 640), slots.written % 251, np.uint8), float(slots.written))
"""
# Takes the lock and stops, as a process does that is suspended at the worst moment.
HOLDER = """
import fcntl, sys, time
fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX)
print(flush=True)
time.sleep(60)
"""


def frame(level: int) -> NDArray[np.uint8]:
    return np.full(SHAPE, level, np.uint8)


@pytest.fixture
def memory() -> int:
    return create_memory()


def other_process(code: str, memory: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(memory)],
        pass_fds=[memory],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    process.stdout.readline()  # it is ready
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def test_what_is_skipped_shows_as_a_gap(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    writer.write(frame(1), 1.0)
    assert reader.read() is not None
    writer.skip()
    writer.skip()
    assert reader.read() is None
    assert reader.written == 1
    writer.write(frame(2), 2.0)
    after = reader.read()
    assert after is not None
    assert after.sequence == 3
    assert reader.written == writer.written == 4


def test_the_reader_may_ask_for_fewer_frames(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    for most_fps in (None, 15.0, 8.0, None):
        reader.ask_for(most_fps)
        writer.write(frame(1), 1.0)
        assert writer.most_fps == most_fps
    newest = reader.read()
    assert newest is not None
    assert (newest.grey == 1).all()


def test_newest_frame_wins(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    assert reader.read() is None
    for number in range(5):
        writer.write(frame(number), 10.0 + number)
    newest = reader.read()
    assert newest is not None
    assert (newest.sequence, newest.captured_s) == (4, 14.0)
    assert (newest.grey == 4).all()
    assert reader.read() is None


def test_frame_stays_as_it_was_read_until_the_next_one_is(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    for first in range(1, 40, 4):
        writer.write(frame(first), 1.0)
        kept = reader.read()
        for number in range(first + 1, first + 4):
            writer.write(frame(number), 2.0)
        assert kept is not None
        assert (kept.grey == first).all()


def test_frame_is_read_where_it_lies_and_cannot_be_written(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    writer.write(frame(1), 1.0)
    got = reader.read()
    assert got is not None
    assert not got.grey.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        got.grey[0, 0] = 5


def test_frame_outlives_its_reader(memory: int) -> None:
    """As when the camera's process is started anew while its last frame is looked at."""
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    writer.write(frame(9), 1.0)
    got = reader.read()
    del reader, writer
    os.close(memory)
    assert got is not None
    assert (got.grey == 9).all()


def test_frame_of_another_size_is_refused(memory: int) -> None:
    writer = SlotWriter(memory, SHAPE)
    with pytest.raises(ValueError, match="among frames of"):
        writer.write(np.zeros((1, 160), np.uint8), 0.0)
    with pytest.raises(ValueError, match="too small"):
        SlotReader(memory, (480, 640))


def test_frames_are_never_torn(memory: int) -> None:
    writer = other_process(UNIFORM_WRITER, memory)
    try:
        reader = SlotReader(memory, (480, 640))
        read, last = 0, -1
        # A number of frames and not a time: on a busy machine the two processes seldom run at once.
        deadline_s = time.monotonic() + 60.0
        while read < 200:
            assert time.monotonic() < deadline_s
            got = reader.read()
            if got is None:
                continue
            read += 1
            level = got.grey[0, 0]
            assert (got.grey == level).all()
            assert level == got.sequence % 251 == int(got.captured_s) % 251
            assert got.sequence > last
            last = got.sequence
    finally:
        end(writer)


def test_stopped_writer_does_not_stop_the_reader(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    writer.write(frame(7), 1.0)
    holder = other_process(HOLDER, memory)
    try:
        start_s = time.monotonic()
        assert reader.read() is None
        assert time.monotonic() - start_s < 1.0
    finally:
        end(holder)
    # The lock fell with its holder, and the frame is still there.
    assert reader.read() is not None


def test_lock_is_free_after_each_call(memory: int) -> None:
    writer, reader = SlotWriter(memory, SHAPE), SlotReader(memory, SHAPE)
    writer.write(frame(1), 1.0)
    reader.read()
    code = "import fcntl, sys; fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    subprocess.run([sys.executable, "-c", code, str(memory)], pass_fds=[memory], check=True)
    assert fcntl.fcntl(memory, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
