"""The verbs below `edge-fer eyes`: label, train, measure and convert the eye network."""

# ruff: noqa: PLC0415 - as in app.py, a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

eyes_app = typer.Typer(
    help="Label pictures for, train, measure and convert the network that reads eyes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_EYES",
        help="labelled pictures of eyes, the .npz file of `edge-fer eyes prepare`",
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(help="decides held-out people, initial weights, order, changes", min=0),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]


@eyes_app.command()
def prepare(
    eyes: Annotated[
        Path,
        typer.Option(help="folder with eye_patches, eyes_ir and dataset_B_Eye_Images.zip"),
    ],
    faces: Annotated[Path, typer.Option(help="folder with faces.zip and faces.csv")],
    out: Annotated[Path, typer.Option(help="the labelled pictures, a .npz file")] = Path(
        "eyes.npz"
    ),
) -> None:
    """Label pictures of eyes with MediaPipe's iris network and cut them, in minutes."""
    from quantize.eyes.verb import prepare_verb

    prepare_verb(eyes, faces, out)


@eyes_app.command()
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="the network, a .keras file")] = Path("eyes.keras"),
    seed: SeedOption = 1,
    epochs: Annotated[int, typer.Option(min=1)] = 40,
) -> None:
    """Train the eye network; an interrupted training goes on where it was."""
    from quantize.eyes.verb import train_verb

    train_verb(data, out, seed=seed, epochs=epochs)


@eyes_app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="a .keras or .tflite file")],
    data: DataOption,
    seed: SeedOption = 1,
    json: JsonOption = False,
    report: Annotated[
        Path | None, typer.Option(help="write a page (.md) with these figures and those of clips")
    ] = None,
    clips: Annotated[
        Path, typer.Option(envvar="EDGE_FER_CLIPS", help="folder of the clips, for --report")
    ] = Path("clips"),
) -> None:
    """Measure an eye network on the eyes of people that it was not trained on."""
    from quantize.eyes.verb import evaluate_verb

    evaluate_verb(model, data, seed=seed, json_output=json, report=report, clips=clips)


@eyes_app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="the trained network, a .keras file")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="the .tflite file; its card goes beside it")],
    json: JsonOption = False,
) -> None:
    """Convert an eye network to full int8 and write its card."""
    from quantize.eyes.verb import quantize_verb

    quantize_verb(model, data, out, json_output=json)
