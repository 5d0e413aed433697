"""The verbs below `edge-fer eyes`: train, measure and convert the eye network."""

# ruff: noqa: PLC0415 - as in cli.py, a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

eyes_app = typer.Typer(
    help="Train, measure and convert the network that sees closed eyes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_EYES",
        help="eye patches of Closed Eyes in the Wild: dataset_B_Eye_Images.zip, or its folder",
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(help="decides held-out patches, initial weights, order, changes", min=0),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]


@eyes_app.command()
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="the network, a .keras file")] = Path("eyes.keras"),
    seed: SeedOption = 1,
    epochs: Annotated[int, typer.Option(min=1)] = 40,
) -> None:
    """Train the eye network, in minutes."""
    from quantize.eyes.verb import train_verb

    train_verb(data, out, seed=seed, epochs=epochs)


@eyes_app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="a .keras or .tflite file")],
    data: DataOption,
    seed: SeedOption = 1,
    json: JsonOption = False,
) -> None:
    """Measure an eye network on the held-out patches."""
    from quantize.eyes.verb import evaluate_verb

    evaluate_verb(model, data, seed=seed, json_output=json)


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
