"""The faulty cable between real pseudo-terminals, with the real link at one end."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.faults.spec import FaultSpec
from firmware_bridge.faults.wire import FaultyWire
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.reception.watching import Watch
from firmware_bridge.transports import Transport, open_transport
from tests.own_seconds import OwnSeconds

PATIENCE_S = 60.0  # for a busy machine


class Drive:
    """Publishes as the vision loop does and listens as the controller does."""

    def __init__(self, link: Link, port: Transport) -> None:
        self.link, self.port = link, port
        self.watch = Watch(time.monotonic())
        self.slowest_publish_s = 0.0
        self.state = 1

    def until(self, wanted: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
        deadline_s = time.monotonic() + within_s
        while not (came := wanted()) and time.monotonic() < deadline_s:
            now_s, publishing = time.monotonic(), OwnSeconds()
            self.link.publish(Snapshot(now_s, DriverStateMessage(self.state)))
            self.slowest_publish_s = max(self.slowest_publish_s, publishing.passed)
            for frame in self.port.receive(0.03):
                self.watch.take(frame)
            self.watch.check_overdue(time.monotonic())
        return came

    def was_lost(self, times: int) -> bool:
        return self.link.counters.connections_lost >= times

    def hears(self) -> bool:
        heard = self.watch.latest(DriverStateMessage)
        return heard is not None and heard[0].state == self.state


def drive(spec: FaultSpec, folder: Path, act: Callable[[Drive, FaultyWire], None]) -> Drive:
    with FaultyWire(spec, folder / "ttyBAD") as wire:
        # Who listens first hears each line from its beginning.
        port = open_transport(f"slcan:{wire.end_b}")
        link = Link(f"slcan:{folder / 'ttyBAD'}")
        link.open()
        link.start()
        driven = Drive(link, port)
        try:
            act(driven, wire)
        finally:
            port.close()
            assert link.stop(PATIENCE_S)
    assert not (folder / "ttyBAD").is_symlink()
    return driven


def test_split_and_merged_writes_cost_nothing(tmp_path: Path) -> None:
    def act(driven: Drive, wire: FaultyWire) -> None:
        assert driven.until(lambda: min(wire.done["split"], wire.done["merge"]) >= 5)
        assert driven.until(driven.hears)

    driven = drive(FaultSpec(split=0.5, merge=0.3), tmp_path, act)

    # The adapter's opening commands and frames of ours, nothing else.
    assert driven.port.counters.rejected_bytes == 0
    seen = driven.watch.statistics(time.monotonic())
    assert sum(message.wrong_crc for message in seen) == 0


@pytest.mark.slow
def test_an_unplugged_port_comes_back_and_so_does_the_link(tmp_path: Path) -> None:
    def act(driven: Drive, wire: FaultyWire) -> None:
        for times in (1, 2, 3):
            assert driven.until(driven.hears)
            assert driven.until(partial(driven.was_lost, times))
            driven.state += 1  # a change while the port is away is told when it is back
        assert driven.until(driven.hears)

    driven = drive(FaultSpec(unplug=1.0), tmp_path, act)

    assert driven.link.counters.connections_lost >= 3


def test_a_stalled_line_holds_up_nobody_and_is_unknown_meanwhile(tmp_path: Path) -> None:
    def act(driven: Drive, wire: FaultyWire) -> None:
        assert driven.until(driven.hears)
        assert driven.until(lambda: not driven.hears())
        assert wire.done["stall"] >= 1
        assert driven.until(driven.hears)

    driven = drive(FaultSpec(stall=1.0), tmp_path, act)

    # A write that waits for the line would take up to 100 ms each.
    assert driven.slowest_publish_s < 0.5


def test_a_plug_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    taken = tmp_path / "mine"
    taken.write_text("precious")

    with pytest.raises(BridgeError, match="mine cannot be made: it is there already"):
        FaultyWire(FaultSpec(), taken)

    assert taken.read_text() == "precious"
