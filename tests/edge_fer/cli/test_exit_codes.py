"""How the command ends: exit codes, a closed pipe, a closed or full standard output."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_fer.cli.exit_codes import MEANINGS
from edge_fer.paths import SHIPPED_MODEL

COMMAND = [sys.executable, "-m", "edge_fer"]


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_help_has_the_table() -> None:
    shown = run("--help").stdout
    for code in MEANINGS:
        assert f"\n  {code} " in shown


def test_the_docs_have_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text("utf-8")
    for code, meaning in MEANINGS.items():
        assert f"| {code} | {meaning} |\n" in page


@pytest.mark.parametrize(
    "verb",
    [
        ["--help"],
        ["config", "schema"],
        ["config", "show"],
        ["model", "show", str(SHIPPED_MODEL)],  # printed by rich
    ],
)
def test_a_closed_pipe_ends_a_verb_with_0(verb: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(*verb, stdout=writing)
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", [["--version"], ["config", "show"], ["config", "check"]])
def test_a_closed_stdout_is_no_traceback(verb: list[str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", *COMMAND, *verb],
        stderr=subprocess.PIPE,
        text=True,
        timeout=180,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("verb", [["--version"], ["config", "schema"]])
def test_a_full_disk_behind_stdout_is_one_line(verb: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(*verb, stdout=full.fileno())

    assert done.returncode == 2
    assert done.stderr == "edge-fer: cannot write the output: No space left on device\n"


def test_a_failure_that_is_not_the_output_keeps_its_traceback() -> None:
    code = (
        "from edge_fer.cli import app\n"
        "def broken(*_): raise BrokenPipeError(32, 'of another pipe')\n"
        "app.app = broken\n"
        "app.main(['--version'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=False
    )

    assert done.returncode == 1
    assert "of another pipe" in done.stderr


def test_ctrl_c_ends_a_verb_with_130(tmp_path: Path) -> None:
    fifo = tmp_path / "fer2013.csv"
    os.mkfifo(fifo)
    process = subprocess.Popen([*COMMAND, "data", str(fifo)], stderr=subprocess.PIPE)
    descriptor = os.open(fifo, os.O_WRONLY)  # waits until the verb reads
    try:
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=180)
    finally:
        os.close(descriptor)

    assert process.returncode == 130
    assert b"Traceback" not in said


def test_ctrl_c_ends_the_preview_with_130_and_a_service_manager_with_0(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="needs the preview extra")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 0)):
        process = subprocess.Popen(
            [*COMMAND, "preview", "--port", "0"],
            env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        while "Ctrl-C ends it" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        process.communicate(timeout=180)
        assert process.returncode == code
