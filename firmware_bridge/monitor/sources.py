"""Where a monitor's frames come from, and what time it is there: a port, a recording, a pipe."""

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
    """Frames with a clock of their own: seconds that never run backwards."""

    uri: str

    def open(self, uri: str) -> Transport:
        """Open, or open again, what `uri` names; BridgeError where that fails."""
        ...

    def now_s(self) -> float:
        """Return the time on the scale of the frames."""
        ...

    def wall_s(self, time_s: float) -> float:
        """Return the Unix time of a time on the scale of the frames."""
        ...

    def pause(self, paused: bool) -> None:
        """Stand still, if the source can: a recording can, a vehicle cannot."""
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
        """Return the Unix time, by the clock as it was at the start."""
        return time_s + self._wall_offset_s

    def pause(self, paused: bool) -> None:
        """Go on: the vehicle does."""


def open_source(uri: str, *, at_once: bool = False) -> Source:
    """Return the source that `uri` names; `at_once` reads a recording as fast as it can be.

    BridgeError for a recording that cannot be read or a file that is named without its scheme.
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
