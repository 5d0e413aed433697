"""The stored results of boards: what a benchmark is compared with where no older one is at hand.

`boards/README.md` says how to add one.
"""

import re
from importlib import resources
from pathlib import Path

from edge_fer.benchmark.conditions import Machine
from edge_fer.errors import DataError, DataReason

FOLDER = Path(str(resources.files("edge_fer.benchmark"))) / "boards"


def board_name(machine: Machine) -> str:
    """Return the name that a result of this machine is stored under.

    It is made of board, processor, its model and cores: one name may be that of many processors.
    """
    parts = [machine.board, machine.processor, machine.model, f"{machine.cores} cores"]
    text = " ".join(part for part in parts if part not in ("unknown", ""))
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def stored_result(machine: Machine, folder: Path = FOLDER) -> Path:
    """Return the stored result of this machine's board; UserError, with what to do, if none."""
    path = folder / f"{board_name(machine)}.json"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.json"))) or "none"
        raise DataError(
            DataReason.NOT_FOUND,
            f"compare board: no result is stored for {path.stem} (stored: {known}): measure with"
            " `edge-fer benchmark device --ops --out FILE`, later compare with FILE in place of"
            f" `board`; it is stored as {path}",
        )
    return path
