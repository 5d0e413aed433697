"""The tree of errors: what programs may rely on."""

import ast
import pickle
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from edge_fer import EmotionClassifier, errors, load_config, open_camera
from edge_fer.daemon.status_server import ask
from firmware_bridge import errors as bridge_errors
from firmware_bridge import open_transport
from quantize import load_fer2013

REPOSITORY = Path(__file__).resolve().parents[2]
# The bases have neither a kind nor a reason: they are for `except`.
BASES = {"UserError", "BridgeError", "ReasonedError"}


def reasoned(base: type) -> Iterator[type[Any]]:
    kind: type[Any]
    for kind in base.__subclasses__():
        yield kind
        yield from reasoned(kind)


def reason_of(kind: type[Any]) -> type[StrEnum]:
    """Return the enum that an error takes its reason from."""
    (of,) = (
        argument
        for ancestor in kind.__mro__
        for generic in vars(ancestor).get("__orig_bases__", ())
        for argument in getattr(generic, "__args__", ())
        if isinstance(argument, type)
    )
    assert issubclass(of, StrEnum)
    return of


OURS = [*reasoned(errors.ReasonedError), *reasoned(bridge_errors.ReasonedError)]
WITH_TEXT_ALONE = (bridge_errors.SendTimeoutError, bridge_errors.EndOfStream)


@pytest.mark.parametrize("kind", OURS)
def test_each_error_has_a_typed_reason_and_one_line(kind: type[Any]) -> None:
    for reason in reason_of(kind):
        text = "thing: value: remedy"
        error: Any = kind(text) if issubclass(kind, WITH_TEXT_ALONE) else kind(reason, text)
        assert issubclass(kind, errors.UserError | bridge_errors.BridgeError)
        assert isinstance(error.reason, reason_of(kind))
        assert str(error) == text
        again = pickle.loads(pickle.dumps(error))  # it crosses processes
        assert (type(again), again.reason, str(again)) == (kind, error.reason, text)


def test_there_are_errors() -> None:
    assert {
        "CameraError",
        "ConfigError",
        "DaemonError",
        "DataError",
        "LinkError",
        "ModelError",
    } <= {kind.__name__ for kind in OURS}


def sources() -> list[Path]:
    return [
        path
        for package in ("edge_fer", "firmware_bridge", "quantize")
        for path in sorted((REPOSITORY / package).rglob("*.py"))
    ]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_error_without_a_reason_and_no_decision_on_a_text(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in BASES, f"line {node.lineno}: an error without a reason"
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                assert not is_text_of_an_error(side), f"line {node.lineno}: decides on a text"


def is_text_of_an_error(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "str"
        and any(isinstance(item, ast.Name) and item.id == "error" for item in node.args)
    )


def failing_config(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    load_config(path)


FAILURES: list[tuple[str, Callable[[Path], object], StrEnum]] = [
    ("config", lambda tmp: load_config(tmp / "gone.toml"), errors.ConfigReason.UNREADABLE),
    ("config", lambda tmp: failing_config(tmp, "[camera"), errors.ConfigReason.NOT_TOML),
    ("config", lambda tmp: failing_config(tmp, "[kamera]"), errors.ConfigReason.UNKNOWN_KEY),
    ("config", lambda tmp: failing_config(tmp, "[camera]\nfps = 0"), errors.ConfigReason.BAD_VALUE),
    ("camera", lambda tmp: open_camera("webcam:0"), errors.CameraReason.BAD_URI),
    ("camera", lambda tmp: open_camera("v4l2:/dev/video99"), errors.CameraReason.NOT_FOUND),
    ("model", lambda tmp: EmotionClassifier(tmp / "gone.tflite"), errors.ModelReason.UNREADABLE),
    ("daemon", lambda tmp: ask(tmp / "gone.socket"), errors.DaemonReason.NOT_RUNNING),
    ("link", lambda tmp: open_transport("can0"), bridge_errors.LinkReason.BAD_ADDRESS),
    ("link", lambda tmp: open_transport(f"slcan:{tmp}/gone"), bridge_errors.LinkReason.NOT_FOUND),
    ("data", lambda tmp: load_fer2013(tmp / "gone.csv"), errors.DataReason.NOT_FOUND),
]


@pytest.mark.parametrize(
    ("part", "fail", "reason"), FAILURES, ids=[f"{part}: {reason}" for part, _, reason in FAILURES]
)
def test_what_users_meet_has_its_class_and_reason(
    part: str, fail: Callable[[Path], object], reason: StrEnum, tmp_path: Path
) -> None:
    with pytest.raises((errors.ReasonedError, bridge_errors.ReasonedError)) as refused:
        fail(tmp_path)
    error: Any = refused.value
    assert type(error).__name__.lower().startswith((part, "transport"))
    assert error.reason is reason
    assert "\n" not in str(error)
