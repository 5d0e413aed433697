"""What a card says of a network's origin: from the record of its training. Pure.

The commands have every option that is not as it is without it; the card's `training` has all
settings. Paths are those of one machine and are left out.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from edge_fer.models.provenance import DataSource, Provenance
from quantize.data.augmentation import AUGMENTATIONS
from quantize.training.settings import TrainingSettings, paper_settings

FER2013_LICENCE = "for research use"
_FER2013 = (
    "Kaggle, Challenges in Representation Learning: Facial Expression Recognition Challenge, 2013"
)
# The digest that `edge-fer train` computes of the whole of FER2013.
_FER2013_SHA256 = "ca3471959abef732a303f0abd475328ac82abbccb3e3e85037ac1f69bb5832c0"
# Settings that have an option of their own in `edge-fer train`.
_OWN_OPTIONS = frozenset(
    {"seed", "learning_rate", "label_smoothing", "teacher_weight", "teacher_views", "fold"}
)
_FACES = "pictures of faces in public repositories, labelled by MediaPipe's face mesh"
_EYES = (
    "eyes in pictures and films of public repositories, labelled by MediaPipe's iris network; MRL"
    " Eye Dataset (mrl.cs.vsb.cz); Closed Eyes in the Wild (Song et al. 2014)"
)


def emotions_provenance(training: Mapping[str, Any]) -> Provenance | None:
    """Return the origin of an emotion network; None without a record of its training."""
    settings, digest = training.get("settings"), training.get("data_sha256")
    if not isinstance(settings, Mapping) or not isinstance(digest, str):
        return None
    stages = ",".join(f"{stage['side_px']}:{stage['epochs']}" for stage in settings["stages"])
    options = [
        "edge-fer train --data FILE",
        f"--architecture {settings['architecture']} --seed {settings['seed']}",
        f"--stages {stages} --learning-rate {settings['learning_rate']:g}",
        f"--label-smoothing {settings['label_smoothing']:g}",
    ]
    if settings.get("initial_sha256"):
        options.append("--initial FILE")
    options += ["--teacher FILE"] * len(settings.get("teachers_sha256", ()))
    if settings.get("teachers_sha256"):
        options.append(f"--teacher-weight {settings['teacher_weight']:g}")
    if settings.get("consistent_teachers"):
        options.append("--consistent-teachers")
    if settings.get("teacher_views"):
        options.append(f"--teacher-views {settings['teacher_views']}")
    if settings.get("votes_sha256"):
        options.append("--votes FILE")
    if settings.get("precision", "float32") != "float32":
        options.append(f"--precision {settings['precision']}")
    if settings.get("choose", "best") != "best":
        options.append(f"--choose {settings['choose']}")
    if settings.get("fold"):
        options.append(f"--fold {settings['fold']}")
    options += _changed_numbers(settings)
    is_fer2013 = digest == _FER2013_SHA256
    data = [
        DataSource("FER2013", digest, _FER2013, FER2013_LICENCE)
        if is_fer2013
        else DataSource("data of one's own", digest, "not said", "not said")
    ]
    if settings.get("votes_sha256"):
        source = "github.com/microsoft/FERPlus (Barsoum et al. 2016)"
        data.append(DataSource("FER+ votes", settings["votes_sha256"], source, "MIT"))
    commands = (" ".join(options), "edge-fer quantize NETWORK --data FILE --out FILE")
    return Provenance(commands, tuple(data))


def _changed_numbers(settings: Mapping[str, Any]) -> list[str]:
    """Return what `--augmentation` and `--set` changed."""
    plain = (
        paper_settings() if settings["architecture"] == "paper" else TrainingSettings()
    ).to_json()
    options = []
    augmentation = dict(settings.get("augmentation", plain["augmentation"]))
    for name, preset in AUGMENTATIONS.items():
        values = asdict(preset)
        if (
            {**augmentation, "erase_side": tuple(augmentation["erase_side"])}
            == values
            != plain["augmentation"]
        ):
            options.append(f"--augmentation {name}")
            plain["augmentation"] = values
    for group, known in (("", plain), ("augmentation.", plain["augmentation"])):
        given = augmentation if group else settings
        options += [
            f"--set {group}{name}={given[name]:g}"
            for name, value in known.items()
            if _is_number(value) and name not in _OWN_OPTIONS and given.get(name, value) != value
        ]
    return options


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def trainings(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the records of all trainings, the first one first: each began with the one before."""
    found: list[Mapping[str, Any]] = []
    before: Any = record
    while isinstance(before, Mapping):
        found.insert(0, before)
        before = before.get("started_from")
    return found


def face_provenance(record: Mapping[str, Any]) -> Provenance:
    """Return the origin of a face network, of the record that `edge-fer face train` left."""
    digests, seed = record["data_sha256"], record["settings"]["seed"]
    trained = []
    for training in trainings(record):
        settings = training["settings"]
        initial = " --initial FILE" if training.get("initial") else ""
        trained.append(
            f"edge-fer face train --labels FILE --out FOLDER --epochs {settings['epochs']}"
            f" --learning-rate {settings['learning_rate']:g} --seed {settings['seed']}{initial}"
        )
    return Provenance(
        (
            f"edge-fer face label --faces FOLDER --data FILE --out FILE --seed {seed}",
            *trained,
            "edge-fer face quantize FOLDER --labels FILE --out FILE",
        ),
        (
            DataSource("faces", digests["faces"], _FACES, "each repository's own"),
            DataSource("FER2013", digests["fer2013"], _FER2013, FER2013_LICENCE),
        ),
    )


def eyes_provenance(record: Mapping[str, Any]) -> Provenance:
    """Return the origin of an eye network, of the record that `edge-fer eyes train` left."""
    trained = []
    for training in trainings(record):
        settings = training["settings"]
        start = " --start FILE" if settings.get("start") else ""
        trained.append(
            f"edge-fer eyes train --data FILE --out FILE --epochs {settings['epochs']}"
            f" --learning-rate {settings['learning_rate']:g} --seed {settings['seed']}{start}"
        )
    return Provenance(
        (
            "edge-fer eyes prepare --eyes FOLDER --faces FOLDER --out FILE",
            *trained,
            "edge-fer eyes quantize NETWORK --data FILE --out FILE",
        ),
        (DataSource("eye patches", record["data_sha256"], _EYES, "for research use"),),
    )
