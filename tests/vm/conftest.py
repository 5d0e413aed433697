"""The machine of these tests: built once for the package, booted once for each module."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_fer import __version__
from tests.vm.machine import Machine, why_not

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(__file__).with_name("build.sh")
PACKAGE = REPOSITORY / "build" / f"edge-fer_{__version__}_amd64.deb"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "edge-fer" / "vm"
MISSING = 3  # exit code of build.sh


@pytest.fixture(scope="session")
def image() -> Path:
    """Folder with kernel and root of a Debian that has the package."""
    reason = why_not()
    if reason is not None:
        pytest.skip(f"no virtual machine: {reason}")
    if not PACKAGE.exists():
        pytest.skip(f"no virtual machine: {PACKAGE.name} is not built (make deb)")
    done = subprocess.run([BUILD, PACKAGE, CACHE], capture_output=True, text=True, check=False)
    if done.returncode == MISSING:
        pytest.skip(f"no virtual machine: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[-1])


@pytest.fixture(scope="module")
def machine(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(image, tmp_path_factory.mktemp("machine")) as machine:
        yield machine
