"""What runs on the device: from a camera frame to a driver state. Never imports TensorFlow.

The way of a frame:

- `camera/` opens cameras in a child process and judges whether a picture is usable.
- `face/` finds and follows the driver's face, its landmarks, head pose and eyes, and cuts the
crops.
- `models/` holds the int8 networks with their cards, checks and store, and runs them.
- `observation.py` is the vocabulary that these stages pass on.
- `driver_state/` turns timed observations into evidence and a state: pure functions.
- `pipeline.py` puts these together: one frame in, one decision out; `monitor.py` and
`emotion_classifier.py` are what a user of the package calls.
- `vehicle/` translates between decisions and the messages of `firmware_bridge`.
- `daemon/` moves frames and messages, reports its status and obeys signals.

Beside it: `config/` (the config file), `health/` (rates, temperature), `recording/` (event clips),
`doctor/` (checks of an installation), `cli/` (the command line), `benchmark/`, `stories/` (scripted
drivers for tests and benchmarks), `demo.py`.

The public names are those of `__all__`; they are imported when they are asked for, so that this
package itself loads nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from edge_fer.version import __version__

if TYPE_CHECKING:
    from edge_fer.camera import open_camera
    from edge_fer.camera.base import Frame
    from edge_fer.camera.frames import camera_frames
    from edge_fer.config.config import Config, load_config
    from edge_fer.driver_state.states import DriverState, Reason
    from edge_fer.emotion_classifier import EmotionClassifier, FaceEmotion
    from edge_fer.emotions import Emotion
    from edge_fer.errors import CameraError, ConfigError, DaemonError, ModelError, UserError
    from edge_fer.monitor import DriverMonitor, Reading
    from edge_fer.observation import CameraCondition, FaceBox, Vehicle

__all__ = [
    "CameraCondition",
    "CameraError",
    "Config",
    "ConfigError",
    "DaemonError",
    "DriverMonitor",
    "DriverState",
    "Emotion",
    "EmotionClassifier",
    "FaceBox",
    "FaceEmotion",
    "Frame",
    "ModelError",
    "Reading",
    "Reason",
    "UserError",
    "Vehicle",
    "__version__",
    "camera_frames",
    "load_config",
    "open_camera",
]

# Where each public name lies.
_MODULES = {
    "DriverMonitor": "edge_fer.monitor",
    "Reading": "edge_fer.monitor",
    "EmotionClassifier": "edge_fer.emotion_classifier",
    "FaceEmotion": "edge_fer.emotion_classifier",
    "open_camera": "edge_fer.camera",
    "camera_frames": "edge_fer.camera.frames",
    "Frame": "edge_fer.camera.base",
    "Config": "edge_fer.config.config",
    "load_config": "edge_fer.config.config",
    "DriverState": "edge_fer.driver_state.states",
    "Reason": "edge_fer.driver_state.states",
    "Emotion": "edge_fer.emotions",
    "CameraCondition": "edge_fer.observation",
    "FaceBox": "edge_fer.observation",
    "Vehicle": "edge_fer.observation",
    "CameraError": "edge_fer.errors",
    "ConfigError": "edge_fer.errors",
    "DaemonError": "edge_fer.errors",
    "ModelError": "edge_fer.errors",
    "UserError": "edge_fer.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: each costs only its own imports."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
