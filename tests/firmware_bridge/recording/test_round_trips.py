"""Recordings there and back by the programs of others: can-utils, python-can, cantools."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import can
import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.protocol.frame import EXTENDED, CanFrame
from firmware_bridge.protocol.ids import dbc_text
from firmware_bridge.protocol.messages import DriverStateMessage, HealthMessage, Message
from firmware_bridge.reception.watching import Watch
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.recording.reader import RecordingReader
from firmware_bridge.recording.recorder import Recorder

MakeFrame = Callable[[Message, float], CanFrame]
START_S = 1_700_000_000.0


@pytest.fixture
def frames(make_frame: MakeFrame) -> list[CanFrame]:
    """Frames of ours, of others, of 29 bits and empty ones, each 10 ms."""
    made = [
        make_frame(message, 0.0)
        for _ in range(5)
        for message in (DriverStateMessage(4, confidence_percent=40.0), HealthMessage(1))
    ]
    made += [CanFrame(0x123, b"\x01\x02", 0.0), CanFrame(EXTENDED | 0x18FF3A00, bytes(8), 0.0)]
    made += [CanFrame(0x7FF, b"", 0.0)]
    return [
        CanFrame(frame.can_id, frame.data, START_S + index / 100)
        for index, frame in enumerate(made)
    ]


@pytest.fixture
def log(tmp_path: Path, frames: list[CanFrame]) -> Path:
    path = tmp_path / "drive.log"
    path.write_text("".join(candump_line(frame, frame.time_s, "can0") + "\n" for frame in frames))
    return path


def run(program: str, *arguments: object, given: Path | None = None) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (apt: can-utils)")
    done = subprocess.run(
        [program, *map(str, arguments)],
        stdin=None if given is None else given.open(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def require_same(path: Path, frames: list[CanFrame], precision_s: float = 2e-6) -> None:
    read = list(RecordingReader(path))
    assert [(each.can_id, each.data) for each in read] == [
        (each.can_id, each.data) for each in frames
    ]
    for given, back in zip(frames, read, strict=True):
        since = given.time_s - frames[0].time_s
        assert back.time_s - read[0].time_s == pytest.approx(since, abs=precision_s)


def test_can_utils_write_an_asc_of_it_and_a_log_again(log: Path, frames: list[CanFrame]) -> None:
    asc, again = log.with_suffix(".asc"), log.with_name("again.log")
    run("log2asc", "-I", log, "-O", asc, "can0")
    require_same(asc, frames)
    run("asc2log", "-I", asc, "-O", again)
    require_same(again, frames)


def test_can_utils_read_what_is_recorded_as_asc(
    tmp_path: Path, frames: list[CanFrame], log: Path
) -> None:
    asc, again = tmp_path / "ours.asc", tmp_path / "again.log"
    record(asc, frames)
    run("asc2log", "-I", asc, "-O", again)
    require_same(again, frames, 1e-3)


def test_the_screen_format_of_can_utils_is_recognised(log: Path) -> None:
    screen = log.with_name("screen.log")
    screen.write_text(run("log2long", given=log))
    with pytest.raises(BridgeError, match=r"what candump prints for people: .* candump -L or -l"):
        list(RecordingReader(screen))


def record(path: Path, frames: list[CanFrame]) -> None:
    recorder = Recorder("virtual:x", lambda time_s: time_s)
    recorder.start(path, frames[0].time_s)
    watch = Watch(frames[0].time_s)
    for frame in frames:
        recorder.take(watch.take(frame))
    recorder.stop()


@pytest.mark.parametrize("ours", [".log", ".asc", ".blf"])
@pytest.mark.parametrize("theirs", [".asc", ".blf", ".csv", ".log", ".trc"])
def test_python_can_reads_it_and_what_python_can_writes_is_read(
    tmp_path: Path, frames: list[CanFrame], ours: str, theirs: str
) -> None:
    path, converted = tmp_path / f"ours{ours}", tmp_path / f"theirs{theirs}"
    record(path, frames)
    with can.LogReader(path) as messages, can.Logger(converted) as logger:
        for message in messages:
            logger(message)
    require_same(converted, frames, 1.1e-3)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("kind", [".asc", ".csv", ".jsonl", ".log", ".trc"])
def test_text_in_the_encodings_of_windows_is_read(
    tmp_path: Path, frames: list[CanFrame], log: Path, kind: str, encoding: str
) -> None:
    path = tmp_path / f"theirs{kind}"
    if kind == ".jsonl":
        record(path, frames)
    else:
        with can.LogReader(log) as messages, can.Logger(path) as logger:
            for message in messages:
                logger(message)
    path.write_bytes(path.read_bytes().decode("utf-8").encode(encoding))
    require_same(path, frames, 1.1e-3)


def test_the_database_of_python_can_is_named_and_converted_as_said(
    tmp_path: Path, frames: list[CanFrame], log: Path
) -> None:
    database, again = tmp_path / "drive.db", tmp_path / "again.log"
    with can.LogReader(log) as messages, can.Logger(database) as logger:
        for message in messages:
            logger(message)
    with pytest.raises(BridgeError, match=r"can_logconvert FILE\.db FILE\.log"):
        RecordingReader(database)
    convert = [sys.executable, "-m", "can.logconvert", str(database), str(again)]
    subprocess.run(convert, check=True, capture_output=True)
    require_same(again, frames)


@pytest.mark.slow
def test_cantools_decodes_what_is_recorded(tmp_path: Path, log: Path) -> None:
    dbc = tmp_path / "driver_state.dbc"
    dbc.write_text(dbc_text(), encoding="ascii")
    done = subprocess.run(
        [sys.executable, "-m", "cantools", "decode", "--single-line", str(dbc)],
        stdin=log.open(),
        capture_output=True,
        text=True,
        check=True,
    )
    decoded = [line for line in done.stdout.splitlines() if "DriverState(" in line]
    assert len(decoded) == 5
    assert all("State: microsleep" in line and "Confidence: 40" in line for line in decoded)
