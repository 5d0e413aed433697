"""The camera of a Raspberry Pi, against a picamera2 that needs none; held to the real one."""

import ast
import importlib.util
import inspect
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_fer.camera import open_camera
from edge_fer.camera.picamera import OLD_FRAMES
from edge_fer.errors import UserError
from tests.edge_fer import fake_picamera2
from tests.edge_fer.fake_picamera2 import CompletedRequest, Job, Picamera2


@pytest.fixture(autouse=True)
def picamera2(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "picamera2", fake_picamera2)
    monkeypatch.setattr(Picamera2, "present", 1)
    yield
    Picamera2.opened = None


def opened() -> Picamera2:
    assert Picamera2.opened is not None
    return Picamera2.opened


def test_the_luma_plane_is_the_frame() -> None:
    camera = open_camera("picamera:0?width=322&height=240", fps=25)
    for number in range(10):
        frame = camera.read()
        assert frame is not None
        assert frame.shape == (240, 322)
        assert frame.dtype == np.dtype(np.uint8)
        assert frame.flags.c_contiguous
        assert frame[0, 0] == number
        assert (frame[1:] == np.arange(322) % 256).all()
    assert opened().held == 0
    camera.close()
    assert Picamera2.opened is None


def test_what_is_asked_of_the_sensor() -> None:
    camera = open_camera("picamera:0?exposure_us=8000&gain=4&tuning=imx219_noir.json", fps=25)
    assert camera.fps == 25
    configuration = opened().camera_configuration()
    assert configuration["controls"] == {
        "FrameDurationLimits": (40_000, 40_000),
        "ExposureTime": 8000,
        "AnalogueGain": 4.0,
    }
    assert configuration["colour_space"] == "Sycc"  # the full range of greys
    assert configuration["queue"] is False
    assert opened().tuning == "imx219_noir.json"


def test_a_camera_that_is_stuck_is_an_error_in_time() -> None:
    camera = open_camera("picamera:0")
    assert camera.read() is not None
    opened().stuck = True
    with pytest.raises(UserError, match="camera picamera:0: it gives no frames"):
        camera.read()


def test_a_sensor_whose_time_stands_still_is_an_error() -> None:
    camera = open_camera("picamera:0")
    opened().sensor_stands_still = True
    assert camera.read() is not None
    with pytest.raises(UserError, match="time stands still"):
        camera.read()
    assert opened().held == 0
    assert opened()._number == 1 + OLD_FRAMES
    opened().sensor_stands_still = False
    assert camera.read() is not None


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("picamera:", "'' is not the number of a camera: write picamera:0"),
        ("picamera:front", "'front' is not the number"),
        ("picamera:1", "there are 1 cameras: check the ribbon cable"),
        ("picamera:0?width=9", "width: '9' is not in 64..4096"),
        ("picamera:0?gain=0", "gain: '0' is not in 1..64"),
        ("picamera:0?zoom=2", "unknown option 'zoom'"),
        ("picamera:0?tuning=/no/such.json", "tuning: there is no file /no/such.json"),
    ],
)
def test_wrong_uris(uri: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        open_camera(uri)
    assert words in str(caught.value)


def test_a_camera_in_use_is_said() -> None:
    camera = open_camera("picamera:0")
    with pytest.raises(UserError, match="another program may be using it"):
        open_camera("picamera:0")
    camera.close()


def test_without_picamera2_it_says_where_that_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(UserError, match="picamera2"):
        open_camera("picamera:0")
    monkeypatch.delitem(sys.modules, "picamera2")
    if importlib.util.find_spec("picamera2") is None:
        with pytest.raises(UserError, match="apt install python3-picamera2"):
            open_camera("picamera:0")


def test_one_that_would_wait_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Picamera2, "wait", lambda self, job: job.get_result())
    with pytest.raises(UserError, match=r"picamera2 is older than 0\.3\.18: sudo apt full-up"):
        open_camera("picamera:0")


def test_one_of_another_numpy_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2")
    with pytest.raises(UserError, match=r"size changed\): on Bookworm pip install 'numpy<2'"):
        open_camera("picamera:0")


OLDEST, NEWEST = "picamera2==0.3.18", "picamera2<1"  # the bounds of the extra `pi`


def installed() -> Path:
    """Return the folder of the installed picamera2; not imported, as that needs libcamera."""
    sys.modules.pop("picamera2", None)
    found = importlib.util.find_spec("picamera2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("picamera2 is not installed (the slow tests fetch its source)")
    return Path(found.submodule_search_locations[0])


@pytest.fixture(scope="module", params=[OLDEST, NEWEST])
def fetched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bool]:
    """Return the folder of a released picamera2, not installed, and whether it is the newest."""
    folder = tmp_path_factory.mktemp("picamera2")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--no-binary", ":all:", "--dest", str(folder)),
            request.param,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    archives = list(folder.glob("picamera2-*.tar.gz"))
    if done.returncode != 0 or not archives:
        reason = (done.stderr.strip().splitlines() or ["no archive"])[-1]
        pytest.skip(f"{request.param} cannot be fetched: {reason}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / archives[0].name.removesuffix(".tar.gz") / "picamera2", request.param == NEWEST


def signature_in(folder: Path, module: str, owner: str, method: str) -> dict[str, Any]:
    """Return the parameters with their defaults; ... for one that only the real module can make."""
    tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
    for item in tree.body:
        if isinstance(item, ast.ClassDef) and item.name == owner:
            found = [f for f in item.body if isinstance(f, ast.FunctionDef) and f.name == method]
            arguments = found[-1].args  # the last is no overload
            names = [argument.arg for argument in arguments.args]
            defaults: list[Any] = [inspect.Parameter.empty] * len(names)
            for number, node in enumerate(reversed(arguments.defaults), 1):
                defaults[-number] = plain(node)
            return dict(zip(names, defaults, strict=True))
    raise AssertionError(f"{owner} is not in {module}")


def plain(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...


SIGNATURES = pytest.mark.parametrize(
    ("module", "fake", "method"),
    [
        ("picamera2", Picamera2, "__init__"),
        ("picamera2", Picamera2, "global_camera_info"),
        ("picamera2", Picamera2, "create_preview_configuration"),
        ("picamera2", Picamera2, "configure"),
        ("picamera2", Picamera2, "camera_configuration"),
        ("picamera2", Picamera2, "start"),
        ("picamera2", Picamera2, "capture_request"),
        ("picamera2", Picamera2, "wait"),
        ("picamera2", Picamera2, "close"),
        ("request", CompletedRequest, "get_metadata"),
        ("request", CompletedRequest, "make_array"),
        ("request", CompletedRequest, "release"),
        ("job", Job, "get_result"),
    ],
)


@SIGNATURES
def test_the_fake_has_the_signatures_of_the_installed_one(
    module: str, fake: type, method: str
) -> None:
    check_signature(installed(), module, fake, method, defaults=False)


@pytest.mark.slow
@SIGNATURES
def test_the_fake_has_the_signatures_of_the_oldest_and_the_newest_release(
    fetched: tuple[Path, bool], module: str, fake: type, method: str
) -> None:
    folder, is_newest = fetched
    check_signature(folder, module, fake, method, defaults=is_newest)


def check_signature(folder: Path, module: str, fake: type, method: str, *, defaults: bool) -> None:
    """Hold the fake's parameters to the real ones; their defaults have changed over the years."""
    real = signature_in(folder, module, fake.__name__, method)
    mine = {
        name: parameter.default
        for name, parameter in inspect.signature(getattr(fake, method)).parameters.items()
    }
    assert list(mine) == list(real)
    if not defaults:
        return
    assert {name: value for name, value in mine.items() if real[name] is not ...} == {
        name: value for name, value in real.items() if value is not ...
    }
