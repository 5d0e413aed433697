"""Checks a config as a whole: each setting, and the URIs and keys that they hold."""

from collections.abc import Callable

from edge_fer.camera import check_uri as check_camera
from edge_fer.config.config import read_config
from edge_fer.config.environment import ConfigSource
from edge_fer.errors import UserError
from edge_fer.recording.process import check_recording
from edge_fer.vehicle.ids import configured_ids
from firmware_bridge.errors import BridgeError
from firmware_bridge.transports import check_uri as check_link


def config_errors(source: ConfigSource) -> list[str]:
    """Return what `edge-fer run` would refuse, a line each, in the order of the file.

    No device is opened, no model read.
    """
    config, wrong = read_config(source)
    lines = [str(error) for error in wrong]
    checks: tuple[tuple[str, str, Callable[[], object]], ...] = (
        ("camera", "uri", lambda: check_camera(config.camera.uri)),
        ("link", "uri", lambda: check_link(config.link.uri)),
        ("link", "dbc", lambda: configured_ids(config.link)),
        ("recording", "enabled", lambda: check_recording(config.recording)),
    )
    for section, key, check in checks:
        try:
            check()
        except (UserError, BridgeError) as error:
            origin = source.origin((section, key))
            lines.append(f"{section}.{key}: {error}" + (f" ({origin})" if origin else ""))
    return lines
