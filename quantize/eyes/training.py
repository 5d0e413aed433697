"""Trains the eye network on patches that are changed as light, lens and landmarks change them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_fer.models.kind import EYES
from quantize.data.augmentation import AugmentationSettings, augment
from quantize.data.batches import one_hot
from quantize.data.corruptions import corrupt
from quantize.eyes.network import build_eyes
from quantize.eyes.patches import SPLIT, EyePatches

# What a cabin does to an eye. Open and closed patches may come from two collections, which differ
# in light, sharpness and compression: when each patch has any of these, they no longer tell.
_KINDS = (
    "motion blur",
    "defocus",
    "low light",
    "overexposure",
    "gamma",
    "side light",
    "noise",
    "JPEG",
)


@dataclass(frozen=True, slots=True)
class EyeTraining:
    """What, with the patches, decides the weights."""

    seed: int = 1
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 2e-3  # at first; it falls to nothing as a cosine
    weight_decay: float = 1e-4
    label_smoothing: float = 0.05
    corrupt_probability: float = 0.6
    corrupt_severity: int = 3  # the worst of them; from 1
    # Landmarks are off by some percent of a face, which is much of an eye.
    augmentation: AugmentationSettings = field(
        default_factory=lambda: AugmentationSettings(
            rotation_deg=15.0,
            scale=0.2,
            shift=0.12,
            contrast=0.5,
            brightness=0.2,
            gamma=0.4,
            erase_probability=0.1,
            erase_side=(0.1, 0.3),
            corrupt_probability=0.0,  # done here, with the kinds above
        )
    )

    def record(self, patches: EyePatches, epochs_done: int) -> dict[str, Any]:
        """Return what the card says of the training."""
        return {
            "settings": asdict(self) | {"corruptions": list(_KINDS)},
            "data_sha256": patches.digest(),
            "split": SPLIT,
            "epochs": epochs_done,
        }


def train_eyes(
    patches: EyePatches, settings: EyeTraining, done: Callable[[int, float], None]
) -> keras.Model:
    """Train on `patches`; `done` hears, after each epoch, its number and its loss.

    No epoch is chosen by the held-out patches, which are not seen here: the last one counts.
    """
    keras.utils.set_random_seed(settings.seed)
    model = build_eyes()
    steps = settings.epochs * -(-len(patches) // settings.batch_size)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps),
            weight_decay=settings.weight_decay,
        ),
        keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=settings.label_smoothing
        ),
    )
    targets = one_hot(patches.labels, len(EYES.labels))
    for epoch in range(settings.epochs):
        rng = np.random.default_rng((settings.seed, epoch))
        order = rng.permutation(len(patches))
        images = np.stack([_changed(image, settings, rng) for image in patches.images[order]])
        fitted = model.fit(
            images[..., np.newaxis],
            targets[order],
            batch_size=settings.batch_size,
            shuffle=False,
            verbose=0,
        )
        done(epoch + 1, float(fitted.history["loss"][0]))
    return model


def _changed(
    image: NDArray[np.uint8], settings: EyeTraining, rng: np.random.Generator
) -> NDArray[np.float32]:
    if rng.random() < settings.corrupt_probability:
        kind = _KINDS[rng.integers(len(_KINDS))]
        image = corrupt(image, kind, int(rng.integers(1, settings.corrupt_severity + 1)), rng)
    return augment(image, EYES.side_px, settings.augmentation, rng)
