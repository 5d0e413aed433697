"""Where a verb may write a model: said before the work and not after it."""

from pathlib import Path

from edge_fer.errors import OutputError, OutputReason


def check_out_path(path: Path, suffix: str = ".tflite") -> None:
    """UserError unless a model can go to `path`: another ending, or no such folder."""
    if path.suffix != suffix:
        card = "; the card goes to the same in .json" if suffix == ".tflite" else ""
        raise OutputError(OutputReason.BAD_NAME, f"--out {path}: end the name in {suffix}{card}")
    if not path.parent.is_dir():
        raise OutputError(OutputReason.NO_FOLDER, f"--out {path}: there is no folder {path.parent}")
