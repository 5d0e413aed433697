"""Recordings of every kind, written by the recorder and read back."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import BridgeError
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, Message
from firmware_bridge.reception.supervision import BusSupervisor, JudgedFrame
from firmware_bridge.recording.kinds import WRITTEN_KINDS
from firmware_bridge.recording.reader import RecordingReader
from firmware_bridge.recording.recorder import FLUSH_S, Recorder

MakeFrame = Callable[[Message, float], CanFrame]
REPOSITORY = Path(__file__).resolve().parents[3]
KINDS = [kind.value for kind in WRITTEN_KINDS]
WALL_S = 1_795_000_000.0  # of the time 0 of the frames
# What a format keeps of the time between two frames.
RESOLUTION_S = {".jsonl": 5.1e-5, ".log": 1.1e-6, ".blf": 1.1e-6, ".asc": 1.1e-6}


def wall_of(time_s: float) -> float:
    return WALL_S + time_s


def record(path: Path, frames: list[CanFrame]) -> Recorder:
    recorder = Recorder("slcan:/dev/ttyUSB0", wall_of)
    recorder.start(path, 0.0)
    supervisor = BusSupervisor()
    for frame in frames:
        recorder.take(supervisor.judge(frame))
    recorder.stop()
    return recorder


def content(frames: list[CanFrame]) -> list[tuple[int, bytes]]:
    return [(frame.can_id, frame.data) for frame in frames]


FRAMES = st.lists(
    st.builds(CanFrame, st.integers(0, 0x7FF), st.binary(max_size=8), st.floats(0.0, 7200.0)),
    min_size=1,
    max_size=40,
).map(lambda frames: sorted(frames, key=lambda frame: frame.time_s))


@pytest.mark.parametrize("ending", KINDS)
@settings(max_examples=25)
@given(frames=FRAMES)
def test_a_recording_gives_back_every_frame_and_its_time(
    tmp_path_factory: pytest.TempPathFactory, ending: str, frames: list[CanFrame]
) -> None:
    path = tmp_path_factory.mktemp("drive") / f"drive{ending}"

    status = record(path, frames).status
    reader = RecordingReader(path)
    read = list(reader)

    assert status is not None
    assert (status.frames, status.running, status.trouble) == (len(frames), False, None)
    assert content(read) == content(frames)
    assert (reader.trouble, reader.counters.rejected_lines) == (None, 0)
    for written, again in zip(frames, read, strict=True):
        assert again.time_s - read[0].time_s == pytest.approx(
            written.time_s - frames[0].time_s, abs=2 * RESOLUTION_S[ending]
        )


@pytest.mark.parametrize(
    ("ending", "reader"),
    [(".log", can.CanutilsLogReader), (".blf", can.BLFReader), (".asc", can.ASCReader)],
)
def test_python_can_reads_it(
    tmp_path: Path,
    make_frame: MakeFrame,
    ending: str,
    reader: Callable[[Path], Iterable[can.Message]],
) -> None:
    frames = [make_frame(DriverStateMessage(1), index / 10) for index in range(30)]
    path = tmp_path / f"drive{ending}"
    record(path, frames)

    messages = list(reader(path))

    assert [(m.arbitration_id, bytes(m.data)) for m in messages] == content(frames)
    if ending != ".asc":  # it counts from the first frame
        assert messages[0].timestamp == pytest.approx(WALL_S, abs=1e-3)


def test_json_lines_say_what_the_frames_mean(tmp_path: Path, make_frame: MakeFrame) -> None:
    path = tmp_path / "drive.jsonl"
    record(path, [make_frame(DriverStateMessage(1), 0.25)])

    header, line = map(json.loads, path.read_text().splitlines())

    assert header["recording"]["port"] == "slcan:/dev/ttyUSB0"
    assert header["recording"]["started"].startswith("2026-11-18T")
    assert header["recording"]["clock_synchronised"] in (True, False)
    assert line["time_s"] == 0.25
    assert line["signals"]["State"] == "attentive"


@pytest.mark.parametrize("ending", KINDS)
def test_it_is_known_when_it_was(tmp_path: Path, make_frame: MakeFrame, ending: str) -> None:
    path = tmp_path / f"drive{ending}"
    record(path, [make_frame(DriverStateMessage(1), 0.25)])

    (frame,) = RecordingReader(path)

    assert frame.time_s == pytest.approx(WALL_S + 0.25, abs=1e-3)


@pytest.mark.parametrize("ending", KINDS)
def test_a_drive_that_was_recorded_is_not_written_over(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"drive{ending}"
    path.write_text("precious")

    with pytest.raises(BridgeError, match="is there already"):
        record(path, [])
    assert path.read_text() == "precious"


def test_names_that_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"'.pcap' is not a kind of recording; use .log"):
        record(tmp_path / "drive.pcap", [])
    with pytest.raises(BridgeError, match="'no ending' is not a kind"):
        record(tmp_path / "drive", [])
    with pytest.raises(BridgeError, match="cannot be written"):
        record(tmp_path / "no" / "drive.log", [])


@pytest.mark.parametrize("ending", KINDS)
@given(data=st.binary(max_size=300), cut=st.integers(0, 2000))
@settings(max_examples=60)
def test_a_damaged_file_is_one_line_of_error_or_what_is_left_of_it(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("drive") / f"drive{ending}"
    record(path, [CanFrame(0x123, bytes([index]), index / 10) for index in range(20)])
    whole = path.read_bytes()
    for damaged in (data, whole[:cut], whole[:cut] + data, whole[:cut] + whole[cut + 5 :]):
        path.write_bytes(damaged)
        said, frames = "", []
        try:
            frames = list(RecordingReader(path))
        except BridgeError as error:
            said = str(error)
        assert frames or (path.name in said and "\n" not in said)
        assert all(0 <= frame.can_id <= 0x7FF for frame in frames)


def test_a_blf_that_was_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "drive.blf"
    frames = [CanFrame(0x123, os.urandom(8), index / 10) for index in range(20_000)]
    record(path, frames)
    whole = RecordingReader(path)
    assert len(list(whole)) == len(frames)
    assert whole.trouble is None

    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    cut = RecordingReader(path)
    left = list(cut)

    assert content(left) == content(frames[: len(left)])
    assert (cut.trouble or "").startswith(f"damaged behind frame {len(left)}: ")
    assert "bytes are left of" in (cut.trouble or "")


def test_files_that_are_no_recordings(tmp_path: Path) -> None:
    for name, text, expected in (
        ("a.log", "", "holds no frame"),
        ("b.log", "# nothing\n\n", "none of its 1 lines is one of a .log"),
        ("c.blf", "no BLF at all, but long enough" * 9, "is no .blf recording"),
        ("d.jsonl", '{"summary": {}}\n', "holds no frame"),
    ):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(BridgeError, match=expected):
            list(RecordingReader(path))
    with pytest.raises(BridgeError, match="cannot be read"):
        RecordingReader(tmp_path / "e.log")
    (tmp_path / "f.log").mkdir()
    with pytest.raises(BridgeError, match="cannot be read"):
        RecordingReader(tmp_path / "f.log")


class FullDisk:
    def write(self, judged: JudgedFrame, wall_s: float) -> None:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")

    close = flush


def test_a_full_disk_ends_the_recording_and_says_so(
    tmp_path: Path, make_frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder("slcan:x", wall_of)
    recorder.start(tmp_path / "drive.log", 0.0)
    monkeypatch.setattr(recorder, "_writer", FullDisk())

    recorder.take(BusSupervisor().judge(make_frame(DriverStateMessage(1), 0.0)))
    recorder.tick()
    recorder.stop()

    assert recorder.status is not None
    assert not recorder.status.running
    assert "No space left on device" in (recorder.status.trouble or "")


def test_it_is_switched_on_and_off(
    tmp_path: Path, make_frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recorder = Recorder("socketcan:can7", wall_of)
    judged = BusSupervisor().judge(make_frame(DriverStateMessage(1), 1.0))

    recorder.take(judged)
    recorder.toggle(1.0)
    recorder.take(judged)
    recorder.toggle(2.0)
    recorder.take(judged)

    (path,) = tmp_path.iterdir()
    assert path.name.startswith("edge-fer-2026-11-1")
    assert path.read_text() == f"(1795000001.000000) can7 3A0#{judged.frame.data.hex().upper()}\n"
    recorder.toggle(1.0)  # within the same second: the file is there
    assert "is there already" in ((recorder.status and recorder.status.trouble) or "")


def test_it_is_flushed_within_a_second(tmp_path: Path, make_frame: MakeFrame) -> None:
    now_s = 100.0
    path = tmp_path / "drive.log"
    recorder = Recorder("slcan:x", wall_of, clock=lambda: now_s)
    recorder.start(path, 0.0)
    recorder.take(BusSupervisor().judge(make_frame(DriverStateMessage(1), 0.0)))
    recorder.tick()
    assert path.read_text() == ""

    now_s += FLUSH_S
    recorder.tick()

    assert FLUSH_S < 1.0
    assert len(path.read_text().splitlines()) == 1
    recorder.stop()


ENDLESS = """
import sys, time
from pathlib import Path
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.recorder import Recorder
from firmware_bridge.reception.supervision import BusSupervisor
recorder, supervisor = Recorder("slcan:x", lambda time_s: time_s), BusSupervisor()
recorder.start(Path(sys.argv[1]), 0.0)
number = 0
while True:
    now_s = time.time()
    recorder.take(supervisor.judge(CanFrame(0x123, number.to_bytes(4, "big"), now_s)))
    recorder.tick()
    print(number, flush=True)
    number += 1
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    "ending", [KINDS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in KINDS[1:])]
)
def test_a_killed_recorder_loses_at_most_a_second(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"drive{ending}"
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path)],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        # Each number is at least 50 ms after the one before: a second is over, on any machine.
        numbers = [int(process.stdout.readline()) for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        numbers += map(int, process.stdout.read().split())

    read = list(RecordingReader(path))

    assert [int.from_bytes(frame.data, "big") for frame in read] == numbers[: len(read)]
    # 20 frames a second; on a loaded machine fewer, hence no more than a second's worth is lost.
    assert len(numbers) - len(read) <= 20
    assert len(read) > 0
