"""Reads the small text files of /proc and /sys: one value a file, and each may be missing."""

import contextlib
from pathlib import Path


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return what is in `folder` by a pattern of `Path.glob`, in order; [] where it cannot be."""
    with contextlib.suppress(OSError):
        return sorted(folder.glob(pattern))
    return []


def read_text(path: Path) -> str | None:
    """Return the text without the white space around it; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_number(path: Path, base: int = 10) -> int | None:
    """Return the whole number that a file holds; None where it holds none or cannot be read."""
    text = read_text(path)
    try:
        return None if text is None else int(text, base)
    except ValueError:
        return None
