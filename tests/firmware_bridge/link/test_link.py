"""The link over a real pseudo-terminal, in real time; what other programs take is taken off."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError, LinkReason, TransportError
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    Message,
)
from firmware_bridge.reception.supervision import BusSupervisor, FrameStatus, JudgedFrame
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, TransportCounters, open_transport
from tests.firmware_bridge.transports.lawicel_adapter import AdapterPort, LawicelAdapter
from tests.firmware_bridge.wire_ids import id_of
from tests.own_seconds import OwnSeconds, held_up_s

MakeFrame = Callable[[Message, float], CanFrame]
PATIENCE_S = 60.0  # a bound against hanging
SHORT_S = 0.2  # shorter than anything is stale


class Controller:
    """The other end of the cable: a supervised receiver that can talk back."""

    def __init__(self, uri: str) -> None:
        self.port = open_transport(uri)
        self.supervisor = BusSupervisor()
        self.judged: list[JudgedFrame] = []
        self._held_up_s = held_up_s()

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s and not until():
            self.judged += [self.supervisor.judge(frame) for frame in self.port.receive(0.01)]

    def states(self) -> list[int]:
        """Return the states that arrived, each change once."""
        states: list[int] = []
        for judged in self.judged:
            if isinstance(judged.message, DriverStateMessage):
                state = judged.message.state
                if not states or states[-1] != state:
                    states.append(state)
        return states

    @property
    def held_up_s(self) -> float:
        """For how long the threads of this process had no processor since this was made."""
        return held_up_s() - self._held_up_s

    def statuses(self) -> set[FrameStatus]:
        """Return how the frames were judged, without those that are stale by others' fault."""
        excused = {FrameStatus.STALE} if self.held_up_s > SHORT_S else set()
        return {judged.status for judged in self.judged} - excused

    def shows(self, state: int) -> Callable[[], bool]:
        """Return a question: is this the latest state that arrived?"""
        return lambda: self.states()[-1:] == [state]

    def count(self, name: str) -> int:
        return sum(judged.name == name for judged in self.judged)


@pytest.fixture
def controller(wire: PtyWire) -> Iterator[Controller]:
    made = Controller(f"slcan:{wire.end_b}")
    yield made
    made.port.close()


@pytest.fixture
def link(wire: PtyWire) -> Iterator[Link]:
    made = Link(f"slcan:{wire.end_a}")
    made.open()
    made.start()
    yield made
    assert made.stop()


def snapshot(
    state: int, *, sequence: int = 0, request: DriverRequestMessage | None = None
) -> Snapshot:
    now_s = time.monotonic()
    return Snapshot(
        now_s, DriverStateMessage(state, event_sequence=sequence), now_s - 0.03, request=request
    )


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    deadline_s = time.monotonic() + seconds
    while not (came := condition()) and time.monotonic() < deadline_s:
        time.sleep(0.002)
    return came


def test_every_frame_arrives_valid_and_at_its_cycle(link: Link, controller: Controller) -> None:
    link.publish(snapshot(1))
    # The first of these may have been sent before the controller listened: wait for the next.
    figures = ("PipelineFigures", "FaultCounters")
    controller.listen(PATIENCE_S, until=lambda: min(map(controller.count, figures)) > 1)
    cycles = controller.count("PipelineFigures")

    assert controller.statuses() == {FrameStatus.OK}
    # Beside the slowest of them; a cycle that was missed because others ran is not made up for.
    missed_s = controller.held_up_s
    for name, each_second in (("DriverState", 10), ("EmotionProbabilities", 5), ("Health", 2)):
        least, most = 0.8 * each_second * (cycles - 1 - missed_s), 1.2 * each_second * (cycles + 1)
        assert least <= controller.count(name) <= most
    assert abs(controller.count("FaultCounters") - cycles) <= 1
    assert controller.count("DriverRequest") == 0
    assert link.counters.frames_sent >= len(controller.judged)


def test_a_change_of_state_does_not_wait_for_the_cycle(link: Link, controller: Controller) -> None:
    link.publish(snapshot(1))
    controller.listen(0.25)
    delays: list[float] = []
    for index in range(10):
        state = 10 + index % 2
        since_sent = OwnSeconds()
        link.publish(snapshot(state, sequence=index + 1))
        controller.listen(PATIENCE_S, until=controller.shows(state))
        delays.append(since_sent.passed)
        controller.listen(0.03)

    # On average a cycle would cost 50 ms.
    assert sorted(delays)[len(delays) // 2] < 0.03


def test_a_stalled_vision_loop_becomes_not_available(link: Link, controller: Controller) -> None:
    link.publish(snapshot(10))
    since_stalled = OwnSeconds()
    controller.listen(PATIENCE_S, until=lambda: controller.states()[-2:] == [10, 15])

    assert controller.states()[-2:] == [10, 15]
    assert since_stalled.passed < 1.6


def test_the_controller_is_heard_while_it_talks_and_unknown_after(
    link: Link, controller: Controller, make_frame: MakeFrame
) -> None:
    assert link.controller is None
    status = ControllerStatusMessage(enable=1, ignition=1, speed_km_h=72.3)

    def is_heard() -> bool:
        controller.port.send(make_frame(status, 0.0))
        time.sleep(0.02)
        return link.controller == status

    assert wait_for(is_heard)
    since_silent = OwnSeconds()
    assert wait_for(lambda: link.controller is None)
    assert since_silent.passed < 1.5


def test_a_single_frame_of_the_controller_is_not_enough(
    link: Link, controller: Controller, make_frame: MakeFrame
) -> None:
    controller.port.send(make_frame(ControllerStatusMessage(enable=1), 0.0))

    assert wait_for(lambda: link.counters.frames_received == 1)
    time.sleep(0.05)
    assert link.controller is None


def test_a_controller_whose_frames_are_broken_is_never_heard(
    link: Link, controller: Controller, make_frame: MakeFrame
) -> None:
    for _ in range(6):
        frame = make_frame(ControllerStatusMessage(enable=1), 0.0)
        controller.port.send(CanFrame(frame.can_id, frame.data[:7] + b"\x01", 0.0))
    controller.port.send(CanFrame(id_of(ControllerStatusMessage), b"\x01", 0.0))

    assert wait_for(lambda: link.counters.controller_frames_rejected == 7)
    assert link.controller is None


def test_a_request_is_repeated_until_the_controller_acknowledges_it(
    link: Link, controller: Controller, make_frame: MakeFrame
) -> None:
    request = DriverRequestMessage(kind=1, request_id=5, severity=1, valid_for_s=30, reason=1)
    link.publish(snapshot(10, request=request))
    controller.listen(PATIENCE_S, until=lambda: controller.count("DriverRequest") >= 5)
    assert controller.count("DriverRequest") == 5

    for _ in range(3):
        controller.port.send(make_frame(ControllerStatusMessage(acknowledged_id=5), 0.0))
    controller.listen(1.3)
    assert controller.count("DriverRequest") == 5


def test_other_traffic_on_the_bus_is_left_alone(link: Link, controller: Controller) -> None:
    controller.port.send(CanFrame(0x123, bytes(8), 0.0))

    assert wait_for(lambda: link.counters.frames_received == 1)
    assert link.counters.controller_frames_rejected == 0


def test_garbage_from_the_port_is_counted_and_survived(wire: PtyWire) -> None:
    link = Link(f"slcan:{wire.end_a}")
    link.open()
    link.start()
    with Path(wire.end_b).open("wb", buffering=0) as other:
        other.write(bytes(range(256)) * 4 + b"\r")

    assert wait_for(lambda: link.counters.rejected_bytes > 900)
    assert link.counters.connected
    assert link.stop()


def test_a_line_that_makes_no_sense_is_said_once_and_the_link_goes_on(
    link: Link, controller: Controller, wire: PtyWire, caplog: pytest.LogCaptureFixture
) -> None:
    link.publish(snapshot(1))
    with Path(wire.end_b).open("wb", buffering=0) as other:
        for _ in range(20):
            other.write(b"\x00\x80\xf8\x00\x1e" * 10)
            time.sleep(0.01)
    link.publish(snapshot(10))
    controller.listen(PATIENCE_S, until=controller.shows(10))

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert f"link: slcan:{wire.end_a}: " in said[0]
    assert said[0].endswith(" of them SLCAN: wrong baud rate, or not a SLCAN port?")
    assert controller.states()[-1] == 10


def test_a_controller_with_another_dbc_is_said_once_and_the_link_goes_on(
    link: Link,
    controller: Controller,
    wire: PtyWire,
    make_foreign_frame: MakeFrame,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(120):
        controller.port.send(make_foreign_frame(ControllerStatusMessage(enable=0), 0.0))
    assert wait_for(lambda: link.counters.controller_frames_rejected == 120)
    link.publish(snapshot(10))
    controller.listen(PATIENCE_S, until=controller.shows(10))

    (said,) = (record.getMessage() for record in caplog.records)
    assert said == (
        f"link: slcan:{wire.end_a}: ControllerStatus: hardly a right CRC:"
        " same driver_state.dbc at both ends?"
    )
    assert link.controller is None
    assert controller.states()[-1] == 10


def test_a_port_that_nobody_reads_delays_neither_the_vision_loop_nor_the_stop() -> None:
    device, port = os.openpty()
    link = Link(f"slcan:{os.ttyname(port)}")
    link.open()
    os.set_blocking(port, False)
    link.start()
    longest_s = 0.0
    deadline_s = time.monotonic() + PATIENCE_S
    while link.counters.frames_dropped == 0 and time.monotonic() < deadline_s:
        _fill(port)
        publishing = OwnSeconds()
        link.publish(snapshot(1))
        longest_s = max(longest_s, publishing.passed)
        time.sleep(0.005)

    assert link.counters.frames_dropped > 0
    _fill(port)
    stopping = OwnSeconds()
    assert link.stop(PATIENCE_S)
    assert stopping.passed < 0.5
    assert longest_s < 0.09  # a single write would have taken 100 ms
    os.close(device)
    os.close(port)


def _fill(port: int) -> None:
    """Fill the terminal from our side, so that nothing more can be written to it."""
    try:
        while os.write(port, b"x" * 4096):
            pass
    except BlockingIOError:
        return


def test_a_port_that_vanishes_is_opened_again_when_it_is_back(tmp_path: Path) -> None:
    plug = tmp_path / "ttyADAPTER"
    first = PtyWire()
    plug.symlink_to(first.end_a)
    link = Link(f"slcan:{plug}")
    link.open()
    link.start()
    link.publish(snapshot(1))
    plug.unlink()
    first.close()
    assert wait_for(lambda: not link.counters.connected)

    with PtyWire() as second:
        controller = Controller(f"slcan:{second.end_b}")
        link.publish(snapshot(1))
        plug.symlink_to(second.end_a)
        controller.listen(PATIENCE_S, until=lambda: controller.count("DriverState") >= 3)

        assert controller.states()[-1] == 1
        assert link.counters.connected
        assert link.counters.connections_lost == 1
        assert link.stop()
        controller.port.close()


def test_an_adapter_that_was_reset_is_opened_again_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with AdapterPort(LawicelAdapter(boot_s=0.3, stamps=True)) as port:
        link = Link(port.uri)
        link.open()
        link.start()

        def is_open() -> bool:
            link.publish(snapshot(1))
            return port.adapter.is_open

        opening = OwnSeconds()
        assert wait_for(is_open)
        assert opening.passed < 1.3
        assert wait_for(lambda: link.counters.trouble is None)
        port.reset()
        since_reset = OwnSeconds()
        assert wait_for(is_open)
        assert since_reset.passed < 1.3
        sent = len(port.adapter.on_bus)
        assert wait_for(lambda: is_open() and len(port.adapter.on_bus) > sent + 5)
        assert link.counters.channels_reopened == 1
        assert link.counters.connections_lost == 0
        assert link.counters.frames_refused > 0
        assert wait_for(lambda: link.counters.trouble is None)
        assert link.stop()

    said = [record.getMessage() for record in caplog.records]
    both = [
        f"link: {port.uri}: the adapter refuses frames",
        f"link: {port.uri}: frames are taken again",
    ]
    # Of the reset, and where this machine is slow of the first boot too; not of each frame.
    assert said in (both, 2 * both)


def test_it_stops_at_once_while_the_port_is_missing(tmp_path: Path) -> None:
    link = Link(f"slcan:{tmp_path}/ttyMISSING")
    link.start()
    time.sleep(0.2)

    stopping = OwnSeconds()
    assert link.stop(PATIENCE_S)
    assert stopping.passed < 0.5


def test_a_port_that_is_wrong_from_the_start_is_an_error_in_the_caller(tmp_path: Path) -> None:
    link = Link(f"slcan:{tmp_path}/ttyMISSING")
    with pytest.raises(BridgeError, match="no such port"):
        link.open()
    assert link.stop()


def test_publishing_to_a_stopped_link_is_harmless(wire: PtyWire) -> None:
    link = Link(f"slcan:{wire.end_a}")
    link.open()
    link.start()
    assert link.stop()
    link.publish(snapshot(1))
    assert link.stop()


def test_it_runs_over_a_bus_without_a_descriptor(make_frame: MakeFrame) -> None:
    link = Link("virtual:link-test")
    link.open()
    controller = Controller("virtual:link-test")
    link.start()
    link.publish(snapshot(1))
    status = ControllerStatusMessage(enable=1)

    def both_hear() -> bool:
        controller.port.send(make_frame(status, 0.0))
        return 1 in controller.states() and link.controller == status

    controller.listen(PATIENCE_S, until=both_hear)
    assert both_hear()
    assert link.stop()
    controller.port.close()


def test_between_two_frames_it_waits_without_work(link: Link) -> None:
    link.publish(snapshot(1))
    before_s = time.process_time()
    time.sleep(0.5)

    assert time.process_time() - before_s < 0.25  # a thread that spins takes all of it


class RecordingTransport:
    """Takes frames, `requests` of them with a request, and is then gone."""

    def __init__(self, requests: int) -> None:
        self.sent: list[CanFrame] = []
        self._most_requests = requests

    @property
    def requests(self) -> list[CanFrame]:
        return [frame for frame in self.sent if frame.can_id == id_of(DriverRequestMessage)]

    @property
    def counters(self) -> TransportCounters:
        return TransportCounters(frames_sent=len(self.sent))

    @property
    def trouble(self) -> str | None:
        return None

    @property
    def backlog_s(self) -> float:
        return 0.0

    def fileno(self) -> int | None:
        return None

    def send(self, frame: CanFrame) -> None:
        if len(self.requests) == self._most_requests:
            raise TransportError(LinkReason.GONE, "gone")
        self.sent.append(frame)

    def receive(self, timeout_s: float) -> list[CanFrame]:
        return []

    def close(self) -> None:
        """Nothing is held."""


def test_a_pending_request_is_said_anew_on_a_port_that_is_back() -> None:
    first, second = RecordingTransport(requests=5), RecordingTransport(requests=1000)
    ports: list[Transport] = [first, second]
    link = Link("slcan:recorded", open_transport=lambda uri: ports.pop(0))
    link.publish(snapshot(10, request=DriverRequestMessage(1, 5, 1, 30, 1)))
    link.open()
    link.start()

    held_up_before_s = held_up_s()
    assert wait_for(lambda: len(second.requests) >= 5)
    assert len(first.requests) == 5
    # All of it within a moment: without a fresh start the second would be a second later.
    times_s = [frame.time_s for frame in second.requests[:5]]
    assert times_s[-1] - times_s[0] - (held_up_s() - held_up_before_s) < 0.5
    assert link.counters.frames_dropped == 1
    assert link.stop()


class FaultyTransport:
    """Fails in the ways that a transport must not, and then in the one that it may."""

    opened = 0

    def __init__(self, uri: str) -> None:
        type(self).opened += 1
        self._faults: list[Exception] = [
            ValueError("a mistake of ours"),
            TransportError(LinkReason.GONE, "gone"),
        ]
        self._fault = self._faults[(self.opened - 1) % 2]

    @property
    def counters(self) -> TransportCounters:
        return TransportCounters(frames_sent=1)

    @property
    def trouble(self) -> str | None:
        return None

    @property
    def backlog_s(self) -> float:
        return 0.0

    def fileno(self) -> int | None:
        return None

    def send(self, frame: CanFrame) -> None:
        if self.opened < 4:
            raise self._fault

    def receive(self, timeout_s: float) -> list[CanFrame]:
        return []

    def close(self) -> None:
        raise OSError(5, "what is broken need not close either")


def test_no_fault_of_a_transport_ends_the_link() -> None:
    def open_faulty(uri: str) -> Transport:
        return FaultyTransport(uri)

    link = Link("slcan:faulty", open_transport=open_faulty)
    link.open()
    link.start()

    assert wait_for(lambda: FaultyTransport.opened == 4 and link.counters.connected)
    assert link.counters.connections_lost == 3
    assert link.alive
    assert link.stop()
    assert not link.alive


def test_a_port_whose_waiting_cannot_be_set_up_is_tried_again() -> None:
    """Beside the port it needs a descriptor to be woken with, and none may be left."""
    tries: list[str] = []

    def open_at_last(uri: str) -> Transport:
        tries.append(uri)
        if 1 < len(tries) < 4:
            raise OSError(24, "Too many open files")
        return FaultyTransport(uri)

    FaultyTransport.opened = 0
    link = Link("slcan:faulty", open_transport=open_at_last)
    link.open()
    link.start()
    assert wait_for(lambda: FaultyTransport.opened == 4 and link.counters.connected)
    assert link.stop()


def test_what_is_replaced_before_it_is_sent_is_counted() -> None:
    link = Link("virtual:superseded")
    for index in range(5):
        link.publish(snapshot(1, sequence=index))

    assert link.counters.changes_superseded == 4
    assert link.stop()


def test_many_threads_may_publish(link: Link, controller: Controller) -> None:
    def publish() -> None:
        for index in range(200):
            link.publish(snapshot(1, sequence=index % 255))

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    controller.listen(0.5)
    for thread in threads:
        thread.join()

    assert controller.statuses() == {FrameStatus.OK}
