"""The config that the verbs of a device go by: the file that is named, else the service's."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge_fer.paths import DEVICE_CONFIG

if TYPE_CHECKING:
    from edge_fer.config.config import Config


def config_path(given: Path | None) -> Path | None:
    """Return the file to read: `given`, else the service's where it exists; None: defaults."""
    return DEVICE_CONFIG if given is None and DEVICE_CONFIG.exists() else given


def device_config() -> "Config":
    """Return this device's config with the environment over it; UserError where it is wrong."""
    from edge_fer.config.config import load_config  # noqa: PLC0415 - not for --help

    return load_config(config_path(None), os.environ)
