"""What runs on a device never imports TensorFlow, however it is called."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import edge_fer
import firmware_bridge

# Importing any of these raises, as on a device where they are not installed.
WORKSTATION_ONLY = ("tensorflow", "keras", "quantize", "matplotlib", "optuna")

BLOCK = f"""
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {WORKSTATION_ONLY!r}:
            raise ImportError(name + " is not on a device")

sys.meta_path.insert(0, Blocked())
"""


def run_blocked(
    code: str, *arguments: str, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCK + code, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def all_modules() -> list[str]:
    return [
        module.name
        for package in (edge_fer, firmware_bridge)
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    ]


def test_every_module_of_the_device_imports_without_the_workstation() -> None:
    imports = "\n".join(f"import {name}" for name in all_modules())
    done = run_blocked(imports)
    assert done.returncode == 0, done.stderr


def test_the_block_itself_works() -> None:
    done = run_blocked("import tensorflow")
    assert done.returncode == 1
    assert "tensorflow is not on a device" in done.stderr


def test_the_bridge_imports_neither_of_the_other_two() -> None:
    names = [name for name in all_modules() if name.startswith("firmware_bridge")]
    code = "\n".join(f"import {name}" for name in names)
    done = run_blocked(
        code + "\nassert not [m for m in sys.modules if m.partition('.')[0] == 'edge_fer']"
    )
    assert done.returncode == 0, done.stderr


def test_the_daemon_runs_a_whole_input_without_the_workstation(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    np = pytest.importorskip("numpy")
    for index in range(8):
        image = np.full((240, 320), 90 + index, np.uint8)
        image[60:180, 100:220] = 160
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
    done = run_blocked(
        "from edge_fer.cli.app import main; main()",
        "run",
        "--camera",
        f"file:{tmp_path}",
        "--link",
        "virtual:no-tensorflow",
    )
    assert done.returncode == 0, done.stderr
    assert "first frame" in done.stderr
