"""The verbs that watch the line and play recordings of it."""

# ruff: noqa: PLC0415 - as in cli.py, a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

RECORDINGS = ".log (candump), .jsonl, .blf or .asc"


def monitor(
    port: Annotated[
        str,
        typer.Argument(
            help="slcan:PORT, cobs:PORT, socketcan:IFACE, udp_multicast:GROUP,"
            " replay:FILE (?speed=2), or - for what `candump -L` prints"
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="print JSON lines instead")] = False,
    seconds: Annotated[
        float | None, typer.Option(help="stop after so many seconds", min=0.1)
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help=f"record all that arrives into this new file: {RECORDINGS}"),
    ] = None,
    filter_text: Annotated[
        str,
        typer.Option(
            "--filter",
            help="show frames with these words, without -these: '3a0 state=attentive -ok'",
        ),
    ] = "",
    changed_only: Annotated[
        bool, typer.Option("--changed-only", help="show frames whose content changed")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="draw what was seen into this PNG; a recording at once, unwatched"),
    ] = None,
) -> None:
    """Decode and check what arrives from the daemon; record it, replay it, draw it."""
    from firmware_bridge.monitor.run import run_monitor

    raise typer.Exit(
        run_monitor(
            port,
            json_lines=json,
            seconds=seconds,
            record=record,
            filter_text=filter_text,
            changed_only=changed_only,
            plot=plot,
        )
    )


def replay(
    file: Annotated[Path, typer.Argument(help=f"a recording: {RECORDINGS}")],
    to: Annotated[str, typer.Option(help="slcan:PORT, cobs:PORT, socketcan:IFACE, ...")],
    speed: Annotated[float, typer.Option(help="2 is twice as fast as it was recorded")] = 1.0,
    loops: Annotated[int, typer.Option(help="play it so often; 0: until Ctrl-C", min=0)] = 1,
    filter_text: Annotated[
        str, typer.Option("--filter", help="send frames with these words only, as in monitor")
    ] = "",
) -> None:
    """Send the frames of a recording over a transport, as they were and at their own pace."""
    from firmware_bridge.recording.resend import resend

    raise typer.Exit(resend(file, to, speed=speed, loops=loops, filter_text=filter_text))
