"""The verbs below `edge-fer face`: label, train, measure and convert the face network."""

# ruff: noqa: PLC0415 - as in cli.py, a verb imports what it needs when it is called

from pathlib import Path
from typing import Annotated

import typer

face_app = typer.Typer(
    help="Train, measure and convert the network that follows the face.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

LabelsOption = Annotated[
    Path,
    typer.Option("--labels", envvar="EDGE_FER_FACE_LABELS", help="what `edge-fer face label` wrote"),
]
SeedOption = Annotated[
    int, typer.Option(help="decides held-out groups, initial weights, order and changes", min=0)
]


@face_app.command()
def label(
    faces: Annotated[
        Path,
        typer.Option(envvar="EDGE_FER_FACES", help="the folder with faces.zip and faces.csv"),
    ],
    fer2013: Annotated[
        Path, typer.Option("--data", envvar="EDGE_FER_DATA", help="FER2013: its CSV or folder")
    ],
    out: Annotated[Path, typer.Option(help="the labels, an .npz file")] = Path("face-labels.npz"),
    seed: SeedOption = 1,
    workers: Annotated[int | None, typer.Option(help="processes; default: one a core", min=1)] = None,
) -> None:
    """Have the face mesh label the faces to train on, in minutes."""
    from quantize.face.verb import label_verb

    label_verb(faces, fer2013, out, seed=seed, workers=workers)


@face_app.command()
def train(
    labels: LabelsOption,
    out: Annotated[Path, typer.Option(help="a folder for network, history and record")] = Path(
        "face-run"
    ),
    seed: SeedOption = 1,
    epochs: Annotated[int, typer.Option(min=1)] = 40,
    initial: Annotated[Path | None, typer.Option(help="weights to begin with, .keras")] = None,
) -> None:
    """Train the face network; a training that was interrupted goes on where it was."""
    from quantize.face.verb import train_verb

    train_verb(labels, out, seed=seed, epochs=epochs, initial=initial)
