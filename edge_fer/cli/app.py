"""The command `edge-fer`. Verbs import what they need when they are called.

A verb that needs TensorFlow says which extra to install where it is missing; the device's verbs
never import it.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_fer import __version__
from edge_fer.cli.config import config_app
from edge_fer.cli.controller import controller
from edge_fer.cli.eyes import eyes_app
from edge_fer.cli.health import doctor, status
from edge_fer.cli.model import model_app
from edge_fer.cli.monitor import monitor, replay
from edge_fer.cli.recording import recording_app
from edge_fer.errors import UserError
from firmware_bridge.errors import BridgeError

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

app = typer.Typer(
    name="edge-fer",
    help="Driver state from a cabin camera: train, quantize, run, monitor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(model_app, name="model")
app.add_typer(config_app, name="config")
app.add_typer(eyes_app, name="eyes")
app.add_typer(recording_app, name="recording")
app.command()(controller)
app.command()(status)
app.command()(doctor)
app.command()(monitor)
app.command()(replay)

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_DATA",
        help="FER2013: fer2013.csv, .csv.gz, icml_face_data.csv or a folder train/angry/*.jpg",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="count bad rows instead of stopping at the first")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edge-fer {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Driver state from a cabin camera: train, quantize, run, monitor."""


@app.command()
def demo(
    seconds: Annotated[
        float | None, typer.Option(help="stop after so many seconds (the scene lasts 26)", min=1)
    ] = None,
    json: JsonOption = False,
    picture: Annotated[
        Path | None, typer.Option(help="draw the last view into this SVG file instead")
    ] = None,
) -> None:
    """Run daemon and monitor against each other over a pseudo-terminal, on a scripted scene."""
    from edge_fer.demo import run_demo

    raise typer.Exit(run_demo(seconds=seconds, json_lines=json, picture=picture))


@app.command()
def run(
    camera: Annotated[
        str | None,
        typer.Option(
            help="v4l2:/dev/video0, picamera:0, jetson:0, rtsp://HOST/..., file:CLIP or demo:"
        ),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(
            help="slcan:PORT, cobs:PORT, socketcan:IFACE, udp_multicast:GROUP or virtual:NAME"
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="the TOML file (see systemd/)")] = None,
    model: Annotated[Path | None, typer.Option(help="the .tflite file, its card beside it")] = None,
) -> None:
    """Run the daemon: camera frames in, protected driver-state frames out. Ends on SIGTERM."""
    from edge_fer.daemon.start import run_daemon

    raise typer.Exit(run_daemon(config_path=config, camera=camera, link=link, model=model))


@app.command()
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


@app.command()
def data(
    path: Annotated[Path, typer.Argument(help="FER2013: a CSV (.gz too) or a folder of images")],
    json: JsonOption = False,
    skip_bad: SkipBadOption = False,
    plot: Annotated[Path | None, typer.Option(help="draw the distribution into this PNG")] = None,
) -> None:
    """Read FER2013, check each row, and show rows by usage and class."""
    from quantize.report.data_page import report_data

    report_data(path, json_output=json, skip_bad=skip_bad, plot=plot)


@app.command()
def train(
    data: DataOption,
    run: Annotated[
        Path, typer.Option(help="the folder of this training; resumes what it holds")
    ] = Path("runs/edge"),
    architecture: Annotated[str, typer.Option(help="edge or paper")] = "edge",
    seed: Annotated[int, typer.Option(help="decides initial weights, order and changes")] = 1,
    stages: Annotated[
        str | None,
        typer.Option(help="image size:epochs, comma between, as 32:20,40:8,48:6"),
    ] = None,
    initial: Annotated[
        Path | None,
        typer.Option(help="what to begin with: a .keras, the same or shallower, or int8 .tflite"),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="the highest one of the schedule", min=1e-6, max=1.0)
    ] = None,
    augmentation: Annotated[
        str, typer.Option(help="how far faces are changed at random: standard, light or none")
    ] = "standard",
    votes: Annotated[
        Path | None, typer.Option(help="FER+ votes, a CSV row for row: they train a second head")
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(help="a .keras or .tflite whose answers soften the labels; may be repeated"),
    ] = None,
    teacher_weight: Annotated[
        float | None, typer.Option(help="the share of the teachers' answers", min=0.0, max=1.0)
    ] = None,
    label_smoothing: Annotated[
        float | None, typer.Option(help="the share of a label given to all", min=0.0, max=0.9)
    ] = None,
    precision: Annotated[
        str, typer.Option(help="float32 or mixed_bfloat16: faster where the CPU has AVX512-BF16")
    ] = "float32",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=NUMBER, another setting: mixup=0.2, augmentation.scale=0"),
    ] = None,
    skip_bad: SkipBadOption = False,
) -> None:
    """Train a network on the Training rows; PublicTest chooses the checkpoint."""
    _need_workstation()
    from quantize.verbs.train import train_verb

    train_verb(
        data,
        run,
        architecture=architecture,
        seed=seed,
        stages=stages,
        initial=initial,
        learning_rate=learning_rate,
        augmentation=augmentation,
        votes=votes,
        teachers=teacher or (),
        teacher_weight=teacher_weight,
        label_smoothing=label_smoothing,
        precision=precision,
        changes=changes or (),
        skip_bad=skip_bad,
    )


@app.command()
def trainings(
    runs: Annotated[list[Path], typer.Argument(help="folders of `edge-fer train --run`")],
) -> None:
    """Compare trainings: what differs from the first, and what each reached on PublicTest."""
    _need_workstation()
    from quantize.report.compare import read_training, trainings_table

    print(trainings_table([read_training(run) for run in runs]))


@app.command()
def search(
    data: DataOption,
    space: Annotated[
        str, typer.Option(help="paper: the published space; edge: accuracy against multiply-adds")
    ] = "paper",
    trials: Annotated[int, typer.Option(help="trials with a result, in all", min=1)] = 20,
    workers: Annotated[int, typer.Option(help="processes on this machine", min=1, max=64)] = 1,
    epochs: Annotated[int, typer.Option(help="of each trial", min=1)] = 10,
    rows: Annotated[int, typer.Option(help="of Training for each trial", min=28)] = 28_558,
    side: Annotated[int, typer.Option(help="image size in pixels", min=16, max=96)] = 48,
    seed: Annotated[int, typer.Option(help="decides points, rows and initial weights")] = 1,
    sampler: Annotated[str, typer.Option(help="random, tpe, nsgaii or qmc")] = "random",
    pruner: Annotated[str, typer.Option(help="none, median or hyperband")] = "none",
    storage: Annotated[
        str | None,
        typer.Option(help="Optuna storage URL or journal:FILE; runs/search-SPACE.db without it"),
    ] = None,
    study: Annotated[str | None, typer.Option(help="its name; resumes what it holds")] = None,
    report: Annotated[
        Path | None, typer.Option(help="write a page with plots into this folder")
    ] = None,
) -> None:
    """Search architectures: the paper's random search, or one over the edge family."""
    _need_workstation()
    from quantize.search.verb import search_verb

    search_verb(
        data,
        space=space,
        study_name=study,
        storage=storage,
        trials=trials,
        workers=workers,
        epochs=epochs,
        rows=rows,
        side_px=side,
        seed=seed,
        sampler=sampler,
        pruner=pruner,
        report=report,
    )


@app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="the trained network, a .keras file")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="the .tflite file; its card goes beside it")],
    calibration_images: Annotated[
        int, typer.Option(help="size of the representative set", min=7)
    ] = 100,
    seed: Annotated[int, typer.Option(help="decides the representative set")] = 1,
    verify: Annotated[
        bool, typer.Option(help="refuse a file that does not behave as the network")
    ] = True,
    file_format: Annotated[
        str,
        typer.Option("--format", help="int8, or to compare: float32, float16, dynamic, int16x8"),
    ] = "int8",
    qat_epochs: Annotated[
        int, typer.Option(help="epochs of quantization-aware fine-tuning before", min=0)
    ] = 0,
    curve: Annotated[
        Path | None,
        typer.Option(help="measure int8 accuracy over the set's size too, into this folder"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Convert a network to full int8 and write its model card."""
    _need_workstation()
    from quantize.verbs.quantize import quantize_verb

    quantize_verb(
        model,
        data,
        out,
        calibration_images=calibration_images,
        seed=seed,
        json_output=json,
        verify=verify,
        file_format=file_format,
        qat_epochs=qat_epochs,
        curve=curve,
    )


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="a .keras or .tflite file")],
    data: DataOption,
    usage: Annotated[str, typer.Option(help="Training, PublicTest or PrivateTest")] = "PublicTest",
    corruptions: Annotated[
        bool, typer.Option("--corruptions", help="measure under what a cabin does to a face too")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="draw accuracy under corruptions into this PNG file")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="write a page with all figures into this folder")
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(help="for the report: the .keras file that a .tflite file came from"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure accuracy, loss, macro-F1, recall by class and the confusion matrix."""
    from quantize.verbs.evaluate import evaluate_verb

    evaluate_verb(
        model,
        data,
        usage=usage,
        json_output=json,
        corruptions=corruptions,
        plot=plot,
        report=report,
        network=network,
    )


def _need_workstation() -> None:
    """UserError where TensorFlow is not installed; else it comes in without its greeting."""
    from quantize.workstation import require_tensorflow

    require_tensorflow()


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; a UserError or BridgeError becomes one line and exit code 2."""
    try:
        app(arguments)
    except (UserError, BridgeError) as error:
        print(f"edge-fer: {error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (`| head`) went away: not an error of this command.
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
