"""The monitor behind a pipe: `candump -L can0 | edge-fer monitor -`."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError, EndOfStream
from firmware_bridge.monitor.candump_pipe import CandumpPipe
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, Message
from firmware_bridge.recording.candump import candump_line

MakeFrame = Callable[[Message, float], CanFrame]
REPOSITORY = Path(__file__).resolve().parents[3]
WALL_S = 1_436_509_052.0


@pytest.fixture
def pipe() -> Iterator[tuple[CandumpPipe, int]]:
    """Return the monitor's end of a pipe and candump's."""
    reading, writing = os.pipe()
    yield CandumpPipe(reading), writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):  # the test closed it
            os.close(descriptor)


def lines(make_frame: MakeFrame, count: int) -> list[str]:
    return [
        candump_line(make_frame(DriverStateMessage(1), 0.0), WALL_S + index / 10, "can0") + "\n"
        for index in range(count)
    ]


def test_frames_keep_the_time_between_them(
    pipe: tuple[CandumpPipe, int], make_frame: MakeFrame
) -> None:
    stream, writing = pipe
    began_s = stream.now_s()
    text = "".join(lines(make_frame, 30))
    os.write(writing, text[:100].encode())
    frames = stream.receive(1.0)
    os.write(writing, text[100:].encode())
    frames += stream.receive(1.0)
    os.close(writing)
    frames += stream.receive(1.0)

    assert len(frames) == 30
    assert frames[0].time_s >= began_s
    assert frames[-1].time_s - frames[0].time_s == pytest.approx(2.9, abs=1e-5)
    assert stream.wall_s(frames[-1].time_s) == pytest.approx(WALL_S + 2.9, abs=1e-4)
    with pytest.raises(EndOfStream):
        stream.receive(1.0)


def test_its_clock_goes_on_until_the_end_and_never_back(
    pipe: tuple[CandumpPipe, int], make_frame: MakeFrame
) -> None:
    stream, writing = pipe
    told = [stream.now_s()]
    for line in lines(make_frame, 3):
        time.sleep(0.02)
        told.append(stream.now_s())
        os.write(writing, line.encode())
        stream.receive(1.0)
        told.append(stream.now_s())
    os.close(writing)
    stream.receive(1.0)
    told += [stream.now_s(), stream.now_s()]

    assert told == sorted(told)
    assert told[1] > told[0]
    assert told[-1] == told[-2]


def test_the_first_frame_comes_when_it_comes(
    pipe: tuple[CandumpPipe, int], make_frame: MakeFrame
) -> None:
    stream, writing = pipe
    stream.now_s()
    time.sleep(0.3)  # a bus that is silent at first
    now_s = stream.now_s()
    os.write(writing, lines(make_frame, 1)[0].encode())

    (frame,) = stream.receive(1.0)

    assert now_s <= frame.time_s <= stream.now_s()
    assert frame.time_s < now_s + 5.0


def test_what_waits_in_the_pipe_is_not_late(
    pipe: tuple[CandumpPipe, int], make_frame: MakeFrame
) -> None:
    stream, writing = pipe
    first, second = lines(make_frame, 2)
    os.write(writing, first.encode())
    (frame,) = stream.receive(1.0)
    os.write(writing, second.encode())
    time.sleep(1.0)  # a machine that is busy with something else

    assert stream.now_s() < frame.time_s + 0.9
    (frame,) = stream.receive(1.0)
    assert stream.now_s() < frame.time_s + 0.9


def test_silence_is_no_end(pipe: tuple[CandumpPipe, int]) -> None:
    stream, _ = pipe
    assert stream.receive(0.01) == []
    assert stream.receive(0.0) == []


@pytest.mark.parametrize(
    "line",
    [
        "  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05",
        "  can0  18DAF110   [2]  B4 D0",
        " (1436509052.249713)  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05",  # -t a
        " (2015-07-10 06:17:32.249713)  can0  3A0   [1]  B4",  # -t A
        " (000.000000)  vcan0  RX - -  3A0   [0]",  # -t z -x
        "  can0  3A0  [12]  B4 D0 03 AF 90 14 04 05 00 00 00 00",  # CAN FD
    ],
)
def test_candump_without_the_option_is_said_at_once(
    pipe: tuple[CandumpPipe, int], line: str
) -> None:
    stream, writing = pipe
    os.write(writing, f"{line}\n".encode())
    with pytest.raises(
        BridgeError, match=r"without -L; use: candump -L can0 \| edge-fer monitor -"
    ):
        stream.receive(1.0)


def test_a_line_of_that_kind_among_others_is_only_counted(
    pipe: tuple[CandumpPipe, int], make_frame: MakeFrame
) -> None:
    stream, writing = pipe
    os.write(writing, (lines(make_frame, 1)[0] + "  can0  3A0   [1]  B4\n").encode())
    assert len(stream.receive(1.0)) == 1
    os.write(writing, b"  can0  3A0   [1]  B4\n")
    assert stream.receive(1.0) == []
    assert stream.counters.rejected_lines == 2


def monitor(text: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edge_fer", "monitor", "-", *options],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        input=text,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_log_that_is_piped_in_is_judged_by_its_own_times(make_frame: MakeFrame) -> None:
    done = monitor("".join(lines(make_frame, 600)), "--json")

    summary = json.loads(done.stdout.splitlines()[-1])["summary"]
    assert (done.returncode, done.stderr) == (0, "")
    assert (summary["good_frames"], summary["overdue"]) == (600, 0)
    assert summary["seconds"] == pytest.approx(59.9, abs=1.0)
    assert summary["jitter_ms"]["DriverState"] < 1.0


def test_what_is_no_candump_ends_with_a_line_that_says_so() -> None:
    done = monitor("  can0  3A0   [8]  B4 D0 03 AF 90 14 04 05\n")
    assert done.returncode == 2
    assert done.stderr.startswith("edge-fer: monitor: standard input has what candump prints")
    assert len(done.stderr.splitlines()) == 1

    done = monitor("Lorem ipsum dolor sit amet, consectetur adipisici elit, sed eiusmod\n" * 3)
    assert done.returncode == 1
    assert "-0.0" not in done.stdout
    assert "none of them candump -L: pipe in what `candump -L can0` prints" in done.stdout
