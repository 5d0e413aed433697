"""The choices and options that the help lists are those that the verbs take."""

from dataclasses import fields
from enum import StrEnum
from inspect import signature

import pytest
import typer

from edge_fer.camera import check_uri, load_backend
from edge_fer.cli import controller, model, workstation
from edge_fer.cli.uris import CAMERA_URIS, FAULTS, LINK_URIS
from edge_fer.errors import UserError
from edge_fer.models.kind import KINDS
from firmware_bridge.controller.vehicle import VehicleState, change
from firmware_bridge.errors import BridgeError
from firmware_bridge.faults.spec import FaultSpec
from firmware_bridge.transports import SCHEMES, open_transport
from quantize.data.augmentation import AUGMENTATIONS
from quantize.data.fer2013 import USAGES
from quantize.search.space import SPACES
from quantize.training.settings import CHOICES, PRECISIONS


def values(choices: type[StrEnum]) -> list[str]:
    return [choice.value for choice in choices]


def test_choices_are_those_of_quantize() -> None:
    assert values(workstation.Augmentation) == list(AUGMENTATIONS)
    assert values(workstation.Precision) == list(PRECISIONS)
    assert values(workstation.Choice) == list(CHOICES)
    assert values(workstation.Usage) == list(USAGES)
    assert values(workstation.Space) == list(SPACES)


def test_choices_of_modules_that_need_tensorflow() -> None:
    pytest.importorskip("tensorflow", reason="the workstation extra is not installed")
    from quantize.int8.convert import FORMATS
    from quantize.networks.architectures import ARCHITECTURES

    assert values(workstation.Architecture) == list(ARCHITECTURES)
    assert sorted(values(workstation.FileFormat)) == sorted(FORMATS)


def test_choices_of_the_search() -> None:
    pytest.importorskip("optuna", reason="the workstation extra is not installed")
    from quantize.search.study import PRUNERS, SAMPLERS

    assert values(workstation.Sampler) == list(SAMPLERS)
    assert values(workstation.Pruner) == list(PRUNERS)


@pytest.mark.parametrize("name", ["train", "tune", "search", "quantize", "evaluate", "faces"])
def test_verbs_of_the_workstation_have_a_small_mode(name: str) -> None:
    assert "rows" in signature(getattr(workstation, name)).parameters


@pytest.mark.parametrize("app", [workstation.face_app, workstation.eyes_app])
def test_verbs_of_face_and_eyes_have_a_small_mode(app: typer.Typer) -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert "rows" in signature(command.callback).parameters, command.name


@pytest.mark.parametrize("name", ["data", "train", "tune", "search", "quantize", "evaluate"])
def test_bad_rows_can_be_skipped_where_the_message_says_so(name: str) -> None:
    assert "skip_bad" in signature(getattr(workstation, name)).parameters
    assert "skip_bad" in signature(workstation.label_faces).parameters


def test_choices_of_the_models() -> None:
    assert values(model.Kind) == [kind.name for kind in KINDS]


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("ignition", controller.Ignition),
        ("enable", controller.Switch),
        ("answer", controller.DriverAnswer),
    ],
)
def test_choices_of_the_controller(name: str, choices: type[StrEnum]) -> None:
    with pytest.raises(BridgeError) as refused:
        change(VehicleState(), name, "?")
    listed = str(refused.value).partition("is not one of ")[2].split(", ")
    # The answer has no "unknown" on the wire.
    assert {word.replace(" ", "-") for word in listed} >= set(values(choices))
    for choice in choices:
        change(VehicleState(), name, choice.value)


def test_the_help_has_every_fault() -> None:
    shown = " ".join(f"{name} {text}" for name, text in FAULTS.items())
    assert all(field.name in shown for field in fields(FaultSpec))


def test_the_help_has_every_scheme() -> None:
    assert [uri.partition(":")[0] for uri in LINK_URIS] == list(SCHEMES)


@pytest.mark.parametrize("uri", [uri for uri in CAMERA_URIS if not uri.startswith("rtsp")])
def test_the_help_has_every_option_of_a_camera(uri: str) -> None:
    scheme = uri.partition(":")[0]
    with pytest.raises(UserError) as refused:
        load_backend(scheme).open_uri(check_uri(f"{scheme}:x?no=1"), fps=30.0)
    for option in str(refused.value).partition("use ")[2].split(", "):
        assert f"?{option}=" in CAMERA_URIS[uri]


@pytest.mark.parametrize("scheme", ["slcan", "cobs", "udp_multicast"])
def test_the_help_has_every_option_of_a_link(scheme: str) -> None:
    with pytest.raises(BridgeError) as refused:
        open_transport(f"{scheme}:x?no=1")
    (text,) = (text for uri, text in LINK_URIS.items() if uri.startswith(f"{scheme}:"))
    for option in str(refused.value).partition("use ")[2].split(", "):
        assert f"?{option}=" in text
