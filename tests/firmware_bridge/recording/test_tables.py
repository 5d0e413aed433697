"""PEAK traces and CSV tables, as python-can and SavvyCAN write them."""

from pathlib import Path

import can
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import BridgeError
from firmware_bridge.protocol.frame import EXTENDED
from firmware_bridge.recording.kinds import written_kind
from firmware_bridge.recording.reader import RecordingReader

DATA = bytes.fromhex("b4d003af90140405")
START_S = 1_700_000_000.0
SENT = [(0x123, False, DATA), (0x18FF3A00, True, DATA[:3]), (0x7FF, False, b""), (5, True, b"\x01")]
EXPECTED = [(can_id | (EXTENDED if long else 0), data) for can_id, long, data in SENT]
PYTHON_CAN_HEAD = "timestamp,arbitration_id,extended,remote,error,dlc,data\n"
SAVVYCAN_HEAD = "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"


def write_with_python_can(path: Path) -> None:
    with can.Logger(path) as logger:
        for index, (can_id, is_long, data) in enumerate(SENT):
            time_s = START_S + index / 10
            logger(
                can.Message(
                    timestamp=time_s,
                    arbitration_id=can_id,
                    is_extended_id=is_long,
                    data=data,
                    channel="can1",
                )
            )


@pytest.mark.parametrize("ending", [".trc", ".csv"])
def test_what_python_can_writes_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"drive{ending}"
    write_with_python_can(path)
    reader = RecordingReader(path)
    frames = list(reader)

    assert [(frame.can_id, frame.data) for frame in frames] == EXPECTED
    assert [frame.time_s - frames[0].time_s for frame in frames] == pytest.approx(
        [0.0, 0.1, 0.2, 0.3], abs=1e-3
    )
    assert frames[0].time_s == pytest.approx(START_S, abs=0.01)
    assert reader.trouble is None
    assert reader.counters.rejected_lines == 0


def test_a_channel_of_a_trace_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "drive.trc"
    write_with_python_can(path)

    assert {frame.channel for frame in RecordingReader(path)} == {"can1"}
    assert len(list(RecordingReader(path, "can1"))) == len(SENT)


def test_what_savvycan_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "savvy.csv"
    rows = "".join(
        f"{1_000_000 + 100_000 * index},{can_id:08X},{str(is_long).lower()},Rx,1,{len(data)},"
        + "".join(f"{byte:02X}," for byte in data)
        + "\n"
        for index, (can_id, is_long, data) in enumerate(SENT)
    )
    path.write_text(SAVVYCAN_HEAD + rows, encoding="ascii")
    frames = list(RecordingReader(path))

    assert [(frame.can_id, frame.data) for frame in frames] == EXPECTED
    assert [frame.time_s for frame in frames] == pytest.approx([1.0, 1.1, 1.2, 1.3])
    assert {frame.channel for frame in frames} == {"can1"}


def test_lines_of_savvycan_that_are_no_frames_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    good = "1000000,00000123,false,Rx,0,1,B4,\n"
    bad = ["1,123", "x,123,false,Rx,0,0", "1,FFFFFFFF,false,Rx,0,0", "1,123,false,Rx,0,2,B4,1FF"]
    path.write_text(SAVVYCAN_HEAD + good + "\n".join(bad) + "\n" + good, encoding="ascii")
    reader = RecordingReader(path)

    assert len(list(reader)) == 2
    assert reader.counters.rejected_lines == len(bad)


def test_a_trace_that_ends_in_half_a_line_keeps_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "cut.trc"
    write_with_python_can(path)
    with path.open("a", encoding="ascii") as file:
        file.write("      5       400.000 DT")
    reader = RecordingReader(path)

    assert len(list(reader)) == len(SENT)
    assert reader.counters.rejected_lines == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.trc", ";$FILEVERSION=1.2\n", "version '1.2' of a PEAK trace is not read"),
        ("a.trc", "x" * 1_000_000, "characters"),
        ("a.csv", PYTHON_CAN_HEAD + "1.0,0x123,0,0,0,1," + "A" * 1_000_000, "characters"),
        ("a.csv", SAVVYCAN_HEAD + '"' + "1" * 1_000_000, "characters"),
        ("a.csv", PYTHON_CAN_HEAD + "nonsense\n", "is no .csv recording"),
        ("a.csv", "a,b,c\n", "neither python-can's nor SavvyCAN's"),
        ("a.csv", "", "neither python-can's nor SavvyCAN's"),
        ("a.csv", PYTHON_CAN_HEAD, "holds no frame"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="ascii")
    with pytest.raises(BridgeError, match=told) as caught:
        list(RecordingReader(path))
    assert "\n" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    head=st.sampled_from(
        [
            "trc:;$FILEVERSION=1.1\n;$STARTTIME=45000.5\n",
            "trc:;$FILEVERSION=2.1\n;$STARTTIME=45000.5\n;$COLUMNS=N,O,T,B,I,d,R,L,D\n",
            "trc:",
            "csv:" + PYTHON_CAN_HEAD,
            "csv:" + SAVVYCAN_HEAD,
        ]
    ),
    body=st.binary(max_size=200) | st.text("0123456789ABCDEF .,x\nRxDT-", max_size=200),
)
def test_no_content_raises_anything_else(tmp_path: Path, head: str, body: bytes | str) -> None:
    ending, text = head.split(":", 1)
    path = tmp_path / f"hostile.{ending}"
    path.write_bytes(text.encode() + (body if isinstance(body, bytes) else body.encode()))
    try:
        frames = list(RecordingReader(path))
    except BridgeError:
        return
    assert all(len(frame.data) <= 8 for frame in frames)


@pytest.mark.parametrize("ending", [".trc", ".csv"])
def test_these_kinds_are_not_written(tmp_path: Path, ending: str) -> None:
    with pytest.raises(BridgeError, match="is read, not written"):
        written_kind(tmp_path / f"new{ending}")
