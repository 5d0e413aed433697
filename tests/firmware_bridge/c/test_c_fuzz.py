"""Random and almost right bytes through the parsers and the receiver, under the sanitizers."""

import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

Build = Callable[[str], Path]
TARGETS = ("slcan", "cobs", "receiver")


def fuzz(program: Path, seconds: int, seed: int) -> int:
    """Return how many inputs the program survived."""
    done = subprocess.run(
        [str(program), str(seconds), str(seed)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    survived = re.match(r"(\d+) inputs, seed \d+: ok", done.stdout)
    assert survived is not None
    return int(survived[1])


def fuzz_all(build: Build, seconds: int, seed: int) -> dict[str, int]:
    """Fuzz all targets at once; return how many inputs each survived."""
    programs = [build(f"fuzz_{target}") for target in TARGETS]
    with ThreadPoolExecutor(len(TARGETS)) as at_once:
        survived = at_once.map(lambda program: fuzz(program, seconds, seed), programs)
        return dict(zip(TARGETS, survived, strict=True))


def test_two_seconds_of_any_bytes(build: Build) -> None:
    assert min(fuzz_all(build, seconds=2, seed=1).values()) >= 256


@pytest.mark.slow
def test_a_minute_of_any_bytes(build: Build) -> None:
    assert min(fuzz_all(build, seconds=60, seed=2).values()) > 100_000


@pytest.mark.slow
@pytest.mark.usefixtures("clang")
@pytest.mark.parametrize("target", TARGETS)
def test_bytes_that_libfuzzer_thinks_of(build: Build, tmp_path: Path, target: str) -> None:
    program = build(f"libfuzzer_{target}")

    done = subprocess.run(
        [str(program), "-max_total_time=20", "-seed=1", "-max_len=600"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"Done \d+ runs", done.stderr)
