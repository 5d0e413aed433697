"""What a training is made of: everything that, with the data, decides the weights."""

from dataclasses import asdict, dataclass, field, replace
from math import inf, isfinite
from typing import Any

from quantize.data.augmentation import AugmentationSettings
from quantize.training.folds import FOLDS

PRECISIONS: tuple[str, ...] = ("float32", "mixed_bfloat16")
CHOICES: tuple[str, ...] = ("best", "last", "none")
"""Which epoch's network is kept, among those at 48 px."""

# The numbers that cannot be just any from 0.
_RANGES: dict[str, tuple[float, float]] = {
    "batch_size": (1, inf),
    "momentum": (0, 0.999),
    "average_decay": (0, 0.9999),
    "label_smoothing": (0, 0.9),
    "teacher_weight": (0, 1),
    "votes_in_label": (0, 1),
    "most_unclear": (0, 1),
    "early_learning_momentum": (0, 0.9999),
    "fold": (0, FOLDS),
    "rotation_deg": (0, 180),
    "scale": (0, 0.9),
    "shift": (0, 1),
    "contrast": (0, 1),
    "brightness": (0, 1),
    "erase_probability": (0, 1),
    "corrupt_probability": (0, 1),
    "corrupt_severity": (1, 5),
}


def validation_rows(fold: int) -> str:
    """Return what the rows are called on which each epoch is measured; `fold` 0: PublicTest."""
    return f"fold {fold}" if fold else "PublicTest"


@dataclass(frozen=True, slots=True)
class Stage:
    """A number of epochs at one image size."""

    side_px: int
    epochs: int


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The settings of one training; the defaults are those of the shipped `edge` network."""

    architecture: str = "edge"
    seed: int = 1
    # sha256 of the file whose weights this training begins with; None: random weights.
    initial_sha256: str | None = None
    rows: int = 0  # of Training, drawn by the seed, for quick comparisons; 0: all
    batch_size: int = 128
    # Progressive resizing (Howard 2018): two thirds of the epochs on small images, which cost
    # 44 % of the multiply-adds, and the last ones at the size that the device sees.
    stages: tuple[Stage, ...] = (Stage(32, 20), Stage(40, 8), Stage(48, 6))
    optimizer: str = "sgd"  # "sgd": Nesterov momentum, cosine schedule; "adam": as the paper's
    learning_rate: float = 0.06
    warmup_epochs: float = 1.0
    momentum: float = 0.9
    # Decoupled from the gradient, so ten times what it would be as a loss term at momentum 0.9.
    # Not on BatchNorm or biases.
    weight_decay: float = 5e-3
    label_smoothing: float = 0.1
    # What a step leaves of the weights' moving average: it looks back about two epochs.
    average_decay: float = 0.998
    # sha256 of the FER+ votes that train a second head; None: there is no second head.
    votes_sha256: str | None = None
    votes_weight: float = 0.5  # of the second head's loss, against 1 for the first
    # The share of the votes in the label itself, where they name a class of FER2013.
    votes_in_label: float = 0.0
    # Rows are left out where more taggers than this share saw no face or no emotion; 1: none.
    most_unclear: float = 1.0
    # sha256 of the trained networks whose answers are mixed into the labels; (): labels alone.
    teachers_sha256: tuple[str, ...] = ()
    teacher_weight: float = 0.5  # the share of the answers in the mixture
    # Over how many views of a picture a teacher's answers are averaged (`quantize.data.views`);
    # 0: over the face and its mirror image (2) where it is asked once, else over none (1).
    teacher_views: int = 0
    # True: the teachers answer anew for each changed picture that the student sees (Beyer et al.
    # 2022, "Knowledge distillation: A good teacher is patient and consistent"); False: once a face.
    consistent_teachers: bool = False
    # Parameter of the Beta distribution that mixes pairs of faces and their labels (mixup, Zhang et
    # al. 2018); 0: each face alone.
    mixup: float = 0.0
    # Weight of the divergence between the answers for a face and for its mirror image, which is
    # then part of the same batch, at twice the cost of a step; 0: faces as they come.
    mirror_agreement: float = 0.0
    # How far the weights are moved towards a higher loss before the gradient is taken
    # (sharpness-aware minimization, Foret et al. 2021, arXiv:2010.01412), at twice the cost of a
    # step; 0.05 there. 0: plain gradients.
    sharpness: float = 0.0
    # Early-learning regularization (Liu et al. 2020, arXiv:2007.00151): the weight of the loss that
    # holds the answers to their moving average, 3 there for noise like that of FER2013, and what a
    # step leaves of that average. 0: labels alone.
    early_learning: float = 0.0
    early_learning_momentum: float = 0.7
    # "best": the epoch of the best accuracy on the validation rows; "last": the last one, which
    # looks at none; "none": no network is kept, for a comparison at any size.
    choose: str = "best"
    # The fold of the Training rows (`quantize.training.folds`) that is left out of them, to be the
    # validation rows in place of PublicTest; 0: PublicTest.
    fold: int = 0
    precision: str = "float32"  # or "mixed_bfloat16": half the time where the CPU has AVX512-BF16
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)

    @property
    def validation(self) -> str:
        """What the rows are called on which each epoch is measured."""
        return validation_rows(self.fold)

    @property
    def epochs(self) -> int:
        """All epochs, over all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stage_of(self, epoch: int) -> Stage:
        """Return the stage that `epoch` (from 0) belongs to."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        raise ValueError("epoch lies behind the last stage")

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` takes back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainingSettings":
        """Build settings from what `to_json` returned, after a trip through JSON or not.

        What an earlier version did not know yet has its default. TypeError for an unknown key.
        """
        plain = dict(values)
        plain["stages"] = tuple(Stage(**stage) for stage in values["stages"])
        plain["teachers_sha256"] = tuple(values.get("teachers_sha256", ()))
        augmentation = dict(values["augmentation"])
        augmentation["erase_side"] = tuple(augmentation["erase_side"])
        plain["augmentation"] = AugmentationSettings(**augmentation)
        return cls(**plain)

    def with_number(self, name: str, text: str) -> "TrainingSettings":
        """Return these settings with one number changed; `augmentation.` names one of its numbers.

        ValueError, with what is wrong, for a name that is no number here or a text that is none.
        """
        group, _, inner = name.rpartition(".")
        part: Any = {"": self, "augmentation": self.augmentation}.get(group)
        value = getattr(part, inner, None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name!r} is not among {', '.join(self._numbers())}")
        try:
            number = type(value)(text)
        except ValueError:
            raise ValueError(f"{name} = {text!r} is not a number like {value}") from None
        low, high = _RANGES.get(inner, (0, inf))
        if not (low <= number <= high and isfinite(number)):
            raise ValueError(f"{name} = {text} is not in {low}..{high}")
        changed = replace(part, **{inner: number})
        return changed if group == "" else replace(self, augmentation=changed)

    def _numbers(self) -> list[str]:
        values = self.to_json()
        groups = {"": values, "augmentation.": values["augmentation"]}
        return [
            prefix + name
            for prefix, group in groups.items()
            for name, value in group.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        ]


def paper_settings(seed: int = 1) -> TrainingSettings:
    """Return the training of Vulpe-Grigorasi and Grigore 2021: Adam 0.001, batch 128, one size."""
    return TrainingSettings(
        architecture="paper",
        seed=seed,
        stages=(Stage(48, 60),),
        optimizer="adam",
        learning_rate=0.001,
        warmup_epochs=0.0,
        weight_decay=0.0,
        label_smoothing=0.0,
        average_decay=0.0,
    )
