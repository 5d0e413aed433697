"""How the help looks: commands in groups, URI options and exit codes below them.

Plain text, and not typer's boxes: it wraps between words at any width, and reads well in a pipe.
"""

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from edge_fer.cli.exit_codes import MEANINGS

MAIN = "Main commands"
DEVICE = "On the device"
VEHICLE = "On the vehicle's side"
WORKSTATION = "On the workstation"
MEASURE = "Measurements"

_LONGEST_HELP = 200  # characters: first sentences are shown whole, and wrapped


class CommandGroups(TyperGroup):
    """A group that lists its commands under the titles that they were registered with."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section a title, in the order of registration."""
        titles: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is None or command.hidden:
                continue
            title = getattr(command, "rich_help_panel", None)
            rows = titles.setdefault(title if isinstance(title, str) else "Commands", [])
            rows.append((name, command.get_short_help_str(_LONGEST_HELP)))
        widest = max((len(name) for rows in titles.values() for name, _ in rows), default=0)
        for title, rows in titles.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{widest}}", text) for name, text in rows])


class ProgramHelp(CommandGroups):
    """The help of the program itself, which ends with the exit codes."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the table of exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in MEANINGS.items()])


def command_with(**sections: Mapping[str, str]) -> type[TyperCommand]:
    """Return a command class whose help ends with these tables; `_` in a title is a space."""

    class WithSections(TyperCommand):
        def format_epilog(self, ctx: Any, formatter: Any) -> None:
            for title, rows in sections.items():
                with formatter.section(title.replace("_", " ")):
                    formatter.write_dl(list(rows.items()))

    return WithSections


def new_app(text: str) -> typer.Typer:
    """Return a group of verbs below `edge-fer`."""
    return typer.Typer(help=text, cls=CommandGroups, no_args_is_help=True, rich_markup_mode=None)
