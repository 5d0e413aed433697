"""Where a verb may write a model: said before the work and not after it."""

from pathlib import Path

from edge_fer.errors import UserError


def check_out_path(path: Path, suffix: str = ".tflite") -> None:
    """UserError unless a model can go to `path`: another ending, or no such folder."""
    if path.suffix != suffix:
        card = "; the card goes to the same in .json" if suffix == ".tflite" else ""
        raise UserError(f"--out {path}: end the name in {suffix}{card}")
    if not path.parent.is_dir():
        raise UserError(f"--out {path}: there is no folder {path.parent}")
