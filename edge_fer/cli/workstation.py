"""The workstation's verbs: data, training, search, conversion to int8, evaluation.

The only module of the command line that imports `quantize`, and only when a verb is called: on a
device neither TensorFlow nor matplotlib is installed.
"""

# ruff: noqa: PLC0415 - quantize is imported where a verb is called

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.help import new_app
from edge_fer.cli.options import JsonOption, PlotOption, ReportOption

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_DATA",
        help="FER2013: fer2013.csv, .csv.gz, icml_face_data.csv or a folder train/angry/*.jpg.",
    ),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Count bad rows and go on instead of stopping.")
]
NetworkOut = Annotated[
    Path, typer.Option("--out", help="The .tflite file to write; its card goes beside it.")
]


# The choices of `quantize`, which is not imported to show help; a test holds them equal.
class Architecture(StrEnum):
    """Networks that can be trained."""

    EDGE = "edge"
    PAPER = "paper"


class Augmentation(StrEnum):
    """How far faces are changed at random."""

    STANDARD = "standard"
    LIGHT = "light"
    NONE = "none"


class Precision(StrEnum):
    """Number formats of a training."""

    FLOAT32 = "float32"
    MIXED_BFLOAT16 = "mixed_bfloat16"


class Usage(StrEnum):
    """FER2013's parts."""

    TRAINING = "Training"
    PUBLIC_TEST = "PublicTest"
    PRIVATE_TEST = "PrivateTest"


class FileFormat(StrEnum):
    """What a network can be converted to."""

    INT8 = "int8"
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    INT16X8 = "int16x8"


class Space(StrEnum):
    """Search spaces."""

    PAPER = "paper"
    EDGE = "edge"


class Sampler(StrEnum):
    """Optuna's samplers."""

    RANDOM = "random"
    TPE = "tpe"
    NSGAII = "nsgaii"
    QMC = "qmc"


class Pruner(StrEnum):
    """Optuna's pruners."""

    NONE = "none"
    MEDIAN = "median"
    HYPERBAND = "hyperband"


def data(
    path: Annotated[Path, typer.Argument(help="FER2013: a CSV (.gz too) or a folder of images.")],
    json: JsonOption = False,
    skip_bad: SkipBadOption = False,
    plot: PlotOption = None,
) -> None:
    """Read FER2013, check each row, and count rows by usage and class."""
    from quantize.report.data_page import report_data

    report_data(path, json_output=json, skip_bad=skip_bad, plot=plot)


def train(
    data: DataOption,
    run: Annotated[
        Path, typer.Option(help="The folder of this training; resumes what it holds.")
    ] = Path("runs/edge"),
    architecture: Annotated[Architecture, typer.Option(help="The network.")] = Architecture.EDGE,
    seed: Annotated[int, typer.Option(help="Decides initial weights, order and augmentation.")] = 1,
    stages: Annotated[
        str | None,
        typer.Option(help="SIDE:EPOCHS with commas between, as 32:20,40:8,48:6."),
    ] = None,
    initial: Annotated[
        Path | None,
        typer.Option(
            help="Weights to begin with: a .keras file, as deep or shallower, or an int8 .tflite."
        ),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The schedule's highest rate.", min=1e-6, max=1.0)
    ] = None,
    augmentation: Annotated[
        Augmentation, typer.Option(help="How far faces are changed at random.")
    ] = Augmentation.STANDARD,
    votes: Annotated[
        Path | None, typer.Option(help="FER+ votes, a CSV row for row: they train a second head.")
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(help="A .keras or .tflite whose outputs soften the labels; repeatable."),
    ] = None,
    teacher_weight: Annotated[
        float | None, typer.Option(help="The share of the teachers' outputs.", min=0.0, max=1.0)
    ] = None,
    label_smoothing: Annotated[
        float | None,
        typer.Option(help="The share of a label spread over all classes.", min=0.0, max=0.9),
    ] = None,
    precision: Annotated[
        Precision,
        typer.Option(help="mixed_bfloat16 is faster where the CPU has AVX512-BF16."),
    ] = Precision.FLOAT32,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="NAME=NUMBER, another setting, as mixup=0.2 or augmentation.scale=0."
        ),
    ] = None,
    skip_bad: SkipBadOption = False,
) -> None:
    """Train a network on the Training rows; PublicTest chooses the checkpoint."""
    _need_tensorflow()
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


def trainings(
    runs: Annotated[list[Path], typer.Argument(help="Folders of `edge-fer train --run`.")],
) -> None:
    """Compare trainings: how each differs from the first, and its PublicTest accuracy."""
    _need_tensorflow()
    from quantize.report.compare import read_training, trainings_table

    print(trainings_table([read_training(run) for run in runs]))


def search(
    data: DataOption,
    space: Annotated[
        Space,
        typer.Option(help="paper: the published space; edge: accuracy against multiply-adds."),
    ] = Space.PAPER,
    trials: Annotated[int, typer.Option(help="Trials with a result, in all.", min=1)] = 20,
    workers: Annotated[int, typer.Option(help="Processes on this machine.", min=1, max=64)] = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of each trial.", min=1)] = 10,
    rows: Annotated[int, typer.Option(help="Training rows for each trial.", min=28)] = 28_558,
    side: Annotated[int, typer.Option(help="Image size in pixels.", min=16, max=96)] = 48,
    seed: Annotated[int, typer.Option(help="Decides points, rows and initial weights.")] = 1,
    sampler: Annotated[Sampler, typer.Option(help="Optuna's sampler.")] = Sampler.RANDOM,
    pruner: Annotated[Pruner, typer.Option(help="Optuna's pruner.")] = Pruner.NONE,
    storage: Annotated[
        str | None,
        typer.Option(
            help="Optuna storage URL or journal:FILE. [default: runs/search-SPACE.db]",
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="The study's name; resumes it. [default: SPACE]")
    ] = None,
    report: ReportOption = None,
) -> None:
    """Search architectures: the paper's random search, or one over the edge family."""
    _need_tensorflow()
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


def quantize(
    model: Annotated[Path, typer.Argument(help="The trained network, a .keras file.")],
    data: DataOption,
    out: NetworkOut,
    calibration_images: Annotated[
        int, typer.Option(help="Size of the representative set.", min=7)
    ] = 100,
    seed: Annotated[int, typer.Option(help="Decides the representative set.")] = 1,
    verify: Annotated[
        bool, typer.Option(help="Refuse a file that does not behave as the network.")
    ] = True,
    file_format: Annotated[
        FileFormat,
        typer.Option("--format", help="Formats other than int8 are for comparison."),
    ] = FileFormat.INT8,
    qat_epochs: Annotated[
        int, typer.Option(help="Epochs of quantization-aware fine-tuning before.", min=0)
    ] = 0,
    curve: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Measure int8 accuracy over the set's size too, into a page."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Convert a network to full int8 and write its model card."""
    _need_tensorflow()
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


def evaluate(
    model: Annotated[Path, typer.Argument(help="A .keras or .tflite file.")],
    data: DataOption,
    usage: Annotated[Usage, typer.Option(help="The rows to measure on.")] = Usage.PUBLIC_TEST,
    corruptions: Annotated[
        bool,
        typer.Option("--corruptions", help="Measure under blur, noise, darkness and others too."),
    ] = False,
    plot: PlotOption = None,
    report: ReportOption = None,
    network: Annotated[
        Path | None,
        typer.Option(help="For --report: the .keras file that a .tflite file came from."),
    ] = None,
    with_faces: Annotated[
        bool,
        typer.Option(
            "--with-faces",
            help="For --report: contact sheets of faces of the data, which are of real people.",
        ),
    ] = False,
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
        with_faces=with_faces,
    )


eyes_app = new_app("Train, measure and convert the network that detects closed eyes.")

EyesOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_EYES",
        help="Eye patches of Closed Eyes in the Wild: dataset_B_Eye_Images.zip, or its folder.",
    ),
]
SplitSeedOption = Annotated[
    int,
    typer.Option(
        "--seed", help="Decides held-out patches, initial weights, order, augmentation.", min=0
    ),
]


@eyes_app.command("train")
def train_eyes(
    data: EyesOption,
    out: Annotated[Path, typer.Option("--out", help="The .keras file to write.")] = Path(
        "eyes.keras"
    ),
    seed: SplitSeedOption = 1,
    epochs: Annotated[int, typer.Option(help="Passes over the patches.", min=1)] = 40,
) -> None:
    """Train the eye network, in minutes."""
    from quantize.eyes.verb import train_verb

    train_verb(data, out, seed=seed, epochs=epochs)


@eyes_app.command("evaluate")
def evaluate_eyes(
    model: Annotated[Path, typer.Argument(help="A .keras or .tflite file.")],
    data: EyesOption,
    seed: SplitSeedOption = 1,
    json: JsonOption = False,
) -> None:
    """Measure an eye network on the held-out patches."""
    from quantize.eyes.verb import evaluate_verb

    evaluate_verb(model, data, seed=seed, json_output=json)


@eyes_app.command("quantize")
def quantize_eyes(
    model: Annotated[Path, typer.Argument(help="The trained network, a .keras file.")],
    data: EyesOption,
    out: NetworkOut,
    json: JsonOption = False,
) -> None:
    """Convert an eye network to full int8 and write its card."""
    from quantize.eyes.verb import quantize_verb

    quantize_verb(model, data, out, json_output=json)


face_app = new_app("Train, measure and convert the network that follows the face.")

FaceLabelsOption = Annotated[
    Path,
    typer.Option(
        "--labels", envvar="EDGE_FER_FACE_LABELS", help="The file of `edge-fer face label`."
    ),
]
GroupSeedOption = Annotated[
    int,
    typer.Option(
        "--seed", help="Decides held-out groups, initial weights, order, augmentation.", min=0
    ),
]


@face_app.command("label")
def label_faces(
    faces: Annotated[
        Path,
        typer.Option(
            "--faces", envvar="EDGE_FER_FACES", help="The folder with faces.zip and faces.csv."
        ),
    ],
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The .npz file to write.")] = Path(
        "face-labels.npz"
    ),
    seed: GroupSeedOption = 1,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes. [default: one for each core]", min=1, show_default=False),
    ] = None,
) -> None:
    """Label the faces to train on with MediaPipe's face mesh, in minutes."""
    from quantize.face.verb import label_verb

    label_verb(faces, data, out, seed=seed, workers=workers)


@face_app.command("train")
def train_face(
    labels: FaceLabelsOption,
    out: Annotated[
        Path, typer.Option("--out", help="The folder for network, history and settings.")
    ] = Path("face-run"),
    seed: GroupSeedOption = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of 25,600 squares.", min=1)] = 60,
    initial: Annotated[
        Path | None, typer.Option(help="A .keras file with the weights to start with.")
    ] = None,
) -> None:
    """Train the face network; an interrupted training continues where it stopped."""
    from quantize.face.verb import train_verb

    train_verb(labels, out, seed=seed, epochs=epochs, initial=initial)


@face_app.command("evaluate")
def evaluate_face(
    model: Annotated[Path, typer.Argument(help="A .keras or .tflite file.")],
    labels: FaceLabelsOption,
    seed: GroupSeedOption = 1,
    json: JsonOption = False,
) -> None:
    """Measure a face network on the groups that were held out."""
    from quantize.face.verb import evaluate_verb

    evaluate_verb(model, labels, seed=seed, json_output=json)


@face_app.command("quantize")
def quantize_face(
    run: Annotated[Path, typer.Argument(help="The folder of a training.")],
    labels: FaceLabelsOption,
    out: NetworkOut,
    json: JsonOption = False,
) -> None:
    """Convert a face network to full int8 and write its card."""
    from quantize.face.verb import quantize_verb

    quantize_verb(run, labels, out, json_output=json)


def _need_tensorflow() -> None:
    """UserError where TensorFlow is not installed; else import it without its greeting."""
    from quantize.workstation import require_tensorflow

    require_tensorflow()
