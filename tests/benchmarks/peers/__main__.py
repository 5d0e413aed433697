"""`python -m tests.benchmarks.peers`: what `make bench-peers` runs."""

import argparse
import json
import sys
from pathlib import Path

from edge_fer.errors import OutputError, OutputReason, UsageError, UsageReason, UserError
from tests.benchmarks.peers.comparison import FACES, FRAMES, TURNS, Task, compare
from tests.benchmarks.peers.page import page
from tests.benchmarks.peers.programs import PROGRAMS


def main(arguments: list[str]) -> int:
    """Compare, write the page and the figures, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="FER2013, as edge-fer data")
    parser.add_argument("--clips", type=Path, required=True, help="a folder of *.mp4")
    parser.add_argument("--environments", type=Path, default=Path(".venv-peers"))
    parser.add_argument("--out", type=Path, help="write peers.md and peers.json into this folder")
    parser.add_argument("--only", action="append", help="a program of the table; may be repeated")
    parser.add_argument("--faces", type=int, default=FACES)
    parser.add_argument("--frames", type=int, default=FRAMES, help="of each clip")
    parser.add_argument("--turns", type=int, default=TURNS)
    given = parser.parse_args(arguments)
    known = {program.name: program for program in PROGRAMS}
    try:
        for name in given.only or ():
            if name not in known:
                raise UsageError(
                    UsageReason.BAD_VALUE, f"--only {name}: choose from {', '.join(known)}"
                )
        if min(given.faces, given.frames, given.turns) < 1:
            raise UsageError(UsageReason.BAD_VALUE, "--faces, --frames and --turns: one or more")
        if given.out is not None and not given.out.is_dir():
            raise OutputError(OutputReason.NO_FOLDER, f"--out {given.out}: no such folder")
        chosen = tuple(program for program in PROGRAMS if program.name in (given.only or known))
        task = Task(given.data, given.clips, given.faces, given.frames, given.turns)
        found = compare(
            task, given.environments.absolute(), chosen, lambda text: print(text, file=sys.stderr)
        )
    except UserError as error:
        print(f"peers: {error}", file=sys.stderr)
        return 2
    text = page(found)
    print(text)
    if given.out is not None:
        (given.out / "peers.md").write_text(text, encoding="utf-8")
        values = json.dumps(found.to_json(), indent=2)
        (given.out / "peers.json").write_text(values + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
