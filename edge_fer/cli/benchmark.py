"""The verbs below `edge-fer benchmark`: what this device, this link and this policy reach."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

import json as json_format
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.help import new_app
from edge_fer.cli.options import JsonOption, ModelOption, OutOption, PlotOption
from edge_fer.errors import UsageError, UsageReason
from firmware_bridge.benchmark.output import Output

LEAST_SOAK_FRAMES = 100

benchmark_app = new_app("Measure the device, the link, the driver states and the face detectors.")


class MeasuredDetector(StrEnum):
    """What `benchmark faces` measures."""

    NETWORK = "network"
    HAAR = "haar"
    YUNET = "yunet"


OperatorsOption = Annotated[
    bool, typer.Option("--ops", help="Measure each operator of the network too.")
]


@benchmark_app.command()
def device(
    model: ModelOption = None,
    operators: OperatorsOption = False,
    json: JsonOption = False,
    out: OutOption = None,
    plot: PlotOption = None,
) -> None:
    """Measure this device in about a minute: model, stages, daemon. Exit code 3 if it throttled."""
    from edge_fer.benchmark.verb import run_device_benchmark

    raise typer.Exit(
        run_device_benchmark(model=model, output=Output(json, out), operators=operators, plot=plot)
    )


@benchmark_app.command()
def compare(
    old: Annotated[
        str,
        typer.Argument(help="An older result of `benchmark device --json`, or: board"),
    ],
    new: Annotated[
        Path | None,
        typer.Argument(help="The newer result; this device is measured now without it."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="The share by which a metric may be worse.", min=0)
    ] = 0.1,
    model: ModelOption = None,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Compare with an older result of the same processor. Exit code 1 if a metric is worse.

    `board` is the stored result of this board.
    """
    from edge_fer.benchmark.verb import run_compare

    if new is not None and model is not None:
        raise UsageError(
            UsageReason.CONTRADICTION, "--model has no effect where both results are given"
        )
    raise typer.Exit(
        run_compare(old=old, new=new, model=model, tolerance=tolerance, output=Output(json, out))
    )


@benchmark_app.command()
def link(json: JsonOption = False, out: OutOption = None) -> None:
    """Measure rates, latency and reconnect time of the transports, in about a minute."""
    from firmware_bridge.benchmark.verb import run_link_benchmark

    run_link_benchmark(output=Output(json, out))


@benchmark_app.command()
def states(
    clips: Annotated[
        Path | None,
        typer.Argument(help="A folder of annotated clips, instead of the stories."),
    ] = None,
    annotations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What a person sees in the clips (TOML)."),
    ] = None,
    hours: Annotated[
        float, typer.Option(help="Of attentive driving; ten take minutes.", min=0.1, max=1000)
    ] = 10.0,
    seed: Annotated[int, typer.Option(help="Decides the noise.", min=0)] = 1,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Measure the false-alarm rate and the recall of each driver state, over stories or clips."""
    if clips is not None:
        from edge_fer.benchmark.clips_verb import run_clips_benchmark

        run_clips_benchmark(clips=clips, annotations=annotations, output=Output(json, out))
        return
    if annotations is not None:
        raise UsageError(
            UsageReason.CONTRADICTION, "--annotations has no effect without a folder of CLIPS"
        )
    from edge_fer.benchmark.states_verb import run_states_benchmark

    run_states_benchmark(hours=hours, seed=seed, output=Output(json, out))


@benchmark_app.command()
def faces(
    clips: Annotated[Path, typer.Argument(help="A folder of clips.")],
    yunet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="EDGE_FER__FACE__MODEL",
            help="YuNet's file. [default: the fetched one]",
        ),
    ] = None,
    detector: Annotated[
        list[MeasuredDetector] | None,
        typer.Option(
            help="Measure only this one; may be repeated. [default: all whose file is there]"
        ),
    ] = None,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Measure how often the face detectors find the face of each clip, and their time.

    `network` is the daemon's search and tracking without YuNet.
    """
    if yunet is not None and detector and MeasuredDetector.YUNET not in detector:
        raise UsageError(
            UsageReason.CONTRADICTION, "--yunet has no effect without --detector yunet"
        )
    from edge_fer.benchmark.faces_verb import run_faces_benchmark

    run_faces_benchmark(
        clips=clips, yunet=yunet, only=frozenset(detector or ()), output=Output(json, out)
    )


@benchmark_app.command()
def soak(
    length: Annotated[
        str,
        typer.Argument(help="A time at a camera's rate (90s, 10m, 2h), or frames at full speed."),
    ] = "10m",
    model: ModelOption = None,
    json: JsonOption = False,
    out: OutOption = None,
    plot: PlotOption = None,
) -> None:
    """Run the daemon for long: its drift over a time, or its memory and counters over frames."""
    if not length.strip().isdecimal():
        from edge_fer.benchmark.drift import parse_duration
        from edge_fer.benchmark.verb import run_drift

        seconds = parse_duration(length)
        raise typer.Exit(
            run_drift(model=model, seconds=seconds, output=Output(json, out), plot=plot)
        )
    from edge_fer.benchmark.soak_verb import run_soak_benchmark

    frames = int(length)
    if frames < LEAST_SOAK_FRAMES:
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"soak {length}: {LEAST_SOAK_FRAMES} frames or more, or a time with a unit: 10m",
        )
    for option, value in (("--plot", plot), ("--model", model)):
        if value is not None:
            raise UsageError(
                UsageReason.CONTRADICTION,
                f"{option} has no effect with a number of frames; give a time: 10m",
            )
    raise typer.Exit(run_soak_benchmark(frames=frames, output=Output(json, out)))


@benchmark_app.command()
def growth(
    model: ModelOption = None,
    json: JsonOption = False,
    out: OutOption = None,
    plot: PlotOption = None,
) -> None:
    """Measure cost by frame size, faces, frame rate, threads and cameras, in about two minutes."""
    from edge_fer.benchmark.growth_verb import run_growth_benchmark

    run_growth_benchmark(model=model, output=Output(json, out), plot=plot)


@benchmark_app.command()
def faults(json: JsonOption = False, out: OutOption = None) -> None:
    """Count the corrupted frames, of 16 million, that pass all checks. Exit code 1 if too many."""
    from firmware_bridge.benchmark.corruption_verb import run_fault_benchmark

    raise typer.Exit(run_fault_benchmark(output=Output(json, out)))


@benchmark_app.command()
def load(
    lines: Annotated[int, typer.Option(help="Lines of garbage.", min=1000)] = 1_000_000,
    unplugs: Annotated[int, typer.Option(help="Losses of the port.", min=1)] = 50,
    blocked: Annotated[
        float, typer.Option(help="Seconds in which the reader does not read.", min=1, max=3600)
    ] = 20.0,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Put the link under load in about three minutes. Exit code 1 if a bound is exceeded."""
    from firmware_bridge.benchmark.load import LoadEffort
    from firmware_bridge.benchmark.load_verb import run_load_benchmark

    effort = LoadEffort(lines, unplugs, blocked)
    raise typer.Exit(run_load_benchmark(effort=effort, output=Output(json, out)))


@benchmark_app.command()
def schema() -> None:
    """Print the JSON schema of the results of `device` and of `soak` with a time."""
    from edge_fer.benchmark.result_schema import result_schema

    typer.echo(json_format.dumps(result_schema(), indent=2))
