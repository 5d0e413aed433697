"""What runs on the workstation: FER2013, training, int8 conversion, evaluation and plots.

The way of a FER2013 row:

- `data/` reads FER2013 and its votes, corrupts and augments faces, and chooses the representative
set.
- `networks/` builds the networks, counts and folds them, and reads their files.
- `training/` trains one, `search/` searches for one.
- `int8/` converts it to int8 with a card, and fine-tunes it for that.
- `evaluation/` measures float and int8 files, `report/` and `plots/` show it.
- `eyes/` does all of this for the eye network.

Beside it: `verbs/` (the command line), `peers/` (other programs side by side).

The public names are those of `__all__`; they are imported when they are asked for, and TensorFlow
with the first that needs it.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

# Read when TensorFlow starts, so they have to stand here. Where a CPU has AVX2 but no AVX-512,
# TensorFlow leaves oneDNN off and gives each large tensor back to the system, whose pages it then
# faults in again. On two such cores a step of `edge` at 48 px cost 1.70 CPU seconds as it came,
# 1.24 with its own memory pool, and 0.95 with the pool and oneDNN.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its start-up remarks are not the user's

if TYPE_CHECKING:
    from quantize.data.fer2013 import USAGES, Fer2013
    from quantize.data.load import load_fer2013
    from quantize.evaluation.evaluation import Evaluation, evaluate
    from quantize.evaluation.scores import Scores
    from quantize.int8.convert_to_int8 import convert_to_int8

__all__ = [
    "USAGES",
    "Evaluation",
    "Fer2013",
    "Scores",
    "convert_to_int8",
    "evaluate",
    "load_fer2013",
]

# Where each public name lies.
_MODULES = {
    "Fer2013": "quantize.data.fer2013",
    "USAGES": "quantize.data.fer2013",
    "load_fer2013": "quantize.data.load",
    "convert_to_int8": "quantize.int8.convert_to_int8",
    "Evaluation": "quantize.evaluation.evaluation",
    "evaluate": "quantize.evaluation.evaluation",
    "Scores": "quantize.evaluation.scores",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: each costs only its own imports."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
