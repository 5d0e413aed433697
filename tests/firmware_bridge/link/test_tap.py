"""A second reader gets the frames without taking the port."""

import io
import json
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from firmware_bridge.errors import TransportError
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.link.tap import FrameTap
from firmware_bridge.monitor.daemon_socket import open_daemon
from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import open_transport

PATIENCE_S = 60.0  # a bound against hanging
FRAME = CanFrame(0x3A0, bytes(8), 12.5)


def test_a_reader_gets_frames_of_both_directions_with_their_times(tmp_path: Path) -> None:
    tap = FrameTap(tmp_path / "frames")
    reader = open_daemon(str(tmp_path / "frames"))
    tap.publish(FRAME, sent=True)
    tap.publish(CanFrame(0x98FF1000, b"x", 13.0), sent=False)

    frames = reader.receive(1.0)
    assert [(frame.can_id, frame.data, frame.time_s) for frame in frames] == [
        (0x3A0, bytes(8), 12.5),
        (0x98FF1000, b"x", 13.0),
    ]
    with pytest.raises(ValueError, match="only read"):
        reader.send(FRAME)
    tap.close()
    with pytest.raises(TransportError, match="is gone"):
        reader.receive(1.0)
    reader.close()
    assert not (tmp_path / "frames").exists()


def test_a_reader_that_does_not_read_is_cut_off_and_holds_nobody_up(tmp_path: Path) -> None:
    tap = FrameTap(tmp_path / "frames")
    slow, good = (open_daemon(str(tmp_path / "frames")) for _ in range(2))
    received = 0
    for _ in range(20_000):
        tap.publish(FRAME, sent=True)
        received += len(good.receive(0.0))

    assert received == 20_000
    waiting = 0
    with pytest.raises(TransportError, match="is gone"):
        waiting = sum(len(slow.receive(0.0)) for _ in range(20_000))
    assert waiting < 20_000
    tap.close()


def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    first = FrameTap(path)
    second = FrameTap(path)
    reader = open_daemon(str(path))
    second.publish(FRAME, sent=True)
    second.close()
    first.publish(FRAME, sent=True)

    assert len(reader.receive(1.0)) == 1
    first.close()


def test_nothing_is_served_in_a_folder_of_another_user(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Among temporary files anybody may have made it, and could put a socket of their own there."""
    theirs = tmp_path / "theirs"
    theirs.symlink_to(tmp_path)  # as good as a folder of theirs: this user did not make it
    FrameTap(theirs / "frames").close()
    assert "the folder is another user's" in caplog.text
    assert not (tmp_path / "frames").exists()


def test_a_daemon_that_stands_still_holds_up_no_other(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(0)
        with suppress(BlockingIOError):
            while True:  # until nobody more is let in
                caller = stack.enter_context(socket.socket(socket.AF_UNIX))
                caller.setblocking(False)
                caller.connect(str(path))
        FrameTap(path).close()
        assert path.is_socket()


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_link() -> None:
    tap = FrameTap(Path("/proc/none/frames"))
    tap.publish(FRAME, sent=True)
    tap.close()


def test_nobody_serves_a_path_is_said(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="no daemon serves it: start it first"):
        open_daemon(str(tmp_path / "frames"))


def test_the_monitor_reads_beside_the_port_s_reader(tmp_path: Path, wire: PtyWire) -> None:
    path = tmp_path / "frames"
    link = Link(f"slcan:{wire.end_a}", tap=FrameTap(path))
    link.open()
    link.start()
    port = open_transport(f"slcan:{wire.end_b}")
    out = io.StringIO()

    def statuses() -> list[str]:
        lines = (json.loads(line) for line in out.getvalue().splitlines())
        return [line["status"] for line in lines if line.get("message") == "DriverState"]

    def is_enough() -> bool:
        link.publish(Snapshot(time.monotonic(), DriverStateMessage(1)))
        return statuses().count("ok") > 5

    watched = run_monitor(
        f"daemon:{path}", json_lines=True, seconds=PATIENCE_S, until=is_enough, out=out
    )
    assert watched == 0
    summary = json.loads(out.getvalue().splitlines()[-1])["summary"]
    assert "attentive" in summary["states"]
    # A machine that is held up for half a second sends what the receiver rightly calls stale.
    assert set(statuses()) <= {"ok", "stale"}
    assert summary["crc_failures"] == 0
    assert len(port.receive(0.5)) > 5  # the port's own reader had them, too
    assert link.stop()
    port.close()
