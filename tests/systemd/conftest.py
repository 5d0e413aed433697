"""The Debian package, and what each step with it in a throw-away Debian says; made once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_fer import __version__

REPOSITORY = Path(__file__).resolve().parents[2]
IN_A_ROOT = Path(__file__).with_name("in_a_bookworm_root.sh")
PROBE = Path(__file__).with_name("probe.sh")


@pytest.fixture(scope="session")
def package() -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no Debian tools: dpkg-deb is not installed")
    environment = Path(sys.prefix)
    done = subprocess.run(
        ["make", "deb", f"VENV={environment}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No matching distribution" in done.stderr or "Could not fetch" in done.stderr:
        pytest.skip("the wheels cannot be fetched: no network")
    assert done.returncode == 0, done.stderr
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return REPOSITORY / "build" / f"edge-fer_{__version__}_{architecture}.deb"


@pytest.fixture(scope="session")
def root(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each step in the throw-away root said, a file each."""
    release = Path("/etc/os-release")
    if not release.exists() or "bookworm" not in release.read_text():
        pytest.skip("the root is made of this machine's own, and that is no Debian bookworm")
    if os.geteuid() != 0:
        pytest.skip("only root may mount and boot a throw-away root")
    may_mount = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "x", "/mnt"],
        capture_output=True,
        check=False,
    )
    if may_mount.returncode != 0:
        pytest.skip("this machine does not let us mount a throw-away root")
    results = tmp_path_factory.mktemp("bookworm")
    done = subprocess.run(
        ["unshare", "--mount", IN_A_ROOT, package, PROBE, results],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = "\n".join(f"{path.name}: {path.read_text()}" for path in results.iterdir())
    assert done.returncode == 0, done.stderr + said
    return results
