"""Everything that a device needs has wheels for aarch64: nothing is compiled on a Raspberry Pi."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
# Bookworm's glibc is 2.36; these are the tags in use up to it.
TAGS = ("2_17", "2_27", "2_28", "2_31", "2_34")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_each_dependency_has_a_wheel(python: str, tmp_path: Path) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    platforms = [f"--platform=manylinux_{tag}_aarch64" for tag in TAGS]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--disable-pip-version-check"),
            *("--target", str(tmp_path), "--only-binary", ":all:", "--python-version", python),
            *("--constraint", str(REPOSITORY / "constraints.txt")),
            *(*platforms, "--platform=manylinux2014_aarch64"),
            *project["dependencies"],
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if "NewConnectionError" in done.stderr or "Temporary failure in name" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr[-1000:]
    assert "ai-edge-litert" in done.stdout.replace("_", "-")
