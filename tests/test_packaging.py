"""What the wheel carries, and that the version is written once."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from edge_fer.version import __version__

REPOSITORY = Path(__file__).resolve().parents[1]


def printed(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "edge_fer", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    ).stdout


@pytest.mark.parametrize(
    ("verb", "file"),
    [
        ("config example", "systemd/config.toml"),
        ("config unit", "systemd/edge-fer.service"),
        ("dbc", "firmware_bridge/protocol/driver_state.dbc"),
    ],
)
def test_a_verb_prints_what_the_wheel_carries(verb: str, file: str) -> None:
    assert printed(*verb.split()) == (REPOSITORY / file).read_text("utf-8")


def test_the_version_is_in_one_place() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert "version" not in project
    assert "version" in project["dynamic"]
    files = subprocess.run(
        ["git", "ls-files", "*.py", "*.toml", "Makefile", "*.sh", "*.in"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split() or pytest.skip("not a git repository")
    named = [
        file
        for file in files
        if not file.startswith("tests/")
        and re.search(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])", _text(REPOSITORY / file))
    ]
    assert named == ["edge_fer/version.py"]


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def build(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Build the tree at the time of its commit, as `make dist` and `make deb` do."""
    # What an earlier build left there, setuptools would pack as well.
    shutil.rmtree(REPOSITORY / "build" / "lib", ignore_errors=True)
    return subprocess.run(
        [sys.executable, "-m", "build", *arguments, "--outdir", folder, REPOSITORY],
        env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.slow
def test_a_wheel_from_the_sdist_has_it_all(tmp_path: Path) -> None:
    pytest.importorskip("build", reason="the package build is not installed")
    first, again = tmp_path / "first", tmp_path / "again"
    done = build(first)
    if "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("setuptools cannot be fetched: no network")
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = first.glob("*.whl")
    assert wheel.name == f"edge_fer-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        unit = archive.read("edge_fer/assets/edge-fer.service")
        sbom = archive.read("edge_fer/assets/sbom.cdx.json")
    assert unit == (REPOSITORY / "systemd" / "edge-fer.service").read_bytes()
    assert sbom == (REPOSITORY / "systemd" / "sbom.cdx.json").read_bytes()
    licences = f"edge_fer-{__version__}.dist-info/licenses"
    assert {f"{licences}/LICENSE", f"{licences}/systemd/third-party-licences.md"} <= names
    assert {
        "edge_fer/models/edge.tflite",
        "edge_fer/models/edge.json",
        "firmware_bridge/protocol/driver_state.dbc",
        "edge_fer/py.typed",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "firmware_bridge/c/"))]
    # The same tree gives the same bytes, from the sdist and without it.
    done = build(again, "--wheel")
    assert done.returncode == 0, done.stdout + done.stderr
    (second,) = again.glob("*.whl")
    assert second.read_bytes() == wheel.read_bytes()


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
def test_the_same_tree_gives_the_same_package(tmp_path: Path) -> None:
    """Whatever the builder's time zone, language, umask, directory and file system."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "edge_fer-1-py3-none-any.whl").write_bytes(bytes(5000))
    packages = []
    for place, (umask, zone, temporary) in enumerate(
        ((0o022, "UTC", tmp_path), (0o077, "Asia/Tokyo", Path("/dev/shm")))
    ):
        out = tmp_path / f"{place}.deb"
        environment = {"TZ": zone, "TMPDIR": str(temporary), "SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run(
            [REPOSITORY / "systemd" / "build-deb.sh", wheels, "1", "all", "python3.11", out],
            env=os.environ | environment,
            cwd=temporary,
            umask=umask,
            capture_output=True,
            check=True,
        )
        packages.append(out.read_bytes())
    assert packages[0] == packages[1]
