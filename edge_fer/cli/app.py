"""The command `edge-fer`: its verbs, and how each of them ends.

Verbs import what they need when they are called. One that needs TensorFlow names the extra to
install where it is missing; the device's verbs never import it.
"""

import errno
import os
import sys
from typing import Annotated, Any

import typer

from edge_fer import __version__
from edge_fer.cli import device, health, workstation
from edge_fer.cli.annotate import annotate
from edge_fer.cli.benchmark import benchmark_app
from edge_fer.cli.config import config_app
from edge_fer.cli.controller import controller
from edge_fer.cli.dbc import dbc
from edge_fer.cli.exit_codes import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USER_ERROR,
    discard_output,
    leads_nowhere,
    occupy_closed_streams,
    reader_is_gone,
)
from edge_fer.cli.help import (
    DEVICE,
    MAIN,
    MEASURE,
    VEHICLE,
    WORKSTATION,
    ProgramHelp,
    command_with,
)
from edge_fer.cli.model import model_app
from edge_fer.cli.monitor import monitor, replay
from edge_fer.cli.preview import preview
from edge_fer.cli.recording import recording_app
from edge_fer.cli.uris import (
    CAMERA_URIS,
    FAULTS,
    LINK_URIS,
    LIVE_LINKS,
    MONITOR_LINKS,
    SEVERAL_OPTIONS,
)
from edge_fer.errors import UserError
from edge_fer.printable import printable
from firmware_bridge.errors import BridgeError

app = typer.Typer(
    name="edge-fer",
    cls=ProgramHelp,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_LINKS = command_with(Links={**MONITOR_LINKS, "": SEVERAL_OPTIONS})

# In the order of the help.
app.command(rich_help_panel=MAIN)(device.demo)
app.command(rich_help_panel=MAIN, cls=command_with(Cameras=CAMERA_URIS))(annotate)
app.command(rich_help_panel=MAIN)(workstation.train)
app.command(rich_help_panel=MAIN)(workstation.quantize)
app.command(
    rich_help_panel=MAIN,
    cls=command_with(Cameras=CAMERA_URIS, Links={**LINK_URIS, "": SEVERAL_OPTIONS}),
)(device.run)
app.command(rich_help_panel=MAIN, cls=_LINKS)(monitor)

app.command(rich_help_panel=DEVICE)(health.status)
app.command(rich_help_panel=DEVICE, cls=command_with(Cameras=CAMERA_URIS))(preview)
app.command(rich_help_panel=DEVICE)(health.doctor)
app.add_typer(config_app, name="config", rich_help_panel=DEVICE)
app.add_typer(model_app, name="model", rich_help_panel=DEVICE)
app.add_typer(recording_app, name="recording", rich_help_panel=DEVICE)

app.command(
    rich_help_panel=VEHICLE,
    cls=command_with(Links={**LIVE_LINKS, "": SEVERAL_OPTIONS}, Faults=FAULTS),
)(controller)
app.command(rich_help_panel=VEHICLE, cls=command_with(Links={**LIVE_LINKS, "": SEVERAL_OPTIONS}))(
    replay
)
app.command(rich_help_panel=VEHICLE)(dbc)

app.command(rich_help_panel=WORKSTATION)(workstation.data)
app.command(rich_help_panel=WORKSTATION)(workstation.faces)
app.command(rich_help_panel=WORKSTATION)(workstation.evaluate)
app.command(rich_help_panel=WORKSTATION)(workstation.search)
app.command(rich_help_panel=WORKSTATION)(workstation.trainings)
app.command(rich_help_panel=WORKSTATION)(workstation.soup)
app.command(rich_help_panel=WORKSTATION)(workstation.cache)
app.command(rich_help_panel=WORKSTATION)(workstation.tune)
app.add_typer(workstation.face_app, name="face", rich_help_panel=WORKSTATION)
app.add_typer(workstation.eyes_app, name="eyes", rich_help_panel=WORKSTATION)

app.add_typer(benchmark_app, name="benchmark", rich_help_panel=MEASURE)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edge-fer {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Driver state from a cabin camera: train, quantize, run, monitor."""


# What decoders say of a damaged video would stand among our lines. OpenCV reads this when it is
# loaded, which no module of the command line does before a verb needs it.
_QUIET_DECODERS = {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "SILENT"}


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit, with a code of `exit_codes`.

    A UserError or BridgeError becomes one line on standard error.
    """
    occupy_closed_streams()
    for name, level in _QUIET_DECODERS.items():
        os.environ.setdefault(name, level)
    led_nowhere = leads_nowhere()
    code: Any = EXIT_OK
    try:
        try:
            app(arguments)
        except SystemExit as end:
            # typer and rich turn a closed pipe into exit code 1.
            if isinstance(end.__context__, BrokenPipeError):
                raise end.__context__ from None
            code = end.code
        # Here, and not at the interpreter's end, where it could only complain.
        sys.stdout.flush()
    except (UserError, BridgeError) as error:
        # It may quote a file of somebody else's, whose bytes a terminal must not obey.
        for line in f"edge-fer: {error}".split("\n"):
            print(printable(line), file=sys.stderr)
        code = EXIT_USER_ERROR
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        if not reader_is_gone() and (led_nowhere or not leads_nowhere()):
            raise
        discard_output()
    except OSError as error:
        # A full disk behind `>`; errors of files, which have a name, are reported by their verbs.
        if error.errno not in _DISK_FULL or error.filename is not None:
            raise
        discard_output()
        print(f"edge-fer: cannot write the output: {os.strerror(error.errno)}", file=sys.stderr)
        code = EXIT_USER_ERROR
    sys.exit(code)


if __name__ == "__main__":
    main()
