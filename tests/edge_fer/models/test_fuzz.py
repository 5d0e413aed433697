"""Ten thousand damaged files through the loading path: a clear refusal each, and no crash.

Two thousand more have a card that vouches for the damage, so that they reach the native runtime.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_fer.errors import UserError
from edge_fer.models.check import check_model_apart

pytestmark = pytest.mark.slow

FILES = 10_000
VOUCHED_FOR = 2_000

# Damage that real life and ill will do: cut, flipped bits, overwritten or repeated runs, zeros.
MUTATE = """
import random

def mutated(content, seed):
    rng = random.Random(seed)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(len(data))
        kind = rng.randrange(6)
        if kind == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[place] = rng.choice((0, 1, 127, 128, 255))
        elif kind == 2:
            data[place : place + 4] = rng.randbytes(4)
        elif kind == 3:
            del data[max(1, place) :]
        elif kind == 4:
            data[place : place + 64] = bytes(len(data[place : place + 64]))
        else:
            data[place:place] = data[: rng.randrange(64)]
    return bytes(data)
"""

# The daemon's path, as it is: the card's sha256 stands before the native runtime.
LOADING = (
    MUTATE
    + """
import collections, json, sys
from pathlib import Path
from edge_fer.models.classifier import Classifier
from edge_fer.errors import UserError
from edge_fer.models.files import card_path

model, files = Path(sys.argv[1]), int(sys.argv[2])
good = {path: path.read_bytes() for path in (model, card_path(model))}
outcomes = collections.Counter()
for seed in range(files):
    path = list(good)[seed % 2]
    path.write_bytes(mutated(good[path], seed))
    try:
        Classifier(model)
    except UserError as error:
        assert "\\n" not in str(error) and len(str(error)) < 500, error
        outcomes["refused"] += 1
    else:
        outcomes["loaded"] += 1
    path.write_bytes(good[path])
Classifier(model)
print(json.dumps(outcomes))
"""
)

# Past the card: damaged bytes with a card that vouches for them, each in a process of its own,
# as `model install` does it (here forked, to be fast).
RUNTIME = (
    MUTATE
    + """
import collections, dataclasses, hashlib, json, os, resource, signal, sys
from pathlib import Path
from edge_fer.errors import UserError
from edge_fer.models.card import load_card, write_card
from edge_fer.models.golden import compare_golden
from edge_fer.models.runtime import open_model

model, files = Path(sys.argv[1]), int(sys.argv[2])
good, card = model.read_bytes(), load_card(model)
crashed = model.with_name("crashed.tflite")
open_model(good, "good")  # brings the runtime in once and not in each process
outcomes = collections.Counter()
for seed in range(files):
    content = mutated(good, seed)
    process = os.fork()
    if not process:
        signal.alarm(10)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = 3
        try:
            run = open_model(content, "damaged").run
            code = 0 if compare_golden(card.golden, run).passed else 1
        except UserError as error:
            code = 2 if "\\n" not in str(error) else 3
        finally:
            os._exit(code)
    status = os.waitpid(process, 0)[1]
    if os.WIFSIGNALED(status):
        outcomes["died"] += 1
        if not crashed.exists() and os.WTERMSIG(status) == signal.SIGSEGV:
            crashed.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            write_card(dataclasses.replace(card, sha256=sha256), crashed)
    else:
        names = {0: "passed", 1: "computes otherwise", 2: "refused", 3: "other error"}
        outcomes[names[os.WEXITSTATUS(status)]] += 1
print(json.dumps(outcomes))
"""
)


def outcomes_of(script: str, model: Path, files: int) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", script, model, str(files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, int] = json.loads(done.stdout)
    assert sum(result.values()) == files
    return result


def test_damaged_models_and_cards_are_refused(tiny_model: Path) -> None:
    outcomes = outcomes_of(LOADING, tiny_model, FILES)
    # What is not refused are changes of a card's text: a name, a note, a digit of a figure.
    assert outcomes["refused"] > 0.8 * FILES


def test_damage_that_the_card_vouches_for_stays_in_its_own_process(tiny_model: Path) -> None:
    outcomes = outcomes_of(RUNTIME, tiny_model, VOUCHED_FOR)
    assert outcomes.get("other error", 0) == 0, outcomes
    assert outcomes["refused"] > 0.2 * VOUCHED_FOR, outcomes
    crashed = tiny_model.with_name("crashed.tflite")
    if crashed.exists():
        with pytest.raises(UserError, match="died of SIGSEGV: this file is damaged or hostile"):
            check_model_apart(crashed)


def test_mutations_do_change_the_file(tiny_int8: bytes, make_tiny: Callable[..., Path]) -> None:
    scope: dict[str, Any] = {}
    exec(MUTATE, scope)
    changed = [scope["mutated"](tiny_int8, seed) for seed in range(200)]
    assert sum(content != tiny_int8 for content in changed) > 190
    assert changed[7] == scope["mutated"](tiny_int8, 7)
