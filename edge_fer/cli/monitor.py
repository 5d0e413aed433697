"""The verbs that watch the line and play recordings of it."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.options import (
    BaseIdOption,
    DbcOption,
    JsonOption,
    PlotOption,
    RecordOption,
    SecondsOption,
)

RECORDINGS = ".log (candump), .jsonl, .blf, .asc, .trc (PEAK) or .csv (python-can, SavvyCAN)"
_WORDS = "with these words, without -these: '3a0 state=attentive -ok'"


def monitor(
    port: Annotated[
        str, typer.Argument(metavar="LINK", help="Where frames come from: see Links below.")
    ],
    json: JsonOption = False,
    seconds: SecondsOption = None,
    record: RecordOption = None,
    filter_text: Annotated[
        str,
        typer.Option("--filter", metavar="WORDS", help=f"Show frames {_WORDS}."),
    ] = "",
    changed_only: Annotated[
        bool, typer.Option("--changed-only", help="Show frames whose content changed.")
    ] = False,
    plot: PlotOption = None,
    signals: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="What --plot draws, instead of the usual: Health.Latency,DriverEvidence.Yaw, or a"
            " message for all of its signals.",
        ),
    ] = "",
    base_id: BaseIdOption = None,
    dbc: DbcOption = None,
) -> None:
    """Decode and check the daemon's frames; record, replay or draw them."""
    from edge_fer.paths import frames_socket
    from firmware_bridge.monitor.run import run_monitor

    if port == "daemon:":
        port = f"daemon:{frames_socket()}"

    raise typer.Exit(
        run_monitor(
            port,
            json_lines=json,
            seconds=seconds,
            record=record,
            filter_text=filter_text,
            changed_only=changed_only,
            plot=plot,
            signals=signals,
        )
    )


def replay(
    file: Annotated[Path, typer.Argument(help=f"A recording: {RECORDINGS}.")],
    to: Annotated[str, typer.Option(metavar="LINK", help="Where to send: see Links below.")],
    speed: Annotated[float, typer.Option(help="2 is twice as fast as it was recorded.")] = 1.0,
    loops: Annotated[int, typer.Option(help="How often; 0: until Ctrl-C.", min=0)] = 1,
    filter_text: Annotated[
        str, typer.Option("--filter", metavar="WORDS", help=f"Send only frames {_WORDS}.")
    ] = "",
    base_id: BaseIdOption = None,
    dbc: DbcOption = None,
) -> None:
    """Send the frames of a recording over a link, as they were and at their own pace."""
    from firmware_bridge.recording.resend import resend

    raise typer.Exit(resend(file, to, speed=speed, loops=loops, filter_text=filter_text))
