"""The way of a frame from the daemon to the recorder's process; the daemon never waits on it.

Frames lie in slots of shared memory without a name, and each slot belongs to one side at a time:
a message hands it over, another hands it back. So there is no lock that a stopped process could
hold, and where the recorder is late, frames are dropped.
"""

import json
import os
import socket
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer import frame_memory
from edge_fer.camera.base import Frame

SLOTS = 3
# Of address space; memory is what frames fill of it. 16 million pixels are more than any camera
# of a cabin gives.
SLOT_BYTES = 1 << 24
MESSAGE_BYTES = 1 << 16


class Channel:
    """Small messages, one JSON object each, over a socket that keeps them apart."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket = end

    def send(self, message: dict[str, Any]) -> bool:
        """Send at once; return False where that cannot be: the other side is late, or gone."""
        try:
            self.socket.send(json.dumps(message).encode())
        except OSError:
            return False
        return True

    def receive(self) -> dict[str, Any] | None:
        """Return the next message; None while there is none. EOFError when the other is gone."""
        try:
            data = self.socket.recv(MESSAGE_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        try:
            message = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise EOFError from error
        if not isinstance(message, dict):
            raise EOFError
        return message

    def close(self) -> None:
        """Close this end; the other gets EOFError."""
        self.socket.close()


class FrameSender:
    """The daemon's side of the slots; OSError where there is no memory for them."""

    def __init__(self) -> None:
        self.memory = frame_memory.create("edge-fer-recording")
        try:
            frame_memory.seal(self.memory, SLOTS * SLOT_BYTES)
            self._map = frame_memory.attach(self.memory, SLOTS * SLOT_BYTES, writes=True)
        except (OSError, ValueError):
            os.close(self.memory)
            raise
        self._free = list(range(SLOTS))

    @property
    def waiting(self) -> bool:
        """Whether the other side has frames that it has not handed back."""
        return len(self._free) < SLOTS

    def send(self, frame: Frame, channel: Channel) -> bool:
        """Hand a frame over; return False where it has to be dropped."""
        if not self._free or frame.grey.nbytes > SLOT_BYTES:
            return False
        slot = self._free[-1]
        target = np.frombuffer(self._map, np.uint8, frame.grey.nbytes, slot * SLOT_BYTES)
        np.copyto(target.reshape(frame.grey.shape), frame.grey)
        if not channel.send(
            {"slot": slot, "shape": frame.grey.shape, "captured_s": frame.captured_s}
        ):
            return False
        self._free.pop()
        return True

    def handed_back(self, slot: int) -> None:
        """Take note that a slot is free again; ValueError for one that was not handed over."""
        if slot not in range(SLOTS) or slot in self._free:
            raise ValueError(f"slot {slot!r} was not handed over")
        self._free.append(slot)

    def close(self) -> None:
        """Let go of the memory."""
        os.close(self.memory)
        self._map.close()


class FrameReceiver:
    """The recorder's side; attaches to the memory of a `FrameSender`."""

    def __init__(self, memory: int) -> None:
        self._map = frame_memory.attach(memory, SLOTS * SLOT_BYTES, writes=False)

    def look(self, message: dict[str, Any]) -> NDArray[np.uint8]:
        """Return the frame of a message, uint8[h,w]; it holds until its slot is handed back."""
        height, width = message["shape"]
        start = message["slot"] * SLOT_BYTES
        return np.frombuffer(self._map, np.uint8, height * width, start).reshape(height, width)
