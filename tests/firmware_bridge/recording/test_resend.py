"""`edge-fer replay FILE --to URI` over a real terminal device."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.recording.resend import resend
from firmware_bridge.terminal.pty_wire import PtyWire
from firmware_bridge.transports import Transport, open_transport

REPOSITORY = Path(__file__).resolve().parents[3]
FRAMES = [CanFrame(0x120 + index % 2, bytes([index, 0xAB]), index / 100) for index in range(20)]


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    path = tmp_path / "drive.log"
    path.write_text(
        "".join(candump_line(frame, 1e9 + frame.time_s, "can0") + "\n" for frame in FRAMES)
    )
    return path


def received(port: Transport, count: int) -> list[CanFrame]:
    """Return what arrived, waiting for `count` frames, and a moment for one too many."""
    frames: list[CanFrame] = []
    deadline_s = time.monotonic() + 60.0
    while len(frames) < count and time.monotonic() < deadline_s:
        frames += port.receive(0.1)
    return frames + port.receive(0.1)


def content(frames: list[CanFrame]) -> list[tuple[int, bytes]]:
    return [(frame.can_id, frame.data) for frame in frames]


@pytest.mark.parametrize("scheme", ["slcan", "cobs"])
def test_the_same_bytes_arrive(
    wire: PtyWire, drive: Path, scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    port = open_transport(f"{scheme}:{wire.end_b}")
    to = f"{scheme}:{wire.end_a}"

    code = resend(drive, to, speed=10.0)

    assert content(received(port, len(FRAMES))) == content(FRAMES)
    port.close()
    assert code == 0
    assert capsys.readouterr().out.startswith(f"20 frames to {to} in ")


def test_it_keeps_the_pace(wire: PtyWire, drive: Path) -> None:
    began_s = time.monotonic()
    resend(drive, f"slcan:{wire.end_a}", speed=0.5)
    assert time.monotonic() - began_s >= FRAMES[-1].time_s / 0.5 - 0.01


def test_loops_and_a_filter(wire: PtyWire, drive: Path) -> None:
    port = open_transport(f"slcan:{wire.end_b}")

    assert resend(drive, f"slcan:{wire.end_a}", speed=1000, loops=3, filter_text="121") == 0

    expected = [frame for frame in FRAMES if frame.can_id == 0x121] * 3
    assert content(received(port, len(expected))) == content(expected)
    port.close()
    assert resend(drive, f"slcan:{wire.end_a}", speed=1000, filter_text="-other") == 1


def test_what_could_not_be_read_is_said(
    wire: PtyWire, drive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drive.write_text("half a li\n" + drive.read_text() + "(1000000001.0) can0 12")

    assert resend(drive, f"slcan:{wire.end_a}", speed=1000) == 0

    assert capsys.readouterr().out.splitlines()[1:] == [
        f"warning: {drive}: lines that are no frames: 2"
    ]


def test_what_is_damaged_is_said(
    wire: PtyWire, damaged_recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert resend(damaged_recording, f"slcan:{wire.end_a}", speed=1000) == 0

    assert f"warning: {damaged_recording}: damaged behind frame " in capsys.readouterr().out


def test_wrong_input_is_one_line_and_nothing_is_sent(drive: Path, wire: PtyWire) -> None:
    port = f"slcan:{wire.end_a}"
    for path, to, speed, said in (
        (drive.with_name("none.log"), port, 1.0, "none.log: cannot be read"),
        (drive.with_name("drive.pcap"), port, 1.0, "'.pcap' is not a kind of recording"),
        (drive, port, 0.0, "speed '0' is not in"),
        (drive, port, float("nan"), "speed 'nan'"),
        (drive, "slcan:/dev/ttyNONE", 1.0, "no such port"),
    ):
        with pytest.raises(BridgeError, match=said):
            resend(path, to, speed=speed)
    end = open_transport(f"slcan:{wire.end_b}")
    assert end.receive(0.1) == []
    end.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_endless_one_ends_on_a_signal_and_says_what_it_did(
    wire: PtyWire, drive: Path, number: int
) -> None:
    port = open_transport(f"slcan:{wire.end_b}")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_fer", "replay", str(drive)),
            *("--to", f"slcan:{wire.end_a}", "--loops", "0"),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert len(received(port, 25)) >= 25  # more than one loop
            process.send_signal(number)
            assert select.select([process.stdout], [], [], 30.0)[0]
            assert "frames to slcan:" in process.stdout.read()
            process.wait(60.0)
        finally:
            process.kill()  # else a failure would wait for its end
    port.close()
    assert process.returncode == (130 if number == signal.SIGINT else 0)
