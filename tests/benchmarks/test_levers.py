"""The plan of the levers' comparison, and the table that it leads to."""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.levers import PUBLISHED, Plan, comparison, planned, read_plan, train_all

DOCS = Path(__file__).parents[2]
TINY = Plan((1, 2), ("--stages", "16:1"), {"base": (), "voted": ("--votes", "{votes}")})


def finished(folder: Path) -> None:
    folder.mkdir(parents=True)
    stages = [{"side_px": 16, "epochs": 1}]
    (folder / "settings.json").write_text(json.dumps({"settings": {"stages": stages}}))
    (folder / "state.json").write_text(json.dumps({"history": [{}]}))


def test_levers_whose_files_are_not_given_are_left_out() -> None:
    without = planned(TINY, votes=None, teachers=[], strong=[])
    assert [training.name for training in without] == ["base-1", "base-2"]
    votes = planned(TINY, votes=Path("v.csv"), teachers=[], strong=[])
    assert [training.name for training in votes] == ["base-1", "voted-1", "base-2", "voted-2"]
    assert votes[1].options == ("--stages", "16:1", "--votes", "v.csv", "--seed", "1")
    plan = Plan((1,), (), {"two": ("{teachers}",)})
    (two,) = planned(plan, votes=None, teachers=[Path("a"), Path("b")], strong=[])
    assert two.options == ("--teacher", "a", "--teacher", "b", "--seed", "1")


def test_what_is_finished_or_published_is_not_trained_again_and_a_failure_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, published = tmp_path / "runs", tmp_path / "published"
    finished(published / "base-1")
    finished(runs / "voted-1")
    trained: list[str] = []

    class Done:
        def __init__(self, returncode: int) -> None:
            self.returncode = returncode

    def fake(command: list[str], **words: Any) -> Done:
        assert command[:4] == [sys.executable, "-m", "edge_fer", "train"]
        run = Path(command[command.index("--run") + 1])
        trained.append(run.name)
        if run.name == "base-2":
            return Done(2)
        finished(run)
        return Done(0)

    monkeypatch.setattr("tests.benchmarks.levers.subprocess.run", fake)
    trainings = planned(TINY, votes=Path("v.csv"), teachers=[], strong=[])
    codes = [code for _, code in train_all(trainings, Path("data"), runs, published)]
    assert codes == [None, 0, 2, 0]
    assert trained == ["base-2", "voted-2"]
    assert sorted(path.name for path in published.iterdir()) == ["base-1", "voted-1", "voted-2"]


def test_every_option_of_the_plan_is_one_of_train(capsys: pytest.CaptureFixture[str]) -> None:
    from edge_fer.cli.app import main

    with pytest.raises(SystemExit):
        main(["train", "--help"])
    known = capsys.readouterr().out
    plan = read_plan()
    words = [word for options in (plan.shared, *plan.levers.values()) for word in options]
    for option in {word for word in words if word.startswith("--")}:
        assert option in known


def test_the_plan_has_numbers_that_a_training_takes() -> None:
    pytest.importorskip("keras", reason="the workstation extra is not installed")
    from quantize.training.settings import TrainingSettings
    from quantize.verbs.train import with_changes

    plan = read_plan()
    for options in (plan.shared, *plan.levers.values()):
        pairs = pairwise(options)
        with_changes(TrainingSettings(), [value for name, value in pairs if name == "--set"])


def test_the_table_of_the_docs_is_that_of_the_histories() -> None:
    pytest.importorskip("keras", reason="the workstation extra is not installed")
    table = comparison(DOCS / PUBLISHED, read_plan())
    assert table.count("\n") > 6
    assert table in (DOCS / "docs/trainings.md").read_text(encoding="utf-8")
