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
from edge_fer.cli.options import (
    JsonOption,
    PlotOption,
    ReportOption,
    file_for,
    folder_for,
    is_given,
)
from edge_fer.errors import UsageError, UsageReason
from edge_fer.paths import SHIPPED_MODEL

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_DATA",
        help="FER2013 or pictures: a CSV (.gz too), a folder train/angry/*.jpg, a .zip or .tar.gz.",
    ),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Count bad rows and go on instead of stopping.")
]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        help="The network's classes in the order of its outputs, as happy,sad,neutral. "
        "[default: FER2013's]",
    ),
]
DataLabelsOption = Annotated[
    str | None,
    typer.Option(help="What 0, 1, ... mean in the data, where not as in FER2013."),
]
InputRangeOption = Annotated[
    str | None,
    typer.Option(
        metavar="LOW:HIGH",
        help="What black and white were in training: 0:1, -1:1 or 0:255. [default: 0:1]",
    ),
]


def _face_crop(context: typer.Context, wanted: bool) -> bool:
    # An option that is not given is looked at after those that are.
    if not wanted and is_given(context, "yunet"):
        raise UsageError(UsageReason.CONTRADICTION, "--yunet has no effect without --face-crop")
    return wanted


def _config_or_yunet(context: typer.Context, path: Path | None) -> Path | None:
    if is_given(context, "config") and is_given(context, "yunet"):
        raise UsageError(
            UsageReason.CONTRADICTION,
            "--yunet has no effect with --config, which names the detector",
        )
    return path


FaceCropOption = Annotated[
    bool,
    typer.Option(
        "--face-crop",
        callback=_face_crop,
        help="The pictures show people: find and cut the face as the daemon does.",
    ),
]
YunetOption = Annotated[
    Path | None,
    typer.Option(envvar="EDGE_FER__FACE__MODEL", help="With --face-crop: YuNet's file."),
]
RowsOption = Annotated[
    int, typer.Option(min=0, help="Take so many rows of each usage, for a quick try; 0: all.")
]
FewOption = Annotated[
    int,
    typer.Option(
        "--rows", min=0, help="Take so many pictures of each kind, for a quick try; 0: all."
    ),
]
FewHeldOption = Annotated[
    int,
    typer.Option("--rows", min=0, help="Measure on so many, for a quick try; 0: all."),
]
NetworkOut = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FILE",
        callback=file_for("--out", ".tflite"),
        help="The .tflite file to write; its card goes beside it.",
    ),
]
PatchesOut = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", callback=file_for("--out", ".npz"), help="The .npz file to write."
    ),
]


# The choices of `quantize`, which is not imported to show help; a test holds them equal.
NetworkOutOption = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FILE",
        callback=file_for("--out", ".keras"),
        help="The .keras file to write.",
    ),
]


class Architecture(StrEnum):
    """Networks that can be trained."""

    EDGE = "edge"
    EDGE_SMALL = "edge-small"
    PAPER = "paper"
    TEACHER = "teacher"


class Augmentation(StrEnum):
    """How far faces are changed at random."""

    STANDARD = "standard"
    LIGHT = "light"
    NONE = "none"


class Precision(StrEnum):
    """Number formats of a training."""

    FLOAT32 = "float32"
    MIXED_BFLOAT16 = "mixed_bfloat16"


PrecisionOption = Annotated[
    Precision,
    typer.Option(help="mixed_bfloat16 is faster where the CPU has AVX512-BF16."),
]


class Choice(StrEnum):
    """Which epoch's network a training keeps."""

    BEST = "best"
    LAST = "last"
    NONE = "none"


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
    path: Annotated[
        Path, typer.Argument(help="A CSV (.gz too), a folder of images, a .zip or .tar.gz.")
    ],
    json: JsonOption = False,
    skip_bad: SkipBadOption = False,
    plot: PlotOption = None,
    labels: Annotated[
        str | None,
        typer.Option(help="What 0, 1, ... mean in the data. [default: FER2013's order]"),
    ] = None,
    face_crop: FaceCropOption = False,
    yunet: YunetOption = None,
) -> None:
    """Read FER2013 or data like it, check each row, and count rows by usage and class."""
    from quantize.data.classes import data_classes
    from quantize.report.data_page import report_data
    from quantize.verbs.reading import reading_of

    reading = reading_of(
        skip_bad=skip_bad, classes=data_classes(labels), face_crop=face_crop, yunet=yunet
    )
    report_data(path, json_output=json, reading=reading, plot=plot)


def train(
    data: DataOption,
    run: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            callback=folder_for("--run"),
            help="The folder of this training; resumes what it holds.",
        ),
    ] = Path("runs/edge"),
    architecture: Annotated[Architecture, typer.Option(help="The network.")] = Architecture.EDGE,
    seed: Annotated[int, typer.Option(help="Decides initial weights, order and augmentation.")] = 1,
    stages: Annotated[
        str | None,
        typer.Option(
            help="SIDE:EPOCHS with commas between. [default: 32:20,40:8,48:6; paper: 48:60]"
        ),
    ] = None,
    initial: Annotated[
        Path | None,
        typer.Option(
            help="Weights to begin with: a .keras file, as deep or shallower, or an int8 .tflite; "
            "a file of edge also for edge-small."
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="The schedule's highest rate. [default: 0.06; paper: 0.001]", min=1e-6, max=1.0
        ),
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
        float | None,
        typer.Option(help="The share of the teachers' outputs. [default: 0.5]", min=0.0, max=1.0),
    ] = None,
    consistent_teachers: Annotated[
        bool,
        typer.Option(
            "--consistent-teachers",
            help="Ask the teachers for each changed picture, not once for each face.",
        ),
    ] = False,
    teacher_views: Annotated[
        int | None,
        typer.Option(
            help="Average the teachers' outputs over 1, 2 (with the mirror image) or 10 (five "
            "crops, each with its mirror image). [default: 2; with --consistent-teachers: 1]",
            show_default=False,
        ),
    ] = None,
    choose: Annotated[
        Choice,
        typer.Option(
            help="The epoch that is kept: the best one on PublicTest or the fold, the last one, or "
            "none, to compare trainings at any size."
        ),
    ] = Choice.BEST,
    fold: Annotated[
        int,
        typer.Option(
            help="Hold out this tenth of the Training rows to choose the epoch, and measure "
            "PublicTest once, at the end; 0: PublicTest chooses.",
            min=0,
            max=10,
        ),
    ] = 0,
    label_smoothing: Annotated[
        float | None,
        typer.Option(
            help="The share of a label spread over all classes. [default: 0.1; paper: 0]",
            min=0.0,
            max=0.9,
        ),
    ] = None,
    precision: PrecisionOption = Precision.FLOAT32,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="NAME=NUMBER, another setting, as mixup=0.2 or augmentation.scale=0."
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=0, help="Train on so many rows, for a quick try; 0: all.")
    ] = 0,
    skip_bad: SkipBadOption = False,
    labels: Annotated[
        str | None,
        typer.Option(help="What 0, 1, ... mean in the data. [default: FER2013's order]"),
    ] = None,
    face_crop: FaceCropOption = False,
    yunet: YunetOption = None,
) -> None:
    """Train a network on the Training rows; PublicTest chooses the checkpoint, or a fold."""
    if teacher_weight is not None and not teacher:
        raise UsageError(
            UsageReason.CONTRADICTION, "--teacher-weight has no effect without --teacher"
        )
    if consistent_teachers and not teacher:
        raise UsageError(
            UsageReason.CONTRADICTION, "--consistent-teachers has no effect without --teacher"
        )
    if teacher_views is not None and not teacher:
        raise UsageError(
            UsageReason.CONTRADICTION, "--teacher-views has no effect without --teacher"
        )
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
        consistent_teachers=consistent_teachers,
        teacher_views=teacher_views,
        choose=choose.value,
        fold=fold,
        label_smoothing=label_smoothing,
        precision=precision.value,  # Keras takes no other kind of text
        changes=changes or (),
        rows=rows,
        skip_bad=skip_bad,
        labels=labels,
        face_crop=face_crop,
        yunet=yunet,
    )


def trainings(
    runs: Annotated[list[Path], typer.Argument(help="Folders of `edge-fer train --run`.")],
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table in Markdown, for a page.")
    ] = False,
    last: Annotated[
        int, typer.Option(help="Compare the mean accuracy of so many last epochs.", min=1)
    ] = 1,
) -> None:
    """Compare trainings: how each differs from the first, and its PublicTest accuracy."""
    _need_tensorflow()
    from rich.console import Console

    from quantize.report.compare import read_training, render_trainings, trainings_table

    trainings = [read_training(run) for run in runs]
    if markdown:
        print(trainings_table(trainings, last))
    else:
        Console().print(render_trainings(trainings, last))


def soup(
    networks: Annotated[
        list[Path],
        typer.Argument(help="best.keras of trainings that began with the same --initial."),
    ],
    data: DataOption,
    out: NetworkOutOption,
    skip_bad: SkipBadOption = False,
) -> None:
    """Average the weights of networks that began as one, as with other seeds, into one network."""
    _need_tensorflow()
    from quantize.verbs.soup import soup_verb

    soup_verb(networks, data, out, skip_bad=skip_bad)


def faces(
    path: Annotated[
        Path, typer.Argument(help="A picture, a video, a folder of both, a .zip or .tar.gz.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=folder_for("--out"),
            help="Where crops and faces.csv go.",
        ),
    ],
    every: Annotated[
        float, typer.Option(help="Of a video: seconds between two saved faces.", min=0.0)
    ] = 0.5,
    side: Annotated[
        int,
        typer.Option(help="Side of a crop in pixels; 0: as in the frame.", min=0, max=1024),
    ] = 48,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=_config_or_yunet,
            help="A daemon's TOML file, for its [face] settings.",
        ),
    ] = None,
    yunet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="EDGE_FER__FACE__MODEL",
            callback=_config_or_yunet,
            help="YuNet's file.",
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=0, help="Stop after so many faces, for a quick try; 0: all.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Find, cut and save faces as the daemon sees them, with a table of what it measures."""
    from quantize.verbs.faces import faces_verb

    faces_verb(
        path,
        out,
        every_s=every,
        side_px=side,
        config=config,
        yunet=yunet,
        json_output=json,
        rows=rows,
    )


def tune(
    clips: Annotated[
        Path,
        typer.Argument(help="A folder of clips or pictures; folders named happy, sad ... label."),
    ],
    data: DataOption,
    out: NetworkOut,
    initial: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The int8 file to begin with. [default: the shipped one]",
            show_default=False,
        ),
    ] = SHIPPED_MODEL,
    epochs: Annotated[int, typer.Option(help="Passes over the faces.", min=1)] = 4,
    every: Annotated[
        float, typer.Option(help="Of a clip: seconds between two faces.", min=0.0)
    ] = 0.2,
    rows: Annotated[
        int, typer.Option(help="Training rows of FER2013 to mix in; 0: all.", min=0)
    ] = 7000,
    seed: Annotated[int, typer.Option(help="Decides rows, order and augmentation.")] = 1,
    yunet: Annotated[
        Path | None, typer.Option(envvar="EDGE_FER__FACE__MODEL", help="YuNet's file.")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            callback=folder_for("--work"),
            help="Keep faces and training there; resumes it.",
        ),
    ] = None,
    skip_bad: SkipBadOption = False,
    verify: Annotated[
        bool, typer.Option(help="Refuse a network that is not better, or forgets.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Tune the emotion network to your camera and drivers, verified against the one before."""
    _need_tensorflow()
    from quantize.verbs.tune import tune_verb

    tune_verb(
        clips,
        data,
        out,
        initial=initial,
        epochs=epochs,
        every_s=every,
        rows=rows,
        seed=seed,
        yunet=yunet,
        work=work,
        skip_bad=skip_bad,
        verify=verify,
        json_output=json,
    )


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete what is cached.")] = False,
    json: JsonOption = False,
) -> None:
    """Show where parsed data is cached and how much it is, or clear it."""
    from quantize.verbs.cache import cache_verb

    cache_verb(clear=clear, json_output=json)


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
    labels: Annotated[
        str | None,
        typer.Option(help="What 0, 1, ... mean in the data. [default: FER2013's order]"),
    ] = None,
    face_crop: FaceCropOption = False,
    yunet: YunetOption = None,
    precision: PrecisionOption = Precision.FLOAT32,
    most_multiply_adds: Annotated[
        int,
        typer.Option(
            help="What a network may cost at 48 px: accuracy is then the one goal. 0: no limit.",
            min=0,
        ),
    ] = 0,
    skip_bad: SkipBadOption = False,
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
        labels=labels,
        face_crop=face_crop,
        yunet=yunet,
        precision=precision.value,  # Keras takes no other kind of text
        most_multiply_adds=most_multiply_adds,
        skip_bad=skip_bad,
    )


def quantize(
    model: Annotated[
        Path, typer.Argument(help="The trained network: .keras, .h5 or a SavedModel folder.")
    ],
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
            metavar="FOLDER",
            callback=folder_for("--curve"),
            help="Measure int8 accuracy over the set's size too, into a page.",
        ),
    ] = None,
    labels: LabelsOption = None,
    input_range: InputRangeOption = None,
    data_labels: DataLabelsOption = None,
    face_crop: FaceCropOption = False,
    yunet: YunetOption = None,
    rows: RowsOption = 0,
    skip_bad: SkipBadOption = False,
    json: JsonOption = False,
) -> None:
    """Convert a network to full int8 and write its model card."""
    if file_format is not FileFormat.INT8:
        for option, given in (
            ("--curve", curve is not None),
            ("--qat-epochs", qat_epochs > 0),
            ("--no-verify", not verify),
        ):
            if given:
                raise UsageError(
                    UsageReason.CONTRADICTION, f"{option} has no effect with --format {file_format}"
                )
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
        labels=labels,
        input_range=input_range,
        data_labels=data_labels,
        face_crop=face_crop,
        yunet=yunet,
        rows=rows,
        skip_bad=skip_bad,
    )


def evaluate(
    model: Annotated[
        Path, typer.Argument(help="A .keras, .h5 or .tflite file, or a SavedModel folder.")
    ],
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
    labels: LabelsOption = None,
    input_range: InputRangeOption = None,
    data_labels: DataLabelsOption = None,
    face_crop: FaceCropOption = False,
    yunet: YunetOption = None,
    rows: RowsOption = 0,
    skip_bad: SkipBadOption = False,
    with_faces: Annotated[
        bool,
        typer.Option(
            "--with-faces",
            help="For --report: contact sheets of faces of the data, which are of real people.",
        ),
    ] = False,
    fit_confidence: Annotated[
        bool,
        typer.Option(
            "--fit-confidence",
            help="Fit the card's temperature and threshold on these rows, clean and corrupted.",
        ),
    ] = False,
    views: Annotated[
        int,
        typer.Option(
            help="Average over 1, 2 (with the mirror image) or 10 (five crops, each with its "
            "mirror image) of each face."
        ),
    ] = 1,
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
        labels=labels,
        input_range=input_range,
        data_labels=data_labels,
        face_crop=face_crop,
        yunet=yunet,
        rows=rows,
        skip_bad=skip_bad,
        with_faces=with_faces,
        fit=fit_confidence,
        views=views,
    )


eyes_app = new_app("Label pictures for, train, measure and convert the network that reads eyes.")

EyesOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGE_FER_EYES",
        help="Labelled pictures of eyes: the .npz file of `edge-fer eyes prepare`.",
    ),
]
SplitSeedOption = Annotated[
    int,
    typer.Option(
        "--seed", help="Decides held-out people, initial weights, order, augmentation.", min=0
    ),
]


@eyes_app.command("prepare")
def prepare_eyes(
    eyes: Annotated[
        Path,
        typer.Option(help="Folder with eye_patches, eyes_ir and dataset_B_Eye_Images.zip."),
    ],
    faces: Annotated[Path, typer.Option(help="Folder with faces.zip and faces.csv.")],
    out: PatchesOut = Path("eyes.npz"),
    rows: FewOption = 0,
) -> None:
    """Label pictures of eyes with MediaPipe's iris network, in minutes."""
    _need_tensorflow()
    from quantize.eyes.verb import prepare_verb

    prepare_verb(eyes, faces, out, rows=rows)


@eyes_app.command("train")
def train_eyes(
    data: EyesOption,
    out: NetworkOutOption = Path("eyes.keras"),
    seed: SplitSeedOption = 1,
    epochs: Annotated[int, typer.Option(help="Passes over the pictures.", min=1)] = 40,
    learning_rate: Annotated[
        float, typer.Option(help="At first; it falls to 0 as a cosine.", min=1e-6, max=0.1)
    ] = 2e-3,
    start: Annotated[
        Path | None,
        typer.Option(help="A .keras file of the same seed, whose weights to begin with."),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=0, help="Train on so many pictures, for a quick try; 0: all.")
    ] = 0,
) -> None:
    """Train the eye network; an interrupted training continues from its checkpoint."""
    _need_tensorflow()
    from quantize.eyes.verb import train_verb

    train_verb(
        data,
        out,
        seed=seed,
        epochs=epochs,
        learning_rate=learning_rate,
        start=start,
        rows=rows,
    )


@eyes_app.command("evaluate")
def evaluate_eyes(
    model: Annotated[Path, typer.Argument(help="A .keras or .tflite file.")],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            envvar="EDGE_FER_EYES",
            help="The .npz file of `edge-fer eyes prepare`, or a folder of your own pictures in "
            "folders open and closed.",
        ),
    ],
    seed: SplitSeedOption = 1,
    json: JsonOption = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=file_for("--report", ".md"),
            help="Write a page (.md) with these metrics and the clips'.",
        ),
    ] = None,
    clips: Annotated[
        Path, typer.Option(envvar="EDGE_FER_CLIPS", help="Folder of the clips, for --report.")
    ] = Path("clips"),
    rows: FewHeldOption = 0,
) -> None:
    """Measure an eye network on people that it was not trained on."""
    _need_tensorflow()
    from quantize.eyes.verb import evaluate_verb

    evaluate_verb(model, data, seed=seed, json_output=json, report=report, clips=clips, rows=rows)


@eyes_app.command("quantize")
def quantize_eyes(
    model: Annotated[Path, typer.Argument(help="The trained network, a .keras file.")],
    data: EyesOption,
    out: NetworkOut,
    rows: FewHeldOption = 0,
    json: JsonOption = False,
) -> None:
    """Convert an eye network to full int8 and write its card."""
    _need_tensorflow()
    from quantize.eyes.verb import quantize_verb

    quantize_verb(model, data, out, json_output=json, rows=rows)


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
    out: PatchesOut = Path("face-labels.npz"),
    seed: GroupSeedOption = 1,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes. [default: one for each core]", min=1, show_default=False),
    ] = None,
    rows: FewOption = 0,
    skip_bad: SkipBadOption = False,
) -> None:
    """Label the faces to train on with MediaPipe's face mesh, in minutes."""
    from quantize.face.verb import label_verb

    label_verb(faces, data, out, seed=seed, workers=workers, skip_bad=skip_bad, rows=rows)


@face_app.command("train")
def train_face(
    labels: FaceLabelsOption,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FOLDER",
            callback=folder_for("--out"),
            help="The folder for network, history and settings.",
        ),
    ] = Path("face-run"),
    seed: GroupSeedOption = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of 25,600 squares.", min=1)] = 60,
    learning_rate: Annotated[
        float,
        typer.Option(
            help="The highest, after a warm-up; it falls to 0 as a cosine.", min=1e-6, max=0.1
        ),
    ] = 3e-3,
    initial: Annotated[
        Path | None, typer.Option(help="A .keras file with the weights to start with.")
    ] = None,
    rows: Annotated[
        int,
        typer.Option(min=0, help="Train on so many faces of each kind, for a quick try; 0: all."),
    ] = 0,
) -> None:
    """Train the face network; an interrupted training continues where it stopped."""
    from quantize.face.verb import train_verb

    train_verb(
        labels,
        out,
        seed=seed,
        epochs=epochs,
        initial=initial,
        learning_rate=learning_rate,
        rows=rows,
    )


@face_app.command("evaluate")
def evaluate_face(
    model: Annotated[Path, typer.Argument(help="A .keras or .tflite file.")],
    labels: Annotated[
        Path,
        typer.Option(
            "--labels",
            envvar="EDGE_FER_FACE_LABELS",
            help="The file of `edge-fer face label`, or a folder, .zip or .tar.gz of pictures of "
            "your own.",
        ),
    ],
    seed: GroupSeedOption = 1,
    json: JsonOption = False,
    report: ReportOption = None,
    rows: FewHeldOption = 0,
) -> None:
    """Measure a face network on the groups that were held out."""
    from quantize.face.verb import evaluate_verb

    evaluate_verb(model, labels, seed=seed, json_output=json, report=report, rows=rows)


@face_app.command("quantize")
def quantize_face(
    run: Annotated[Path, typer.Argument(help="The folder of a training.")],
    labels: FaceLabelsOption,
    out: NetworkOut,
    rows: FewHeldOption = 0,
    json: JsonOption = False,
) -> None:
    """Convert a face network to full int8 and write its card."""
    from quantize.face.verb import quantize_verb

    quantize_verb(run, labels, out, json_output=json, rows=rows)


def _need_tensorflow() -> None:
    """UserError where TensorFlow is not installed; else import it without its greeting."""
    from quantize.workstation import require_tensorflow

    require_tensorflow()
