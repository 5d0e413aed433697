"""What lies in the caller's folder is never run."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from edge_fer import isolated
from edge_fer.cli.app import app
from edge_fer.isolated import import_folders, python_code, python_module

REPOSITORY = Path(__file__).parents[2]
# What the verbs and their children import early and late, in the standard library and beyond it.
DECOYS = (
    "json", "runpy", "os", "re", "struct", "socket", "select", "typing", "logging", "signal",
    "subprocess", "hashlib", "tomllib", "tempfile", "numpy", "cv2", "typer", "rich", "serial",
    "can", "cantools", "ai_edge_litert", "cryptography", "sitecustomize", "usercustomize",
    "edge_fer", "firmware_bridge", "quantize",
)  # fmt: skip


@pytest.fixture
def decoys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of modules each of which leaves a mark when it is imported."""
    mark = tmp_path / "ran"
    folder = tmp_path / "decoys"
    folder.mkdir()
    for name in DECOYS:
        (folder / f"{name}.py").write_text(
            f"open({str(mark)!r}, 'a').write({name!r} + '\\n')\nraise SystemExit(66)\n"
        )
    monkeypatch.chdir(folder)
    return mark


def run(command: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | variables,
    )


def marks(decoys: Path) -> list[str]:
    return decoys.read_text().split() if decoys.exists() else []


def test_a_module_runs_with_its_arguments(tmp_path: Path) -> None:
    done = run([*python_module("json.tool", "--compact"), os.devnull])
    assert done.returncode == 1  # nothing is no JSON
    assert "Expecting value" in done.stderr
    code = "import sys, edge_fer; print(sys.argv[1:])"
    assert run(python_code(code, "one", "two words")).stdout == "['one', 'two words']\n"


def test_neither_folder_nor_variables_of_the_caller_are_asked(decoys: Path) -> None:
    here = str(Path.cwd())
    for command in (
        python_module("edge_fer", "--version"),
        python_code("import json, cv2, edge_fer.models.check"),
    ):
        done = run(command, PYTHONPATH=here, PYTHONHOME="", PYTHONSTARTUP=f"{here}/os.py")
        assert done.returncode == 0, done.stderr
    assert not marks(decoys)


def test_the_folder_that_a_process_stands_in_is_not_passed_on(
    decoys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", ["", str(Path.cwd()), "relative", *sys.path])
    folders = import_folders()
    assert str(Path.cwd()) not in folders
    assert all(Path(item).is_absolute() for item in folders)
    assert run(python_code("import json")).returncode == 0
    assert not marks(decoys)


def test_a_source_tree_runs_from_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(isolated._OWN_ROOT)
    monkeypatch.setattr(sys, "path", [str(isolated._OWN_ROOT)])
    assert import_folders() == [str(isolated._OWN_ROOT)]


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    command = python_code("print(1)")
    monkeypatch.chdir("/")
    assert run(command).stdout == "1\n"


NONE = "none"  # there is no such file
# The arguments of each verb. What it starts is started where that takes no long time; TensorFlow,
# which some load before they look at their data, does.
VERBS: dict[str, list[str]] = {
    "demo": ["--seconds", "1.5", "--json"],
    "annotate": [NONE],
    "train": ["--help"],
    "quantize": ["--help"],
    "run": ["--camera", "file:none.mp4", "--link", "virtual:x", "--model", "tiny.tflite"],
    "monitor": ["virtual:x", "--seconds", "0.2"],
    "status": [],
    "preview": ["--camera", "demo:", "--port", "0", "--seconds", "2"],
    "doctor": ["--config", "config.toml"],
    "controller": ["virtual:x", "--seconds", "0.2"],
    "replay": [NONE, "--to", "virtual:x"],
    "dbc": [],
    "data": [NONE],
    "faces": [NONE, "--out", "crops"],
    "evaluate": [NONE, "--data", NONE],
    "search": ["--help"],
    "soup": [NONE, NONE, "--data", NONE, "--out", "soup.keras"],
    "trainings": ["--help"],
    "cache": [],
    "tune": ["--help"],
    "config show": ["config.toml"],
    "config check": ["config.toml"],
    "config set": ["--config", "config.toml", "log.level", "info"],
    "config schema": [],
    "config example": [],
    "config unit": [],
    "model show": ["tiny.tflite"],
    "model verify": ["tiny.tflite"],
    "model install": ["tiny.tflite", "--store", "store"],
    "model rollback": ["--store", "store"],
    "model fetch": ["--help"],
    "model sign": ["tiny.tflite", "--key", NONE],
    "model keygen": ["--out", "model.pem"],
    "recording list": ["--folder", "."],
    "recording export": ["--folder", ".", "--out", "exported"],
    "recording verify": ["--folder", ".", "--device-key", "00" * 32],
    "recording device-key": ["--out", "device.pem"],
    "recording keygen": ["--out", "owner.pem"],
    "face label": ["--faces", NONE, "--data", NONE],
    "face train": ["--help"],
    "face evaluate": ["--help"],
    "face quantize": [NONE, "--labels", NONE, "--out", "a.tflite"],
    "eyes prepare": ["--eyes", NONE, "--faces", NONE],
    "eyes train": ["--help"],
    "eyes evaluate": ["--help"],
    "eyes quantize": ["--help"],
    "benchmark device": ["--help"],
    "benchmark compare": [NONE, NONE],
    "benchmark link": ["--help"],
    "benchmark states": [NONE],
    "benchmark faces": [NONE],
    "benchmark soak": ["--help"],
    "benchmark growth": ["--help"],
    "benchmark faults": ["--help"],
    "benchmark load": ["--help"],
    "benchmark schema": [],
}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the verbs below a command of typer's."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name))
    if path and not hasattr(command, "commands"):
        yield " ".join(path)


def test_no_verb_is_left_out() -> None:
    assert set(VERBS) == set(leaves(get_command(app)))


@pytest.mark.slow
def test_each_verb_in_a_folder_of_decoys(decoys: Path, tiny_model: Path) -> None:
    here = Path.cwd()
    for file in (tiny_model, tiny_model.with_suffix(".json")):
        (here / f"tiny{file.suffix}").write_bytes(file.read_bytes())
    (here / "config.toml").write_text('[camera]\nuri = "demo:"\n[link]\nuri = "virtual:x"\n')
    program = here.parent / "bin" / "edge-fer"  # as pip writes it
    program.parent.mkdir()
    program.write_text("from edge_fer.__main__ import main\nmain()\n")
    variables = {"RUNTIME_DIRECTORY": str(here.parent), "PYTHONPATH": str(REPOSITORY)}

    def done(verb: str) -> str:
        command = [sys.executable, str(program), *verb.split(), *VERBS[verb]]
        ended = run(command, **variables)
        wrong = ended.returncode == 66 or "Traceback" in ended.stderr
        return f"{verb}: {ended.returncode}: {ended.stderr}" if wrong else ""

    with ThreadPoolExecutor(4) as pool:
        failures = [text for text in pool.map(done, VERBS) if text]
    assert failures == []
    assert not marks(decoys)


def test_no_interpreter_is_started_that_is_not_isolated() -> None:
    """Every list of arguments that begins with sys.executable goes on with -I."""
    found = []
    for package in ("edge_fer", "firmware_bridge", "quantize"):
        for file in (REPOSITORY / package).rglob("*.py"):
            text = file.read_text()
            if "sys.executable" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
                    continue
                first = ast.unparse(node.elts[0])
                if first == "sys.executable" or "sys.executable" in first:
                    second = ast.unparse(node.elts[1]) if len(node.elts) > 1 else ""
                    found.append((str(file.relative_to(REPOSITORY)), second))
    assert found
    assert [place for place, second in found if second != "'-I'"] == []
