"""Which programs are compared, what pip installs for each, and in which environment."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edge_fer.errors import DataError, DataReason

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the table.

    `environment` None: the one that this runs in. `weights` is where those come from that the
    package does not bring.
    """

    name: str  # as worker.py knows it
    shown: str
    environment: str | None
    requirements: tuple[str, ...] = ()
    weights: str | None = None


PROGRAMS = (
    Program("edge-fer", "edge-fer", "edge-fer", (str(REPOSITORY),)),
    # fer asks for any OpenCV and any setuptools: 5 has no cascade, 81 the last pkg_resources.
    Program(
        "fer",
        "`fer`, quantized",
        "fer",
        ("fer==25.10.3", "opencv-contrib-python<5", "setuptools<81"),
    ),
    Program("fer-keras", "`fer`, Keras", "fer"),
    Program("facex", "`facex`", "facex", ("facex==1.1.0", "opencv-contrib-python<5")),
    Program("paper", "`paper`, float, TensorFlow", None),
    Program(
        # It imports werkzeug without asking for it.
        "deepface",
        "`deepface`",
        "deepface",
        ("deepface==0.0.103", "werkzeug"),
        "GitHub releases",
    ),
    Program(
        "hsemotion-onnx",
        "`hsemotion-onnx`",
        "hsemotion",
        ("hsemotion-onnx==0.3.1", "onnx", "onnxruntime", "opencv-python-headless<5"),
        "GitHub",
    ),
    Program("emotiefflib", "`emotiefflib`", "emotiefflib", ("emotiefflib==1.1.1",), "GitHub"),
)
# Not on the package index at all: an ONNX file, to be run behind the cascade by OpenCV itself.
NOT_PACKAGED = {"OpenCV zoo's `facial_expression_recognition`": "its file is on GitHub (LFS)"}


def python_of(program: Program, folder: Path) -> Path:
    """Return the interpreter that runs a program."""
    if program.environment is None:
        return Path(sys.executable)
    return folder / program.environment / "bin" / "python"


def install(program: Program, folder: Path) -> None:
    """Make the environment of a program unless it is there; UserError where pip cannot."""
    if program.environment is None or not program.requirements:
        return
    environment = folder / program.environment
    done = environment / ".installed"
    wanted = "\n".join(program.requirements)
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return
    subprocess.run([sys.executable, "-I", "-m", "venv", "--clear", environment], check=True)
    python = environment / "bin" / "python"
    command = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*command, *program.requirements], capture_output=True, text=True, check=False
    )
    if installed.returncode:
        last = (installed.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataError(DataReason.NOT_FOUND, f"peers: {program.name} cannot be installed: {last}")
    done.write_text(wanted, encoding="utf-8")


def size_mb(program: Program, folder: Path) -> float | None:
    """Return what an environment holds beside pip itself; None for the one that this runs in."""
    if program.environment is None:
        return None
    (packages,) = (folder / program.environment / "lib").glob("python3.*/site-packages")
    total = 0
    for item in packages.iterdir():
        if item.name.startswith(("pip", "_distutils_hack", "__pycache__")):
            continue
        files = item.rglob("*") if item.is_dir() else [item]
        total += sum(file.stat().st_size for file in files if file.is_file())
    return total / 1e6
