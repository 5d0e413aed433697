"""Fixtures that find the data beside the project and skip, visibly, where it is not."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failing property; each test has its own bound on examples. CI draws the same
# ones each time, so that a change decides whether it passes; other runs look for new ones.
settings.register_profile("no-deadline", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("no-deadline")

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Let ctrl-C and a closed terminal reach what the tests start.

    A shell's job in the background ignores the one, and nohup the other.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # A daemon of a test is not found by other test processes, nor one of the user by a test.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="edge-fer-test-")


def pytest_unconfigure() -> None:
    """Remove the folder of this test process's daemons."""
    shutil.rmtree(os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)


def shared_folder() -> Path:
    """Return the folder of real data: $EDGE_FER_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("EDGE_FER_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there (set EDGE_FER_SHARED)")
    return folder


@pytest.fixture(scope="session")
def fer2013_csv(shared: Path) -> Path:
    path = shared / "fer2013" / "fer2013.csv.gz"
    if not path.is_file():
        pytest.skip(f"FER2013 is not there: {path}")
    return path


@pytest.fixture(scope="session")
def yunet_model(shared: Path) -> Path:
    path = shared / "yunet" / "face_detection_yunet_2023mar.onnx"
    if not path.is_file():
        pytest.skip(f"YuNet's file is not there: {path}")
    return path
