"""How long after a port is plugged in again the first frame is on it."""

import logging
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_bridge.benchmark.figures import PEER, RECONNECT_BOUND_MS, Times
from firmware_bridge.benchmark.latency import read_until
from firmware_bridge.benchmark.rates import open_peer, sample_frames
from firmware_bridge.benchmark.terminal import terminal
from firmware_bridge.errors import MeasurementError, MeasurementReason
from firmware_bridge.link.connection import SETTLED_S
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.protocol.slcan import SlcanParser
from firmware_bridge.terminal.pty import Terminal
from firmware_bridge.transports.can_bus import as_message

# How long the port stays away: from a loose contact to a reboot of the other side, so that the
# replug falls everywhere into the link's growing patience.
_AWAY_S = (0.1, 2.0)
_LOST_S = 10.0
_PEER_SLEEP_S = 2.0  # python-can's default, for boards that reset when their port is opened


def link_reconnects(count: int) -> Times:
    """Measure the link: from the moment the port is there again to its first frame."""
    away = random.Random(1)
    taken_s: list[float] = []
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        plug = Path(folder) / "ttyPLUG"
        port = Terminal()
        plug.symlink_to(port.path)
        link = Link(f"slcan:{plug}")
        link.open()
        link.start()
        try:
            for _ in range(count):
                link.publish(Snapshot(time.monotonic(), DriverStateMessage(1)))
                time.sleep(SETTLED_S + 0.1)  # a connection that was good
                plug.unlink()
                port.close()
                time.sleep(away.uniform(*_AWAY_S))
                port = Terminal()
                started_s = time.monotonic()
                plug.symlink_to(port.path)
                taken_s.append(_first_frame_s(port) - started_s)
        finally:
            link.stop()
            port.close()
    return Times.of("slcan", taken_s, RECONNECT_BOUND_MS)


def peer_reconnects(count: int) -> Times:
    """Measure python-can's SLCAN, opened anew with its defaults as soon as the port is there.

    It does not come back by itself, so this is the best that a program around it can do.
    """
    message = as_message(sample_frames(1)[0])
    taken_s: list[float] = []
    for _ in range(count):
        with terminal() as port:
            started_s = time.monotonic()
            bus = open_peer(port, sleep_after_open=_PEER_SLEEP_S)
            bus.send(message)
            taken_s.append(_first_frame_s(port) - started_s)
            bus.shutdown()
    return Times.of(PEER, taken_s)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the link from warning of a port that is lost on purpose."""
    log = logging.getLogger("firmware_bridge.link.link")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _first_frame_s(port: Terminal) -> float:
    arrived_s = read_until(port.device, SlcanParser(), lambda frame: True, _LOST_S)
    if arrived_s is None:
        raise MeasurementError(
            MeasurementReason.FRAME_MISSING,
            f"benchmark: no frame within {_LOST_S} s after the port was back",
        )
    return arrived_s
