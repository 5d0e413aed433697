"""The options of `edge-fer benchmark`."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.options import JsonOption
from edge_fer.errors import UserError


def benchmark(
    link: Annotated[
        bool,
        typer.Option("--link", help="rates, latency and reconnect time of the transports instead"),
    ] = False,
    states: Annotated[
        bool,
        typer.Option(
            "--states", help="false alarms an hour and dangers seen, over stories instead"
        ),
    ] = False,
    hours: Annotated[
        float,
        typer.Option(
            help="with --states: of attentive driving; ten take minutes", min=0.1, max=1000
        ),
    ] = 10.0,
    seed: Annotated[int, typer.Option(help="with --states: decides the noise", min=0)] = 1,
    faults: Annotated[
        bool,
        typer.Option("--faults", help="corrupted frames that would be believed, of 16 million"),
    ] = False,
    faces: Annotated[
        Path | None,
        typer.Option(help="face detectors on the clips of this folder instead, in minutes"),
    ] = None,
    yunet: Annotated[
        Path | None,
        typer.Option(envvar="EDGE_FER__FACE__MODEL", help="with --faces: YuNet's file"),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="the .tflite file; the shipped one without it")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="an older --json result, or board: exit code 1 if slower")
    ] = None,
    ops: Annotated[bool, typer.Option("--ops", help="what each operator takes, too")] = False,
    soak: Annotated[
        str | None,
        typer.Option(
            help="the daemon for so long instead (10m), and how it drifts; or at full speed for so "
            "many frames (1000000)"
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="draw the device's figures, or --soak's or --growth's, into this PNG"),
    ] = None,
    growth: Annotated[
        bool,
        typer.Option("--growth", help="by frame size, faces, rate, threads, cameras instead"),
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="print the JSON schema of the device's results")
    ] = False,
    tolerance: Annotated[
        float, typer.Option(help="with --compare: the share by which a figure may be worse", min=0)
    ] = 0.1,
    json: JsonOption = False,
) -> None:
    """Measure this device in about a minute: model, stages, daemon."""
    others = link + states + faults + (faces is not None)
    if others + (soak is not None) + growth + schema > 1:
        raise UserError(
            "benchmark: --link, --faces, --states, --faults, --soak, --growth and --schema exclude "
            "each other; choose one"
        )
    if (ops or compare) and (others or soak or growth):
        raise UserError("benchmark: --ops and --compare are for the device's figures only")
    if plot and others:
        raise UserError("benchmark: --plot is for the device's figures, --soak and --growth")
    if schema:
        import json as json_format

        from edge_fer.benchmark.result_schema import result_schema

        typer.echo(json_format.dumps(result_schema(), indent=2))
        return
    if link:
        from firmware_bridge.benchmark.verb import run_link_benchmark

        run_link_benchmark(json_output=json)
        return
    if states:
        from edge_fer.benchmark.states_verb import run_states_benchmark

        run_states_benchmark(hours=hours, seed=seed, json_output=json)
        return
    if faces is not None:
        from edge_fer.benchmark.faces_verb import run_faces_benchmark

        run_faces_benchmark(clips=faces, yunet=yunet, json_output=json)
        return
    if soak is not None and soak.strip().isdecimal():
        from edge_fer.benchmark.soak_verb import run_soak_benchmark

        if int(soak) < 100 or plot:
            raise UserError(f"--soak {soak}: for frames, 100 or more and no --plot; or a time: 10m")
        raise typer.Exit(run_soak_benchmark(frames=int(soak), json_output=json))
    if faults:
        from firmware_bridge.benchmark.corruption_verb import run_fault_benchmark

        raise typer.Exit(run_fault_benchmark(json_output=json))
    if growth:
        from edge_fer.benchmark.growth_verb import run_growth_benchmark

        run_growth_benchmark(model=model, json_output=json, plot=plot)
        return
    from edge_fer.benchmark.verb import run_device_benchmark, run_drift

    if soak is not None:
        from edge_fer.benchmark.drift import parse_duration

        seconds = parse_duration(soak)
        raise typer.Exit(run_drift(model=model, seconds=seconds, json_output=json, plot=plot))
    raise typer.Exit(
        run_device_benchmark(
            model=model,
            json_output=json,
            old=compare,
            tolerance=tolerance,
            operators=ops,
            plot=plot,
        )
    )
