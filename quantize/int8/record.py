"""Where a model comes from, for its card: the training's settings, the tools' versions."""

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any, NoReturn

_TOOLS = ("edge-fer", "tensorflow", "keras", "ai-edge-litert", "numpy")


def training_record(model_path: Path) -> dict[str, Any]:
    """Return the settings that `edge-fer train` left beside the network, or {} without them."""
    try:
        record, state = (
            json.loads(
                (model_path.parent / name).read_text(encoding="utf-8"),
                parse_constant=_refuse_constant,
            )
            for name in ("settings.json", "state.json")
        )
        return {**record, "best_epoch": state["best_epoch"], "epochs": len(state["history"])}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def tool_versions() -> dict[str, str]:
    """Return the versions of what takes part in a conversion."""
    versions = {"python": platform.python_version()}
    for package in _TOOLS:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
