"""What each package exports, and what each of the names costs to import."""

import importlib
import inspect
import subprocess
import sys

import pytest

NAMES = {
    "edge_fer": {
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
    },
    "firmware_bridge": {
        "BridgeError",
        "CanFrame",
        "ControllerPort",
        "ControllerStatusMessage",
        "DriverEvidenceMessage",
        "DriverRequestMessage",
        "DriverStateMessage",
        "EmotionProbabilitiesMessage",
        "FrameStatus",
        "HealthMessage",
        "JudgedFrame",
        "LinkError",
        "Message",
        "SendTimeoutError",
        "Transport",
        "TransportError",
        "decode",
        "encode",
        "open_transport",
        "value_code",
        "value_name",
    },
    "quantize": {
        "Evaluation",
        "Fer2013",
        "Scores",
        "USAGES",
        "convert_to_int8",
        "evaluate",
        "load_fer2013",
    },
}


@pytest.mark.parametrize("package", NAMES)
def test_the_exported_names(package: str) -> None:
    module = importlib.import_module(package)
    assert set(module.__all__) == NAMES[package]
    assert len(module.__all__) == len(NAMES[package])
    assert set(dir(module)) >= NAMES[package]
    for name in NAMES[package]:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), f"{name} has no description"
    with pytest.raises(AttributeError, match="no attribute 'NoSuchName'"):
        module.NoSuchName  # noqa: B018


LOADED = """
import sys
{code}
print(" ".join(name for name in ("cv2", "ai_edge_litert", "can", "serial", "tensorflow", "keras",
                                 "matplotlib", "quantize") if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import edge_fer, firmware_bridge", ""),
        ("import edge_fer.driver_state.monitor", ""),
        ("from edge_fer import DriverState, Emotion, Vehicle, UserError", ""),
        ("import firmware_bridge", ""),
        ("from firmware_bridge import DriverStateMessage", "can"),  # cantools, for the DBC
        ("import quantize", "quantize"),
        ("from quantize import load_fer2013, convert_to_int8", "cv2 quantize"),
    ],
)
def test_a_name_costs_its_own_imports_alone(code: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= set(loaded.split())


def test_the_command_is_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge_fer", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("edge-fer ")
