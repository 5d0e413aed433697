"""What is done twice a second: the watchdog, the camera's limit, the status, the journal."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edge_fer.daemon.housekeeping import HOUSEKEEPING_S, JOURNAL_EVERY_S, Housekeeping, Setup
from edge_fer.daemon.journal import FIELDS
from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.state_log import StateLog
from edge_fer.driver_state.states import DriverState
from edge_fer.errors import CameraError, CameraReason
from edge_fer.health.meter import HealthMeter
from edge_fer.health.thermal import Thermometer
from edge_fer.vehicle.outgoing import Parts
from edge_fer.vehicle.trust import NOTHING_COUNTED
from firmware_bridge.link.link import LinkCounters
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import DriverStateMessage

SETUP = Setup("demo:", "/models/edge.tflite", "virtual:x", Parts(model_is_fallback=True), 3, 10.0)


class Around:
    """Camera, link, recorder and status server, as far as they are looked at here."""

    def __init__(self) -> None:
        self.error: CameraError | None = None
        self.opened, self.given = True, 42
        self.limits: list[float | None] = []
        self.trouble: str | None = None
        self.alive = True
        self.counters = LinkCounters(True, 1, 500, 0, 0, 40, 0, 0, 0)
        self.status, self.watchers = None, 0
        self.looked_after_s: list[float] = []
        self.published: list[tuple[Any, float]] = []

    def limit(self, most_fps: float | None) -> None:
        self.limits.append(most_fps)

    def look_after(self, now_s: float) -> None:
        self.looked_after_s.append(now_s)

    def publish(self, status: Any, now_s: float) -> None:
        self.published.append((status, now_s))


@pytest.fixture
def around() -> Around:
    return Around()


def made(around: Around, address: str | None = None, root: Path = Path("/")) -> Housekeeping:
    parts, vehicle = cast(Any, around), cast(Any, SimpleNamespace(counters=NOTHING_COUNTED))
    meter = HealthMeter(thermometer=Thermometer(root))
    state = StateLog()
    state.note(DriverState.ATTENTIVE, "enough evidence")
    return Housekeeping(
        SETUP, parts, parts, vehicle, parts, meter, state, Notifier(address), parts, parts
    )


def test_a_daemon_that_tells_the_vehicle_nothing_is_not_kept(
    around: Around, manager: socket.socket
) -> None:
    """The watchdog starts it anew where the link's thread has ended, whatever it ended of."""
    house = made(around, manager.getsockname())
    around.alive = False
    house.run(10.0, "attentive")
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)


def test_it_is_done_twice_a_second(around: Around, manager: socket.socket) -> None:
    house = made(around, manager.getsockname())
    for tick in range(21):
        house.run(10.0 + tick * 0.05, "attentive")
    assert [at_s for _, at_s in around.published] == [10.0, 10.0 + HOUSEKEEPING_S, 11.0]
    assert around.looked_after_s == [at_s for _, at_s in around.published]
    for _ in around.published:
        assert manager.recv(100) == b"WATCHDOG=1\nSTATUS=attentive, 0 fps"


def test_the_log_ends_with_what_was_done(around: Around, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    house = made(around)
    caplog.clear()
    house.log_end(75.0)
    assert caplog.messages == [
        "ended after 65 s: 0 frames judged, 0 dropped; 1 change of the driver state;"
        " 500 CAN frames sent, 0 dropped"
    ]


def test_the_status_has_what_each_part_says(around: Around) -> None:
    house = made(around)
    around.error = CameraError(CameraReason.NOT_FOUND, "camera demo:: gone")
    house.run(12.5, "attentive")
    ((status, _),) = around.published
    assert (status.state, status.reason) == ("attentive", "enough evidence")
    assert status.camera_error == "camera demo:: gone"
    assert (status.uptime_s, status.restarts, status.health.camera_frames) == (2.5, 3, 42)
    assert status.model_is_fallback


def test_parts_are_those_of_the_start_and_of_now(around: Around) -> None:
    house = made(around)
    around.opened, around.trouble = False, "the adapter's buffer is full"
    house.emotions_off = True
    assert house.parts == Parts(
        model_is_fallback=True, emotions_off=True, camera_opened=False, link_blocked=True
    )
    assert house.status(12.0).emotions_off


def test_a_hot_machine_limits_the_camera_and_says_so_once(
    around: Around, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("82000\n")
    house = made(around, root=tmp_path)
    for tick in range(4):
        house.run(10.0 + tick, "attentive")
    assert around.limits[-1] == 8.0
    assert len([text for text in caplog.messages if "hot" in text]) <= 1
    (zone / "temp").write_text("50000\n")
    house.run(20.0, "attentive")
    assert around.limits[-1] is None


def test_the_vehicle_gets_the_metrics_of_the_last_housekeeping(around: Around) -> None:
    house = made(around)
    house.run(10.0, "attentive")
    snapshot = house.with_metrics(Snapshot(10.1, DriverStateMessage()))
    assert snapshot.counters is not None
    assert (snapshot.counters.restarts, snapshot.counters.connections_lost) == (3, 1)


def test_the_journal_gets_the_metrics_each_five_minutes(
    around: Around, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    house = made(around)
    caplog.clear()
    house.run(11.0, "attentive")
    assert not caplog.records
    house.run(10.0 + JOURNAL_EVERY_S, "attentive")
    (record,) = caplog.records
    assert getattr(record, FIELDS)["EDGE_FER_STATE"] == "attentive"
