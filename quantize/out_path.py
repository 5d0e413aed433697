"""Where a verb may write a network: refused before the work and not after it."""

from pathlib import Path

from edge_fer.out_path import prepare_file


def check_out_path(path: Path, suffix: str = ".tflite") -> None:
    """Make the folder of `path` where it is missing; UserError unless a file can go there.

    It has to end in `suffix`. The card of a .tflite file goes to the same name in .json.
    """
    prepare_file(path, "--out", (suffix,))
