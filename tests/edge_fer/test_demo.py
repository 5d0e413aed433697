"""The names of the scene's parts, from what a daemon says of its frames."""

import itertools
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edge_fer import demo
from edge_fer.camera.scene import PARTS
from edge_fer.demo import SceneNames
from edge_fer.errors import DaemonError, DaemonReason


def test_parts_follow_each_other_however_unsteady_the_answers_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = [100.0]
    unsteady = itertools.cycle((0.3, -0.3, 0.0))
    names = SceneNames(tmp_path / "status.socket", fps=30)

    def ask(_: Path) -> SimpleNamespace:
        scene_s = max(0.0, clock[0] - 100.0 + next(unsteady))
        health = SimpleNamespace(camera_frames=round(scene_s * 30))
        return SimpleNamespace(age_s=0.0, status=SimpleNamespace(health=health))

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    assert names.now() is None
    seen = []
    for _ in range(500):
        names.take(cast(Any, ask(tmp_path)))
        seen.append(names.now())
        clock[0] += 0.1
    assert [name for name, _ in itertools.groupby(seen) if name] == [part.name for part in PARTS]


def test_a_daemon_that_does_not_answer_yet_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def ask(path: Path) -> None:
        asked.append(path)
        if len(asked) == 1:
            raise DaemonError(DaemonReason.NO_ANSWER, "it begins")

    monkeypatch.setattr(demo, "ask", ask)
    monkeypatch.setattr(demo, "_ASK_EVERY_S", 0.01)
    with SceneNames(tmp_path / "status.socket") as names:
        while len(asked) < 3:
            time.sleep(0.01)
        assert names.now() is None
