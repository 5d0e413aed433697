"""The comparison with other programs: one row each, what failed and why, and the page."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_fer.benchmark.conditions import Conditions, Machine
from edge_fer.camera.scene import Scene
from edge_fer.errors import UserError
from tests.benchmarks.peers import comparison
from tests.benchmarks.peers.__main__ import main
from tests.benchmarks.peers.comparison import Comparison, PeerFigures, Task, compare
from tests.benchmarks.peers.page import page
from tests.benchmarks.peers.programs import PROGRAMS, Program, install, size_mb
from tests.benchmarks.peers.worker import PEERS

HERE = Program("edge-fer", "edge-fer", None)
CALM = Conditions(None, None, None, None, 0.1)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    writer = cv2.VideoWriter(
        str(folder / "driver.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (640, 480)
    )
    for number in range(6):
        writer.write(cv2.cvtColor(Scene().render(1.0 + number / 10), cv2.COLOR_GRAY2BGR))
    writer.release()
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rows of noise that call themselves FER2013."""
    path = tmp_path_factory.mktemp("data") / "fer2013.csv"
    noise = np.random.default_rng(1).integers(0, 256, (12, 48 * 48))
    rows = [f"{n % 7},{' '.join(map(str, face))},PublicTest" for n, face in enumerate(noise)]
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    return path


def test_every_program_of_the_table_has_its_worker() -> None:
    assert {program.name for program in PROGRAMS} == set(PEERS)


def test_this_project_is_measured(clips: Path, data: Path, tmp_path: Path) -> None:
    found = compare(Task(data, clips, faces=10, frames=4, turns=1), tmp_path, (HERE,))
    (own,) = found.peers
    assert own.failed is None
    assert (found.faces, own.frames, own.frames_with_a_face) == (10, 4, 4)
    assert own.face_ms is not None
    assert own.frame_ms is not None
    assert own.startup_s is not None
    assert 0 < own.face_ms < own.frame_ms < 1000 * own.startup_s
    assert own.rss_mb is not None
    assert 20 < own.rss_mb < 1000
    assert own.accuracy in [n / 10 for n in range(11)]
    assert "edge-fer" in own.versions


def test_a_program_that_ends_badly_says_how_and_stops_nobody(
    clips: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Program("facex", "`facex`", None, weights=None)
    found = compare(Task(data, clips, faces=2, frames=1, turns=2), tmp_path, (missing, HERE))
    assert found.peers[0].failed == "ModuleNotFoundError: No module named 'facex'"
    assert found.peers[0].face_ms is None
    assert found.peers[1].failed is None

    def silent(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], -9, "", "some trouble\nlast words")

    monkeypatch.setattr(subprocess, "run", silent)
    found = compare(Task(data, clips, faces=2, frames=1, turns=1), tmp_path, (HERE,))
    assert found.peers[0].failed == "ended with -9: last words"


def test_the_page_has_the_figures_and_the_reasons() -> None:
    figures = PeerFigures(
        name="edge-fer",
        shown="edge-fer",
        versions={"edge-fer": "1.2"},
        install_mb=1234.0,
        startup_s=0.5,
        face_ms=0.4,
        frame_ms=2.0,
        frame_p99_ms=5.0,
        frames=100,
        frames_with_a_face=90,
        rss_mb=80.0,
        accuracy=0.7,
    )
    failed = replace(
        figures, name="deepface", shown="`deepface`", failed="OSError: no route", versions={}
    )
    text = page(
        Comparison(
            Machine("b", "a processor", 2, "6.6", "3.11"),
            CALM,
            CALM,
            1000,
            ("one",),
            2,
            (figures, failed),
        )
    )
    row = "| edge-fer | 0.40 ms | 2.00 ms | 500 | 80 MB | 1,234 MB | 0.5 s | 70.0% |"
    assert row in text
    assert "| edge-fer | 90% | 5.0 ms | edge-fer 1.2 |" in text
    assert "`deepface`: its weights are a download (GitHub releases)" in text
    assert "`OSError: no route`" in text
    assert "OpenCV zoo" in text


def test_the_best_turn_counts() -> None:
    turn = {
        "versions": {},
        "frames": 1,
        "frames_with_a_face": 1,
        "accuracy": None,
        "frame_p99_ms": None,
    }
    slow = turn | {"startup_s": 2.0, "face_ms": 3.0, "frame_ms": 4.0, "rss_mb": 50.0}
    fast = turn | {"startup_s": 1.0, "face_ms": 5.0, "frame_ms": 2.0, "rss_mb": 60.0}
    best = comparison._summed(HERE, [slow, fast], None)
    assert (best.startup_s, best.face_ms, best.frame_ms, best.rss_mb) == (1.0, 3.0, 2.0, 50.0)


@pytest.mark.slow  # it makes an environment
def test_what_cannot_be_installed_is_said(tmp_path: Path) -> None:
    nowhere = Program("fer", "`fer`", "fer", (str(tmp_path / "no-such.whl"),))
    with pytest.raises(UserError, match="peers: fer cannot be installed"):
        install(nowhere, tmp_path)


def test_an_environment_is_weighed_without_pip(tmp_path: Path) -> None:
    packages = tmp_path / "x" / "lib" / "python3.11" / "site-packages"
    (packages / "pip").mkdir(parents=True)
    (packages / "pip" / "pip.py").write_bytes(b"x" * 5_000_000)
    (packages / "peer").mkdir()
    (packages / "peer" / "weights.bin").write_bytes(b"x" * 2_000_000)
    assert size_mb(Program("x", "x", "x", ("x",)), tmp_path) == 2.0
    assert size_mb(HERE, tmp_path) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--clips", "/no/such"], "no clip in it"),
        (["--only", "nobody"], "--only nobody: choose from edge-fer, fer"),
        (["--out", "/no/such"], "no such folder"),
        (["--turns", "0"], "one or more"),
        (["--data", "/no/such.csv"], "no such file or folder"),
    ],
)
def test_what_cannot_be_is_said_at_once(
    options: list[str], said: str, clips: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(data), "--clips", str(clips), *options]) == 2
    assert said in capsys.readouterr().err


def test_the_worker_needs_nothing_but_itself_to_start() -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(Path(comparison.__file__).with_name("worker.py")), "no", "no"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"failed": "FileNotFoundError' in done.stdout
