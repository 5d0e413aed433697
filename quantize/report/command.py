"""The command that writes a report, as its page names it."""

import shlex
from collections.abc import Mapping
from pathlib import Path


def command_line(
    model: Path,
    data: Path,
    *,
    usage: str,
    report: Path,
    network: Path | None,
    with_faces: bool = False,
    options: Mapping[str, str | None] | None = None,
) -> str:
    """Return the command line; paths are `shown`, and of further `options` those with a value.

    An option with its value is one word: `-1:1` alone reads as an option.
    """
    words = ["edge-fer", "evaluate", shown(model), "--data", shown(data), "--usage", usage]
    if network is not None:
        words += ["--network", shown(network)]
    words += [f"{name}={value}" for name, value in (options or {}).items() if value is not None]
    words += ["--report", shown(report)]
    return shlex.join([*words, "--with-faces"] if with_faces else words)


def shown(path: Path) -> str:
    """Return a path as a published page may name it: below the working folder, or the mere name.

    Where someone's home lies is no part of a report, and the same files shall give the same page.
    """
    absolute = path.absolute()
    if ".." in absolute.parts or not absolute.is_relative_to(Path.cwd()):
        return path.name
    return str(absolute.relative_to(Path.cwd()))
