"""Cameras: one file per backend, selected by the scheme of the URI."""

import importlib
from typing import Any

from edge_fer.camera.base import Camera
from edge_fer.camera.uri import CameraUri, parse_uri

DEFAULT_FPS = 30.0  # what most cabin and web cameras give at 640x480

# A backend is imported when it is opened: OpenCV takes a tenth of a second to load.
_BACKENDS = {
    "file": "edge_fer.camera.file",
    "v4l2": "edge_fer.camera.video4linux",
    "picamera": "edge_fer.camera.picamera",
    "jetson": "edge_fer.camera.jetson",
    "rtsp": "edge_fer.camera.stream",
    "rtsps": "edge_fer.camera.stream",
    "http": "edge_fer.camera.stream",
    "https": "edge_fer.camera.stream",
    "demo": "edge_fer.camera.demo",
}


def check_uri(uri: str) -> CameraUri:
    """Return `uri` parsed; UserError for a malformed URI, an unknown scheme or option."""
    parsed = parse_uri(uri)
    if parsed.scheme not in _BACKENDS:
        schemes = ", ".join(f"{scheme}:" for scheme in _BACKENDS)
        raise parsed.error(f"unknown scheme {parsed.scheme!r}: use one of {schemes}")
    parsed.check_options()
    return parsed


def open_camera(uri: str, *, fps: float = DEFAULT_FPS) -> Camera:
    """Open the camera that `uri` names; UserError when it does not open.

    `fps` is the requested rate if the camera can choose one and the URI has none.
    """
    parsed = check_uri(uri)
    camera: Camera = load_backend(parsed.scheme).open_uri(parsed, fps=fps)
    if "flip" in parsed.options or "rotate" in parsed.options:
        from edge_fer.camera.turned import turned  # noqa: PLC0415 - it loads OpenCV

        return turned(camera, parsed)
    return camera


def load_backend(scheme: str) -> Any:
    """Return the module for `scheme`, one of those that `check_uri` accepts; opens nothing."""
    return importlib.import_module(_BACKENDS[scheme])
