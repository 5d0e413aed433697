"""The sources of a monitor's frames, with their clocks: a port, a recording or a pipe."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from firmware_bridge.errors import LinkError, LinkReason
from firmware_bridge.monitor.candump_pipe import CandumpPipe
from firmware_bridge.monitor.daemon_socket import open_daemon
from firmware_bridge.recording.replay import Replay, split_replay
from firmware_bridge.transports import Transport, open_transport

STANDARD_INPUT = "-"


class Source(Protocol):
    """Frames with their own clock, in seconds that never run backwards."""

    uri: str

    def open(self, uri: str) -> Transport:
        """Open or reopen what `uri` names; BridgeError on failure."""
        ...

    def now_s(self) -> float:
        """Return the time on the scale of the frames."""
        ...

    def wall_s(self, time_s: float) -> float:
        """Return the Unix time of a time on the scale of the frames."""
        ...

    def pause(self, paused: bool) -> None:
        """Pause, if the source can: a recording can, a vehicle cannot."""
        ...


def _open_listening(uri: str) -> Transport:
    """Open a port that nothing is sent on: an adapter then disturbs no bus."""
    return open_transport(uri, listen_only=True)


class LivePort:
    """A port or bus; its frames are stamped on arrival."""

    def __init__(
        self, uri: str, open_transport: Callable[[str], Transport] = _open_listening
    ) -> None:
        self.uri = uri
        self.open = open_transport
        # Once: a wall clock that is set meanwhile must not bend a recording.
        self._wall_offset_s = time.time() - time.monotonic()

    def now_s(self) -> float:
        """Return the monotonic time."""
        return time.monotonic()

    def wall_s(self, time_s: float) -> float:
        """Return the Unix time, based on the clock at the start."""
        return time_s + self._wall_offset_s

    def pause(self, paused: bool) -> None:
        """Do nothing: the vehicle continues."""


def open_source(uri: str, *, at_once: bool = False) -> Source:
    """Return the source that `uri` names; `at_once` reads a recording as fast as possible.

    BridgeError for a recording that cannot be read, and for a file name without a scheme.
    """
    if uri == STANDARD_INPUT:
        return CandumpPipe(sys.stdin.fileno())
    if uri.startswith("daemon:"):
        return LivePort(uri, lambda known: open_daemon(known.removeprefix("daemon:")))
    if uri.startswith("replay:"):
        path, speed, channel = split_replay(uri)
        return Replay(uri, path, speed=None if at_once else speed, channel=channel)
    if ":" not in uri and Path(uri).is_file():
        raise LinkError(
            LinkReason.BAD_ADDRESS,
            f"monitor: {uri} is a file; to watch a recording use replay:{uri}",
        )
    return LivePort(uri)
