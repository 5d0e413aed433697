"""Runs all programs in turns on the same faces and frames, and sums up."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_fer.benchmark.conditions import Conditions, Machine, read_conditions, read_machine
from edge_fer.errors import DataError, DataReason
from quantize.data.load import load_fer2013
from tests.benchmarks.peers.programs import (
    PROGRAMS,
    REPOSITORY,
    Program,
    install,
    python_of,
    size_mb,
)

FACES, FRAMES, TURNS = 1000, 60, 2
_PATIENCE_S = 900.0
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """One program. Times are of its best turn; None: does not apply, or `failed` says why not.

    Times are of the one processor core that it had, so that other programs do not count; on a core
    of its own a clock shows the same. `frame_ms` is the mean over the clips' frames, from the
    decoded frame to the answer; `startup_s` up to the first answer.
    `accuracy` is a share of the faces; None for an untrained network.
    """

    name: str
    shown: str
    versions: dict[str, str]
    install_mb: float | None
    startup_s: float | None = None
    face_ms: float | None = None
    frame_ms: float | None = None
    frame_p99_ms: float | None = None
    frames: int = 0
    frames_with_a_face: int = 0
    rss_mb: float | None = None
    accuracy: float | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run over all programs."""

    machine: Machine
    before: Conditions
    after: Conditions
    faces: int
    clips: tuple[str, ...]
    turns: int
    peers: tuple[PeerFigures, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Task:
    """What each program gets: PublicTest's first `faces` rows, each clip's first `frames`."""

    data: Path
    clips: Path
    faces: int = FACES
    frames: int = FRAMES
    turns: int = TURNS


def compare(
    task: Task,
    folder: Path,
    programs: tuple[Program, ...] = PROGRAMS,
    say: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Install what is missing into `folder`, and run every program `task.turns` times.

    UserError where there are no faces, no clips, or pip fails.
    """
    clips = sorted(path for path in task.clips.glob("*.mp4"))
    if not clips:
        raise DataError(DataReason.EMPTY, f"peers: {task.clips}: no clip in it (*.mp4)")
    rows = load_fer2013(task.data).select("PublicTest")
    rows = rows.rows(np.arange(min(task.faces, len(rows))))
    for program in programs:
        say(f"installing {program.name}")
        install(program, folder)
    before = read_conditions()
    turns: dict[str, list[dict[str, Any]]] = {program.name: [] for program in programs}
    with tempfile.TemporaryDirectory() as temporary:
        given = Path(temporary) / "task.npz"
        np.savez(
            given,
            faces=rows.images,
            labels=rows.labels,
            clips=json.dumps([str(clip.absolute()) for clip in clips]),
            frames=task.frames,
        )
        for turn in range(task.turns):
            for program in programs:
                if any("failed" in result for result in turns[program.name]):
                    continue
                say(f"turn {turn + 1}: {program.name}")
                turns[program.name].append(_run(program, folder, given))
    return Comparison(
        machine=read_machine(),
        before=before,
        after=read_conditions(),
        faces=len(rows),
        clips=tuple(clip.stem for clip in clips),
        turns=task.turns,
        peers=tuple(_summed(one, turns[one.name], size_mb(one, folder)) for one in programs),
    )


def _run(program: Program, folder: Path, task: Path) -> dict[str, Any]:
    # As installed, but for `paper`, which is this very tree.
    own = {"PYTHONPATH": str(REPOSITORY)} if program.environment is None else {}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # So that an answer is of this run and not of weights that lay about.
    homeless = {"HOME": str(task.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    worker = Path(__file__).with_name("worker.py")
    try:
        done = subprocess.run(
            [python_of(program, folder), worker, program.name, task],
            env=environment | _ONE_THREAD | homeless | own,
            cwd=task.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"no answer in {_PATIENCE_S:.0f} s"}
    try:
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"failed": f"ended with {done.returncode}: {last[:200]}"}
    return result


def _summed(program: Program, turns: list[dict[str, Any]], install_mb: float | None) -> PeerFigures:
    """Return the best of each figure over the turns: what else ran only made it worse."""
    failed = next((result["failed"] for result in turns if "failed" in result), None)
    if failed is not None or not turns:
        return PeerFigures(program.name, program.shown, {}, install_mb, failed=failed)

    def best(name: str) -> float | None:
        values = [result[name] for result in turns if result[name] is not None]
        return min(values) if values else None

    first = turns[0]
    return PeerFigures(
        name=program.name,
        shown=program.shown,
        versions=first["versions"],
        install_mb=install_mb,
        startup_s=best("startup_s"),
        face_ms=best("face_ms"),
        frame_ms=best("frame_ms"),
        frame_p99_ms=best("frame_p99_ms"),
        frames=first["frames"],
        frames_with_a_face=first["frames_with_a_face"],
        rss_mb=best("rss_mb"),
        accuracy=first["accuracy"],
    )
