"""Where a benchmark's result goes: tables or JSON on standard output, and JSON into a file."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from firmware_bridge.errors import OutputError, OutputReason

if TYPE_CHECKING:
    from rich.console import RenderableType

_LEAST_WIDTH = 110  # of the tables in a file or a pipe, which has no width of its own


@dataclass(frozen=True, slots=True)
class Output:
    """`json` prints JSON instead of tables; `file` gets JSON; `stream` replaces standard output."""

    json: bool = False
    file: Path | None = None
    stream: TextIO | None = None

    @property
    def target(self) -> TextIO:
        """The stream that is printed to."""
        return sys.stdout if self.stream is None else self.stream

    def show(self, values: Any, view: "Callable[[], RenderableType]") -> None:
        """Print `values` as JSON or `view()` for people; BridgeError where `file` fails."""
        text = json.dumps(values, indent=2)
        if self.file is not None:
            try:
                self.file.write_text(text + "\n", encoding="utf-8")
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else error
                raise OutputError(
                    OutputReason.NOT_WRITABLE, f"--out {self.file}: cannot be written ({reason})"
                ) from error
        if self.json:
            print(text, file=self.target)
        else:
            # Not for other verbs, which load this module: the daemon's start waits for it.
            from rich.console import Console  # noqa: PLC0415

            console = Console(file=self.target)
            if not console.is_terminal:
                console.width = max(console.width, _LEAST_WIDTH)
            console.print(view(), highlight=False)


def announce(step: str) -> None:
    """Name the step that begins to a person who waits; a log or a pipe needs no progress."""
    if sys.stderr.isatty():
        print(f"measuring: {step}", file=sys.stderr)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a measurement; `partial` is the result of what was measured until then."""

    def __init__(self, partial: Any) -> None:
        super().__init__()
        self.partial = partial
