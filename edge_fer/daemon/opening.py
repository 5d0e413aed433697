"""Opens the networks, and a fallback for each that does not open."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import UserError
from edge_fer.face.eyes import EyeReader
from edge_fer.face.opening import open_eyes, open_face_network, open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import Tracker
from edge_fer.models.attempts import LoadAttempts
from edge_fer.models.classifier import Classifier
from edge_fer.models.fallback import Loaded, open_classifier
from edge_fer.models.settings import ModelConfig
from edge_fer.vehicle.outgoing import Parts

_Network = TypeVar("_Network")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks of the pipeline, and which of them are not those that the config names.

    `model` is the path of the emotion network, or the reason why there is none. Without a
    `classifier` no emotion is inferred. Without `eyes` the driver states that need them are never
    entered.
    """

    classifier: Classifier | None
    model: str
    tracker: Tracker
    eyes: EyeReader | None
    parts: Parts

    def policy(self, settings: PolicySettings) -> tuple[Classifier | None, PolicySettings]:
        """Return the policy for this model, and the classifier unless emotions are off."""
        if self.classifier is None:
            return None, replace(settings, emotion_states=False)
        policy = settings.for_model(self.classifier.card.uncertain_threshold)
        return self.classifier if policy.emotion_states else None, policy


def open_networks(
    model: ModelConfig,
    face: FaceConfig,
    *,
    stand_in: bool,
    attempts: LoadAttempts | None = None,
    driver_side: str = "unknown",
) -> Networks:
    """Open the networks of a config; a model that ended too many starts (`attempts`) is left out.

    With `stand_in`, edge-fer continues without emotions if the emotion network does not open, and
    with the cascade if the face detector does not open, because eyes, head and camera are worth
    sending without them. Otherwise each failure is a UserError: a network that cannot be used, or a
    package that is missing for its signature.
    """
    classifier, name, parts = _open_model(model, Parts(), attempts, stand_in=stand_in)
    follower = _with_stand_in(open_face_network, model, attempts, stand_in=stand_in)
    eyes = _with_stand_in(open_eyes, model, attempts, stand_in=stand_in)
    for failure in (*follower.failures, *eyes.failures):
        _log.error("network not used: %s", failure)
    if follower.is_fallback or eyes.is_fallback:
        parts = replace(parts, model_is_fallback=True)
    try:
        tracker = open_tracker(face, follower.model, Path(model.store), driver_side=driver_side)
    except UserError as error:
        if not stand_in:
            raise
        _log.error("the cascade finds faces instead: %s", error)
        haar = replace(face, detector="haar")
        tracker = open_tracker(haar, follower.model, driver_side=driver_side)
        parts = replace(parts, detector_failed=True)
    return Networks(classifier, name, tracker, eyes.model, parts)


def _with_stand_in(
    open_one: Callable[[ModelConfig, LoadAttempts | None], Loaded[_Network]],
    model: ModelConfig,
    attempts: LoadAttempts | None,
    *,
    stand_in: bool,
) -> Loaded[_Network]:
    """Open a network; with `stand_in`, the installed or shipped one if the named one fails."""
    try:
        return open_one(model, attempts)
    except UserError as error:
        if not stand_in:
            raise
        other = open_one(replace(model, face_path="", eyes_path=""), attempts)
        return replace(other, failures=(str(error), *other.failures))


def _open_model(
    config: ModelConfig, parts: Parts, attempts: LoadAttempts | None, *, stand_in: bool
) -> tuple[Classifier | None, str, Parts]:
    try:
        loaded = open_classifier(config, attempts)
    except UserError as error:
        if not stand_in:
            raise
        _log.error("no emotion is inferred: %s", error)
        return None, f"none: {error}", replace(parts, model_failed=True)
    for failure in loaded.failures:
        _log.error("model not used: %s", failure)
    return loaded.model, str(loaded.path), replace(parts, model_is_fallback=loaded.is_fallback)
