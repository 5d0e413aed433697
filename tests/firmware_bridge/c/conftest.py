"""Builds the C of the bridge through its own Makefile, outside the repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

C_FOLDER = Path(__file__).resolve().parents[3] / "firmware_bridge" / "c"

Make = Callable[..., str]
Build = Callable[[str], Path]


def _without(tool: str, probe: list[str]) -> str | None:
    """Return why `tool` cannot be used; None if it can."""
    if shutil.which(tool) is None:
        return f"{tool} is not installed"
    program = b"int main(void) { return 0; }"
    done = subprocess.run(probe, input=program, capture_output=True, check=False)
    return f"{tool} does not link with {probe[-1]}" if done.returncode else None


@pytest.fixture(scope="session")
def c_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the C sources; skips where nothing can compile them.

    Where EDGE_FER_TEST_BASE_ID moves the messages it is a copy, with what `generate.py` writes.
    """
    compiler = ["gcc", "-xc", "-", "-o", os.devnull]
    for reason in (
        _without("make", ["make", "--version"]),
        _without("gcc", [*compiler, "-fsanitize=address,undefined"]),
    ):
        if reason:
            pytest.skip(f"C is not tested: {reason}")
    base_id = os.environ.get("EDGE_FER_TEST_BASE_ID")
    if base_id is None:
        return C_FOLDER
    moved = tmp_path_factory.mktemp("c") / "moved"
    shutil.copytree(C_FOLDER, moved, ignore=shutil.ignore_patterns("build", "__pycache__"))
    generated = moved / "src" / "generated"
    command = [sys.executable, "-m", "firmware_bridge.c.generate"]
    subprocess.run([*command, "--folder", generated, "--base-id", base_id], check=True)
    return moved


@pytest.fixture(scope="session")
def build_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("c_build")


@pytest.fixture(scope="session")
def make(c_folder: Path, build_folder: Path) -> Make:
    """Return what runs make on a target and returns what it printed; fails with all of it."""

    def run(target: str, **variables: object) -> str:
        settings = [f"{name}={value}" for name, value in variables.items()]
        done = subprocess.run(
            ["make", "-j2", "-C", str(c_folder), f"BUILD={build_folder}", *settings, target],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def build(make: Make, build_folder: Path) -> Build:
    """Return what builds a program and returns its path."""

    def run(program: str) -> Path:
        make(str(build_folder / program))
        return build_folder / program

    return run


@pytest.fixture(scope="session")
def clang() -> None:
    """Skip where there is no clang with libFuzzer."""
    probe = ["clang", "-xc", "-c", "-", "-o", os.devnull, "-fsanitize=fuzzer"]
    if reason := _without("clang", probe):
        pytest.skip(f"libFuzzer is not used: {reason}")
