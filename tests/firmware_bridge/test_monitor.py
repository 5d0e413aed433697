"""The monitor on a real pseudo-terminal with a real link at the other end."""

import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.link import Link
from firmware_bridge.messages import DriverStateMessage
from firmware_bridge.monitor import run_monitor
from firmware_bridge.pty_wire import PtyWire
from firmware_bridge.schedule import Snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
RUN = (
    "import sys; from firmware_bridge.monitor import run_monitor;"
    "sys.exit(run_monitor(sys.argv[1], json_lines=sys.argv[2] == 'json', seconds=10))"
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

    code = run_monitor(f"slcan:{wire.end_b}", json_lines=True, seconds=0.6, out=out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    frames, summary = lines[:-1], lines[-1]["summary"]
    assert code == 0
    assert summary["frames"] == summary["good_frames"] == len(frames)
    assert (summary["crc_failures"], summary["counter_gaps"], summary["overdue"]) == (0, 0, 0)
    assert summary["states"] == ["attentive"]
    assert {frame["status"] for frame in frames} == {"ok"}
    assert {frame["id"] for frame in frames} == {"0x3A0", "0x3A1", "0x3A2"}
    assert all(0 <= frame["time_s"] <= 0.7 for frame in frames)


def test_without_a_terminal_the_view_is_its_totals(wire: PtyWire, link: Link) -> None:
    out = io.StringIO()

    run_monitor(f"slcan:{wire.end_b}", json_lines=False, seconds=0.4, out=out)

    first, second = out.getvalue().splitlines()
    assert "good frames of" in first
    assert "wrong CRC 0, counter gaps 0, overdue 0, bytes rejected 0" in first
    assert second == "driver: attentive"


def test_silence_is_an_exit_code_for_scripts(wire: PtyWire) -> None:
    out = io.StringIO()

    assert run_monitor(f"slcan:{wire.end_b}", json_lines=False, seconds=0.2, out=out) == 1
    assert out.getvalue().splitlines()[1] == "driver: nothing heard"


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
            unplugged.wait(10.0)
            link.stop()

    unplugged = threading.Event()
    thread = threading.Thread(target=replug)
    thread.start()
    try:
        run_monitor(
            f"slcan:{plug}",
            json_lines=True,
            seconds=10.0,
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
        code = monitor.wait(10)

    assert first["status"] == "ok"
    assert json.loads(rest[-1])["summary"]["good_frames"] >= 1
    assert code == 0


def test_the_live_view_runs_in_a_real_terminal(wire: PtyWire, link: Link) -> None:
    device, terminal = os.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    monitor = start(
        f"slcan:{wire.end_b}",
        "live",
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    seen = _read_until(device, "ATTENTIVE")
    monitor.send_signal(signal.SIGINT)
    seen += _read_until(device, "driver: attentive")
    code = monitor.wait(10)
    os.close(device)

    assert code == 0
    assert "\x1b[?1049h" in seen  # the alternate screen, entered
    assert "\x1b[?1049l" in seen  # and left
    assert "edge-fer monitor" in seen
    assert "Traceback" not in seen


def _read_until(device: int, wanted: str, within_s: float = 10.0) -> str:
    deadline_s = time.monotonic() + within_s
    seen = b""
    while wanted.encode() not in seen and time.monotonic() < deadline_s:
        if select.select([device], [], [], 0.1)[0]:
            try:
                seen += os.read(device, 65536)
            except OSError:  # the terminal's last user left
                break
    return seen.decode(errors="replace")
