"""An exported recording and the log of its bus, side by side and in step."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from edge_fer.annotate.compose import layout_for
from edge_fer.annotate.recorded import open_exported, read_bus_log
from edge_fer.annotate.source import open_shots
from edge_fer.camera.base import Frame
from edge_fer.cli.app import main
from edge_fer.observation import Vehicle
from edge_fer.pipeline import Pipeline, Step
from edge_fer.recording.export import export_clip
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverStateMessage,
    Message,
    encode,
)
from firmware_bridge.recording.candump import candump_line
from tests.edge_fer.recording.making_clips import make_clip

ATTENTIVE, ASLEEP = 1, 5
EVENT_S = 1.7e9  # of `make_clip`


def annotate(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["annotate", *map(str, arguments)])
    return int(end.value.code or 0)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Two seconds of two cameras around a driver who fell asleep."""
    export_clip(make_clip(shots=20, forward=True), tmp_path / "clip")
    return tmp_path / "clip"


def write_log(path: Path, frames: Iterable[CanFrame], start_s: float) -> Path:
    path.write_text("".join(candump_line(f, start_s + f.time_s, "can0") + "\n" for f in frames))
    return path


@pytest.fixture
def drive() -> list[CanFrame]:
    """Six seconds of the bus; the driver falls asleep after three."""
    senders = {
        name: Profile22Sender(definition(name).data_ids)
        for name in (DriverStateMessage.NAME, ControllerStatusMessage.NAME)
    }

    def make_frame(message: Message, time_s: float) -> CanFrame:
        data = senders[message.NAME].protect(encode(message))
        return CanFrame(definition(message.NAME).can_id, data, time_s)

    frames = []
    for index in range(60):
        state = DriverStateMessage(ATTENTIVE if index < 30 else ASLEEP)
        frames.append(make_frame(state, index / 10))
        frames.append(make_frame(ControllerStatusMessage(1, 1, None, 0, 2, 72.5), index / 10))
    return frames


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_both_cameras_and_the_bus_are_in_step(
    exported: Path,
    tmp_path: Path,
    drive: list[CanFrame],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speeds: list[float | None] = []
    judge = Pipeline.frame

    def watched(self: Pipeline, frame: Frame, vehicle: Vehicle) -> Step:
        speeds.append(vehicle.speed_km_h)
        return judge(self, frame, vehicle)

    monkeypatch.setattr(Pipeline, "frame", watched)
    log = write_log(tmp_path / "drive.log", drive, EVENT_S - 3.0)
    out = tmp_path / "seen.mp4"
    assert annotate(exported, "--log", log, "--out", out) == 0
    rows = rows_of(out.with_suffix(".jsonl"))
    assert len(rows) == 20
    assert rows[0]["event_time_s"] == pytest.approx(-1.0)
    # The vehicle had the state from the moment of the event on, whatever its clock said.
    expected = [
        "attentive" if float(str(row["event_time_s"])) < -0.01 else "asleep" for row in rows
    ]
    assert [row["bus_state"] for row in rows] == expected
    assert speeds == [72.5] * 20  # looks aside are judged by the speed that the bus had
    assert not capsys.readouterr().err.strip()


@pytest.mark.parametrize("ahead_s", [0.0, 0.4, 3600.0, -40.0])
def test_a_clock_that_differs_is_brought_in_step_by_the_event(
    exported: Path, tmp_path: Path, drive: list[CanFrame], ahead_s: float
) -> None:
    log = write_log(tmp_path / "drive.log", drive, EVENT_S - 3.0 + ahead_s)
    bus = read_bus_log(log, open_exported(exported).header, None)
    # Less than the time in which a picture is judged is no difference between clocks.
    assert bus.shift_s == pytest.approx(0.0 if abs(ahead_s) < 1 else ahead_s, abs=1e-3)
    bus.advance(-0.1 + ahead_s - bus.shift_s)
    assert bus.state == "attentive"
    bus.advance(0.05 + ahead_s - bus.shift_s)
    assert bus.state == "asleep"


def test_without_a_log_both_cameras_are_shown(exported: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.mp4"
    assert annotate(exported, "--out", both) == 0
    two = next(open_shots(str(both), 30).shots).picture
    alone = layout_for(48, 48).shape
    assert two.shape[:2] == (alone[0], alone[1] + 480)  # of which 480 rows are the pictures
    # The forward camera's picture is as bright as its number.
    assert two[100, -50].mean() == pytest.approx(100, abs=6)
    assert "bus_state" not in rows_of(both.with_suffix(".jsonl"))[0]


def test_what_does_not_go_together_is_one_line(
    exported: Path, tmp_path: Path, drive: list[CanFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_log(tmp_path / "other.log", drive[:20], EVENT_S + 5000)  # nobody falls asleep
    cases: list[tuple[list[object], str]] = [
        ([exported, "--log", other], "--log-offset"),
        ([exported, "--log", other, "--log-offset", "1"], "--log-offset"),
        ([exported, "--log", tmp_path / "none.log"], "none.log"),
        ([exported / "cabin.avi", "--log", other], "edge-fer recording export"),
    ]
    for arguments, message in cases:
        assert annotate(*arguments, "--out", tmp_path / "a.mp4") == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert read_bus_log(other, open_exported(exported).header, 5000.0).shift_s == 5000.0
    capsys.readouterr()
    (exported / "clip.json").write_text('{"events": 3}')
    assert annotate(exported, "--out", tmp_path / "a.mp4") == 2
    assert "damaged" in capsys.readouterr().err
