"""The options of `edge-fer controller`."""

# ruff: noqa: PLC0415 - as in cli.py, a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

SWITCH = "on, off or unknown"


def controller(
    port: Annotated[
        str, typer.Argument(help="slcan:PORT, cobs:PORT, socketcan:IFACE or udp_multicast:GROUP")
    ],
    speed: Annotated[str, typer.Option(help="km/h, or unknown")] = "0",
    ignition: Annotated[str, typer.Option(help="on, off, cranking or unknown")] = "on",
    enable: Annotated[str, typer.Option(help=SWITCH)] = "on",
    answer: Annotated[
        str, typer.Option(help="to each request: none, all-right or not-all-right")
    ] = "none",
    script: Annotated[
        Path | None,
        typer.Option(help="lines as `3.5 speed=80 answer=all-right`: seconds, and what changes"),
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            help="make PORT, a path that does not exist yet, with a bad line behind it:"
            " drop=0.05,flip=0.001,stall=10,unplug=20,reboot=30,seed=1 and others"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print JSON instead of a view")] = False,
    seconds: Annotated[
        float | None, typer.Option(help="stop after so many seconds", min=0.1)
    ] = None,
) -> None:
    """Act as the vehicle controller: say speed, ignition and enable; answer; show what to do."""
    from firmware_bridge.controller.vehicle import VehicleState, change
    from firmware_bridge.controller.verb import run_controller
    from firmware_bridge.faults.spec import parse_faults

    vehicle = VehicleState()
    given = {"speed": speed, "ignition": ignition, "enable": enable, "answer": answer}
    for name, text in given.items():
        vehicle = change(vehicle, name, text)
    raise typer.Exit(
        run_controller(
            port,
            vehicle,
            script=script,
            faults=None if faults is None else parse_faults(faults),
            json_lines=json,
            seconds=seconds,
        )
    )
