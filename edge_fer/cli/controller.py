"""The options of `edge-fer controller`."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.options import BaseIdOption, DbcOption, JsonOption, SecondsOption


# The words of firmware_bridge.controller.vehicle, which is imported later; a test holds them equal.
class Switch(StrEnum):
    """A switch in the vehicle."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class Ignition(StrEnum):
    """The ignition's position."""

    ON = "on"
    OFF = "off"
    CRANKING = "cranking"
    UNKNOWN = "unknown"


class DriverAnswer(StrEnum):
    """What the driver answers to a request."""

    NONE = "none"
    ALL_RIGHT = "all-right"
    NOT_ALL_RIGHT = "not-all-right"


def controller(
    port: Annotated[
        str, typer.Argument(metavar="LINK", help="Where the device is: see Links below.")
    ],
    speed: Annotated[str, typer.Option(help="km/h, or unknown.")] = "0",
    ignition: Annotated[Ignition, typer.Option(help="The ignition.")] = Ignition.ON,
    enable: Annotated[Switch, typer.Option(help="The driver's monitoring switch.")] = Switch.ON,
    answer: Annotated[
        DriverAnswer, typer.Option(help="The driver's answer to each request.")
    ] = DriverAnswer.NONE,
    script: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Lines as `3.5 speed=80 answer=all-right`: seconds, and changes."
        ),
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="FAULTS",
            help="Make the serial port of LINK, a path that does not exist yet, with a faulty"
            " line behind it, as drop=0.05,unplug=20: see Faults below.",
        ),
    ] = None,
    json: JsonOption = False,
    seconds: SecondsOption = None,
    base_id: BaseIdOption = None,
    dbc: DbcOption = None,
) -> None:
    """Act as the vehicle controller: send speed, ignition and enable; answer requests."""
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
