"""Checks that this device computes with a model what the workstation that made it did.

As a program (`python -m edge_fer.models.check FILE`) it prints the result as JSON: a damaged file
can bring a native runtime down, and then it is that process that dies.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from edge_fer.errors import UserError
from edge_fer.models.card import ModelCard, load_model
from edge_fer.models.golden import TOLERANCE, GoldenResult, compare_golden
from edge_fer.models.kind import EMOTIONS, kind_of
from edge_fer.models.runtime import open_model

# A dozen images take milliseconds; the rest is for a slow card reader and a busy single core.
TIMEOUT_S = 30.0
_EXIT_USER_ERROR = 2


def check_model(path: Path) -> tuple[GoldenResult, ModelCard, str]:
    """Run the golden images through `path`; return the result, the card and the runtime's name.

    UserError when model or card are refused, or the card has no outputs to compare with.
    """
    card, content = load_model(path, kind=None)
    kind = kind_of(card.labels) or EMOTIONS
    model = open_model(content, str(path), kind=kind)
    return compare_golden(card.golden, model.run, kind.side_px), card, model.runtime


def require_model(path: Path) -> ModelCard:
    """Return the card; UserError unless this device computes what the card says."""
    result, card, runtime = check_model(path)
    require_passed(path, result, runtime)
    return card


def require_passed(path: Path, result: GoldenResult, runtime: str) -> None:
    """UserError that names the pattern that is farthest off, where one is off too far."""
    if not result.passed:
        name, difference = result.worst
        raise UserError(
            f"{path}: this device computes otherwise than the card says: golden image {name} is "
            f"{difference} units off with {runtime}, {TOLERANCE} is allowed: keep to another model"
        )


def check_model_apart(path: Path, *, timeout_s: float = TIMEOUT_S) -> tuple[GoldenResult, str]:
    """Do `check_model` in a process of its own; return the result and the runtime's name.

    UserError also when that process dies of a signal or is not done within `timeout_s`.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "edge_fer.models.check", str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{path}: the check was not done within {timeout_s:g} s") from None
    if done.returncode == _EXIT_USER_ERROR:
        raise UserError(done.stderr.strip().splitlines()[-1])
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise UserError(f"{path}: the check died of {name}: this file is damaged or hostile")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"{path}: the check failed with exit code {done.returncode}: {last[:200]}")
    values: dict[str, Any] = json.loads(done.stdout)
    return GoldenResult(values["differences"]), values["runtime"]


def main(arguments: list[str]) -> int:
    """Check the file that `arguments` name and print the result."""
    try:
        result, _, runtime = check_model(Path(arguments[0]))
    except UserError as error:
        print(error, file=sys.stderr)
        return _EXIT_USER_ERROR
    print(json.dumps({"runtime": runtime, "differences": dict(result.differences)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
