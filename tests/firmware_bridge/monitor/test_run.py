"""The monitor on a real pseudo-terminal with a real link at the other end."""

import io
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    Message,
)
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.recording.reader import RecordingReader
from firmware_bridge.terminal.pty_wire import PtyWire
from tests.firmware_bridge.wire_ids import shown_id
from tests.own_seconds import held_up_s

PATIENCE_S = 60.0  # a bound against hanging
EACH_HALF_SECOND = {"DriverState", "EmotionProbabilities", "Health", "DriverEvidence", "LinkTiming"}
REPOSITORY = Path(__file__).resolve().parents[3]
RUN = (
    "import sys; from firmware_bridge.monitor.run import run_monitor;"
    "sys.exit(run_monitor(sys.argv[1], json_lines=sys.argv[2] == 'json', seconds=60))"
)


@pytest.fixture
def link(wire: PtyWire) -> Iterator[Link]:
    """Return a link at one end of the wire that says for a second that the driver is attentive."""
    made = Link(f"slcan:{wire.end_a}")
    made.publish(Snapshot(time.monotonic(), DriverStateMessage(1, event_sequence=0)))
    made.open()
    made.start()
    yield made
    made.stop()


def start(uri: str, kind: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, uri, kind], cwd=REPOSITORY, **options)


def test_json_lines_are_the_frames_and_then_the_summary(wire: PtyWire, link: Link) -> None:
    out = io.StringIO()
    before_s, began_s = held_up_s(), time.monotonic()

    def is_enough() -> bool:
        link.publish(Snapshot(time.monotonic(), DriverStateMessage(1, event_sequence=0)))
        return out.getvalue().count("DriverState") > 5 and all(
            f'"{name}"' in out.getvalue() for name in EACH_HALF_SECOND
        )

    code = run_monitor(
        f"slcan:{wire.end_b}", json_lines=True, seconds=PATIENCE_S, until=is_enough, out=out
    )

    took_s = time.monotonic() - began_s
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    frames, summary = lines[:-1], lines[-1]["summary"]
    assert code == 0
    assert summary["frames"] == len(frames)
    assert (summary["crc_failures"], summary["counter_gaps"]) == (0, 0)
    assert summary["states"][0] == "attentive"
    if held_up_s() - before_s < 0.2:  # else a machine that is busy may have made frames late
        assert summary["good_frames"] == len(frames)
        assert summary["overdue"] == 0
        assert summary["states"] == ["attentive"]
        assert {frame["status"] for frame in frames} == {"ok"}
    # What comes once a second may have come just before.
    heard = {frame["message"] for frame in frames} - {"PipelineFigures", "FaultCounters"}
    assert heard == EACH_HALF_SECOND
    assert all(0 <= frame["time_s"] <= took_s for frame in frames)


def test_without_a_terminal_the_view_is_its_totals(wire: PtyWire, link: Link) -> None:
    out = io.StringIO()

    turns: list[int] = []

    def is_enough() -> bool:
        link.publish(Snapshot(time.monotonic(), DriverStateMessage(1, event_sequence=0)))
        turns.append(link.counters.frames_sent)
        # Of what was sent since, several frames came after each other.
        return len(turns) > 10 and turns[-2] > turns[0] + 20

    run_monitor(
        f"slcan:{wire.end_b}", json_lines=False, seconds=PATIENCE_S, until=is_enough, out=out
    )

    first, second = out.getvalue().splitlines()
    assert "good frames of" in first
    assert re.search(r"wrong CRC 0, counter gaps 0, overdue \d+, bytes rejected 0", first)
    assert "attentive" in second.removeprefix("driver: ").split(" → ")


def test_silence_is_an_exit_code_for_scripts(wire: PtyWire) -> None:
    out = io.StringIO()

    assert run_monitor(f"slcan:{wire.end_b}", json_lines=False, seconds=0.2, out=out) == 1
    assert out.getvalue().splitlines()[1] == "driver: none received"


def test_the_caller_can_end_it(wire: PtyWire) -> None:
    ended = threading.Event()
    threading.Timer(0.2, ended.set).start()

    run_monitor(f"slcan:{wire.end_b}", json_lines=True, until=ended.is_set, out=io.StringIO())


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_port_that_is_wrong_from_the_start_is_an_error(json_lines: bool, tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="no such port"):
        run_monitor(f"slcan:{tmp_path}/ttyX", json_lines=json_lines, out=io.StringIO())


def test_it_reconnects_by_itself(tmp_path: Path) -> None:
    plug = tmp_path / "ttyADAPTER"
    out = io.StringIO()
    first = PtyWire()
    plug.symlink_to(first.end_b)

    def replug() -> None:
        time.sleep(0.3)
        plug.unlink()
        first.close()
        time.sleep(0.2)
        with PtyWire() as second:
            plug.symlink_to(second.end_b)
            link = Link(f"slcan:{second.end_a}")
            link.publish(Snapshot(time.monotonic(), DriverStateMessage(11)))
            link.open()
            link.start()
            unplugged.wait(PATIENCE_S)
            link.stop()

    unplugged = threading.Event()
    thread = threading.Thread(target=replug)
    thread.start()
    try:
        run_monitor(
            f"slcan:{plug}",
            json_lines=True,
            seconds=PATIENCE_S,
            until=lambda: "no driver" in out.getvalue(),
            out=out,
        )
    finally:
        unplugged.set()
        thread.join()

    summary = json.loads(out.getvalue().splitlines()[-1])["summary"]
    assert summary["connections_lost"] == 1
    assert summary["good_frames"] > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_the_summary(wire: PtyWire, link: Link, number: int) -> None:
    with start(f"slcan:{wire.end_b}", "json", stdout=subprocess.PIPE) as monitor:
        assert monitor.stdout is not None
        first = json.loads(monitor.stdout.readline())
        monitor.send_signal(number)
        rest = monitor.stdout.read().splitlines()
        code = monitor.wait(PATIENCE_S)

    assert first["status"] == "ok"
    assert json.loads(rest[-1])["summary"]["good_frames"] >= 1
    assert code == (-number if number == signal.SIGINT else 0)


@pytest.fixture
def drive(tmp_path: Path, make_frame: Callable[[Message, float], CanFrame]) -> Path:
    """Return a recording of two messages, of which one changes once."""
    path = tmp_path / "drive.log"
    frames = [
        make_frame(message, tenth / 10)
        for tenth in range(20)
        for message in (DriverStateMessage(1 if tenth < 10 else 11), EmotionProbabilitiesMessage())
    ]
    path.write_text(
        "".join(candump_line(frame, 1e9 + frame.time_s, "can0") + "\n" for frame in frames)
    )
    return path


def json_lines(uri: str, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the lines of frames and warnings, and the last one."""
    out = io.StringIO()
    run_monitor(uri, json_lines=True, out=out, **options)
    *lines, last = [json.loads(line) for line in out.getvalue().splitlines()]
    return lines, last


def test_a_script_may_filter_what_it_reads(drive: Path) -> None:
    uri = f"replay:{drive}?speed=1000"

    lines, last = json_lines(uri, filter_text=f"{shown_id(DriverStateMessage)} -state=attentive")
    assert {line["signals"]["State"] for line in lines} == {"no driver"}
    assert last["summary"]["good_frames"] == 40  # the totals are of all

    lines, _ = json_lines(uri, changed_only=True)
    assert [(line["id"], line["time_s"]) for line in lines] == [
        (f"0x{shown_id(DriverStateMessage)}", 0.0),
        (f"0x{shown_id(EmotionProbabilitiesMessage)}", 0.0),
        (f"0x{shown_id(DriverStateMessage)}", 1.0),
    ]


@pytest.mark.parametrize("ending", [".jsonl", ".log", ".blf", ".asc"])
def test_all_is_recorded_whatever_is_shown(drive: Path, ending: str) -> None:
    again = drive.with_name(f"again{ending}")

    _, last = json_lines(f"replay:{drive}?speed=1000", filter_text="none", record=again)

    assert last["recording"] == {"path": str(again), "frames": 40, "trouble": None}
    first, second = list(RecordingReader(drive)), list(RecordingReader(again))
    assert [(f.can_id, f.data) for f in second] == [(f.can_id, f.data) for f in first]
    if ending == ".log":
        assert again.read_text() == drive.read_text()


def test_a_recording_that_ends_too_early_is_told(damaged_recording: Path) -> None:
    out = io.StringIO()

    run_monitor(f"replay:{damaged_recording}?speed=1000", json_lines=False, out=out)

    assert out.getvalue().splitlines()[-1].startswith("warning: damaged behind frame ")


def test_a_file_without_its_scheme_says_how_it_is_watched(drive: Path) -> None:
    with pytest.raises(BridgeError, match=rf"use replay:{drive}"):
        run_monitor(str(drive), json_lines=True, out=io.StringIO())


def test_a_recording_of_another_dbc_is_told(
    tmp_path: Path, make_foreign_frame: Callable[[Message, float], CanFrame]
) -> None:
    log = tmp_path / "drive.log"
    frames = [make_foreign_frame(DriverStateMessage(1), index * 0.01) for index in range(60)]
    log.write_text(
        "".join(candump_line(frame, 1e9 + frame.time_s, "can0") + "\n" for frame in frames)
    )
    out = io.StringIO()

    code = run_monitor(f"replay:{log}", json_lines=True, out=out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert code == 1
    assert "same driver_state.dbc at both ends?" in lines[-1]["summary"]["line_warning"]
    assert lines[-1]["summary"]["crc_failures"] == 60
