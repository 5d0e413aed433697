"""The monitor as people use it: under a real terminal, with keys."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import can
import pytest

from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, Message
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.recording.reader import RecordingReader
from firmware_bridge.terminal.pty_wire import PtyWire
from tests.firmware_bridge.real_terminal import REPOSITORY, RealTerminal

MakeFrame = Callable[[Message, float], CanFrame]
BACK, PAGE_BACK = "\x1b[A", "\x1b[5~"


@pytest.fixture
def line(wire: PtyWire) -> Iterator[str]:
    """Return the URI of a line on which the driver is attentive, as long as the test lasts."""
    link = Link(f"slcan:{wire.end_a}")
    link.open()
    link.start()
    done = threading.Event()

    def say() -> None:
        while not done.wait(0.1):
            link.publish(Snapshot(time.monotonic(), DriverStateMessage(1, 3)))

    thread = threading.Thread(target=say)
    thread.start()
    yield f"slcan:{wire.end_b}"
    done.set()
    thread.join()
    link.stop()


@pytest.fixture
def drive(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """Return a recording of three seconds: attentive, and then no driver."""
    path = tmp_path / "drive.log"
    path.write_text(
        "".join(
            candump_line(
                make_frame(DriverStateMessage(1 if tenth < 15 else 11), 0.0),
                1_795_000_000.0 + tenth / 10,
                "can0",
            )
            + "\n"
            for tenth in range(31)
        )
    )
    return path


def test_every_key_does_what_the_last_line_says(line: str, tmp_path: Path) -> None:
    with RealTerminal("monitor", line, folder=tmp_path) as terminal:
        terminal.wait_for("ATTENTIVE", "DRIVER", "HISTORY", "q quit  tab frames  space pause")
        assert len(terminal.screen) == 30
        assert not terminal.is_cooked
        assert "\x1b[?1049h" in terminal.shown  # a screen of its own

        terminal.press("\t")
        terminal.wait_for("FRAMES", "3A0", "State=attentive", "tab overview")
        terminal.press("/3a2 -xyz")
        terminal.wait_for("filter: 3a2 -xyz", "enter apply")
        terminal.press("\r")
        terminal.wait_for("FRAMES with '3a2 -xyz'", "ProtocolVersion=1")
        assert not terminal.sees("State=attentive")
        terminal.press("/\rc")
        terminal.wait_for("only changes", "c all")
        terminal.press("c" + BACK + PAGE_BACK)
        terminal.wait_for("PAUSED at", "11 back", "space go on")
        terminal.press(" ")
        terminal.wait_for("● open", "space pause")

        terminal.press("?")
        terminal.wait_for("HELP", "start or stop recording")
        terminal.press("?r")
        terminal.wait_for("DRIVER", "● REC edge-fer-")
        terminal.press("r")
        terminal.wait_until(lambda: not terminal.sees("● REC"), "it records on")

        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_cooked
        # The totals are left behind on the screen that was there before.
        assert "driver: attentive" in terminal.shown.split("\x1b[?1049l")[-1]
        assert "Traceback" not in terminal.shown
    (recorded,) = tmp_path.glob("edge-fer-*.log")
    assert f"frames in {recorded.name}" in terminal.shown


def test_it_follows_the_size_of_the_window(line: str, tmp_path: Path) -> None:
    with RealTerminal("monitor", line, folder=tmp_path, size=(132, 40)) as terminal:
        terminal.wait_for("ATTENTIVE", "overdue gaps frames")
        terminal.resize(80, 24)
        terminal.wait_until(
            lambda: len(terminal.screen) == 24 and terminal.sees("ATTENTIVE", "rep crc late"),
            "it does not fit",
        )
        assert max(map(len, terminal.screen)) <= 80


@pytest.mark.slow
def test_a_pause_holds_a_recording_and_its_end_is_shown(drive: Path, tmp_path: Path) -> None:
    with RealTerminal("monitor", f"replay:{drive}", folder=tmp_path) as terminal:
        terminal.press(" ")
        terminal.wait_for("PAUSED at")
        held = terminal.screen[0]
        time.sleep(0.5)
        terminal.press("\t")
        terminal.wait_for("FRAMES")
        assert terminal.screen[0] == held

        terminal.press("\t ")
        terminal.wait_for("■ ended after 3.0 s", "NO DRIVER")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    assert "driver: attentive → no driver" in terminal.shown


def test_keys_work_beside_a_stream_on_standard_input(drive: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with RealTerminal("monitor", "-", folder=tmp_path, stdin=reading) as terminal:
        os.close(reading)
        os.write(writing, drive.read_bytes())
        terminal.wait_for("NO DRIVER", "q quit")
        terminal.press("\t")
        terminal.wait_for("FRAMES", "3A0")
        os.close(writing)
        terminal.wait_for("■ ended after")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_cooked


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, None])
def test_a_recording_is_complete_however_the_monitor_ends(
    line: str, tmp_path: Path, ending: signal.Signals | None
) -> None:
    path = tmp_path / "drive.blf"  # of all kinds the one that is written last: its head
    with RealTerminal("monitor", line, "--record", str(path), folder=tmp_path) as terminal:
        terminal.wait_for("● REC drive.blf", "ATTENTIVE")
        if ending is None:
            terminal.hang_up()
        else:
            terminal.program.send_signal(ending)
        terminal.program.wait(60.0)

    with can.BLFReader(path) as reader:
        assert reader.object_count > 0
        messages = list(reader)
    frames = RecordingReader(path)
    assert len(list(frames)) == len(messages) > 0
    assert frames.trouble is None


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (100, 30)])
def test_in_tmux_every_line_is_where_it_belongs(
    line: str, tmp_path: Path, columns: int, lines: int
) -> None:
    own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}

    def tmux(*arguments: str) -> str:
        # Of its own: no server or settings of the user's.
        command = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null", *arguments]
        # A size in the environment, as pytest's readline and its processes set it, would win.
        done = subprocess.run(command, env=own, capture_output=True, text=True, check=True)
        return done.stdout

    def wait_for(*wanted: str, last: str = "") -> list[str]:
        deadline_s = time.monotonic() + 60.0
        while True:
            text = tmux("capture-pane", "-p")
            shown = text.splitlines()
            # The window may get its size only after the first view.
            if all(each in text for each in wanted) and shown[-1].startswith(last):
                return shown
            assert time.monotonic() < deadline_s, text
            time.sleep(0.1)

    size = ("-x", str(columns), "-y", str(lines))
    command = f"PYTHONPATH={REPOSITORY} {sys.executable} -m edge_fer monitor {line}; sleep 60"
    tmux("new-session", "-d", *size, "-c", str(tmp_path), command)
    try:
        view = wait_for("ATTENTIVE", last=" q quit  tab frames")
        assert len(view) == lines
        assert view[0].startswith(" edge-fer monitor   slcan:")
        assert view[1].startswith("╭─ DRIVER ─")
        boxes = [row for row in view if row.startswith(("│", "╭", "╰"))]
        assert {len(row) for row in boxes} == {columns}

        tmux("send-keys", "Tab")
        view = wait_for("FRAMES", "State=att", last=" q quit  tab overview")
        assert len(view) == lines
        tmux("send-keys", "q")
        wait_for("driver: attentive")
    finally:
        tmux("kill-server")
