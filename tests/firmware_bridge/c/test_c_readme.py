"""The code in the README is compiled as it stands there, and run on a board that is pretended."""

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.e2e.state_machine import ReceiverState
from firmware_bridge.protocol.database import definition, value_code
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    encode,
)
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.reception.supervision import BusSupervisor, JudgedFrame

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
SANITIZE = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
UNKNOWN = 15
EXAMPLE = "examples/stm32/driver.c"


def code_of_the_readme(folder: Path) -> str:
    blocks = re.findall(r"```c\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    return "\n".join(blocks)


def test_the_example_is_the_code_of_the_readme(c_folder: Path) -> None:
    example = (c_folder / EXAMPLE).read_text("utf-8")

    assert example == '#include "driver.h"\n\n' + code_of_the_readme(c_folder)


def test_it_compiles_for_a_cortex_m4(c_folder: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed (apt: gcc-arm-none-eabi)")
    include = [f"-I{c_folder / 'src'}", f"-I{c_folder / 'test' / 'fake_hal'}"]
    target = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-c", "-o", os.devnull]
    subprocess.run([*target, *STRICT, *include, str(c_folder / EXAMPLE)], check=True)


def run_on_the_board(c_folder: Path, folder: Path, line: bytes) -> list[list[str]]:
    """Return the words of each line that the board prints."""
    code = c_folder / EXAMPLE
    source = c_folder / "src"
    hal = c_folder / "test" / "fake_hal"
    program = folder / "board"
    files = [code, hal / "board.c", *source.glob("*.c"), *source.glob("generated/*.c")]
    include = [f"-I{source}", f"-I{hal}", f"-I{code.parent}"]
    options = [*STRICT, *SANITIZE, *include, "-o", str(program)]
    subprocess.run(["gcc", *options, *map(str, files)], check=True)
    done = subprocess.run([str(program)], input=line, capture_output=True, check=True)
    return [printed.split() for printed in done.stdout.decode("ascii").splitlines()]


def record(now_ms: int, data: bytes) -> bytes:
    return struct.pack("<IH", now_ms % 2**32, len(data)) + data


def judged(reports: list[list[str]]) -> list[JudgedFrame]:
    parser, supervisor = SlcanParser(), BusSupervisor(["ControllerStatus"])
    return [
        supervisor.judge(frame)
        for index, words in enumerate(reports)
        for frame in parser.feed(bytes.fromhex(words[1]), index * 0.1)
    ]


def test_the_code_of_the_readme_follows_the_driver_and_answers(
    c_folder: Path, tmp_path: Path
) -> None:
    known = definition("DriverState")
    sender = Profile22Sender(known.data_ids)
    asleep = value_code("DriverState", "State", "asleep")
    attentive = value_code("DriverState", "State", "attentive")
    start_ms = 2**32 - 1000  # the clock wraps on the way

    def state(code: int) -> bytes:
        data = sender.protect(encode(DriverStateMessage(state=code)))
        return encode_line(CanFrame(known.can_id, data, 0.0))

    line = b"".join(
        record(start_ms + 100 * index, noise + state(asleep if index >= 20 else attentive))
        for index, noise in enumerate([b"C\rS6\rO\r", b"", b"\xff\x00garbage", *[b""] * 47])
    )
    silent_ms = start_ms + 4900
    line += b"".join(record(silent_ms + age_ms, b"") for age_ms in (100, 200, 300, 350, 351, 1000))
    line += b"".join(record(silent_ms + 1100 + 100 * index, state(attentive)) for index in range(4))

    printed = run_on_the_board(c_folder, tmp_path, line)

    states = [(int(words[1]), int(words[3])) for words in printed if words[0] == "state"]
    assert states == [
        (code, time_ms % 2**32)
        for code, time_ms in [
            (UNKNOWN, start_ms),
            (attentive, start_ms + 100),  # two good frames
            (asleep, start_ms + 2000),
            (UNKNOWN, silent_ms + 351),
            (attentive, silent_ms + 1300),  # three good frames
        ]
    ]
    reports = judged([words for words in printed if words[0] == "sent"])
    assert len(reports) == 60
    assert all(report.is_good for report in reports)
    assert reports[-1].state is ReceiverState.VALID
    assert [
        report.message.e2e_state
        for report in reports
        if isinstance(report.message, ControllerStatusMessage)
    ] == [1, *[2] * 53, *[3] * 4, *[2] * 2]
    assert isinstance(reports[0].message, ControllerStatusMessage)
    assert reports[0].message.speed_km_h == 57.3
    assert reports[0].message.enable == 1


def test_a_request_is_acknowledged_while_it_holds(c_folder: Path, tmp_path: Path) -> None:
    known = definition("DriverRequest")
    sender = Profile22Sender(known.data_ids)
    request = DriverRequestMessage(kind=1, request_id=7, severity=1, valid_for_s=1, reason=10)

    def asked() -> bytes:
        return encode_line(CanFrame(known.can_id, sender.protect(encode(request)), 0.0))

    times_ms = range(0, 3000, 100)
    line = b"".join(record(at_ms, asked() if 500 <= at_ms < 1000 else b"") for at_ms in times_ms)
    printed = run_on_the_board(c_folder, tmp_path, line)

    reports = judged([words for words in printed if words[0] == "sent"])
    acknowledged = [
        report.message.acknowledged_id
        for report in reports
        if isinstance(report.message, ControllerStatusMessage)
    ]
    # Trusted from the second frame on; valid for a second after the last, of 900 ms.
    assert acknowledged == [None if at_ms < 600 or at_ms > 1900 else 7 for at_ms in times_ms]


def test_the_receiving_half_is_about_thirty_lines(c_folder: Path) -> None:
    text = (c_folder / "README.md").read_text("utf-8")
    first = re.findall(r"```c\n(.*?)```", text, re.DOTALL)[0]

    assert len([line for line in first.splitlines() if line.strip()]) <= 32
