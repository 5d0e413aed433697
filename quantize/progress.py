"""A progress bar on stderr, so that stdout stays clean for results and JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress_bar(
    text: str, total: float, *, show: bool = True
) -> Iterator[Callable[[float], None]]:
    """Show a bar while the block runs; yields a function that takes the amount done since.

    The bar vanishes when the block ends. Nothing is drawn where stderr is no terminal.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    hidden = not (show and console.is_terminal)
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(text, total=total)

        def advance(amount: float) -> None:
            progress.advance(task, amount)

        yield advance
