"""The verbs below `edge-fer model`: what a model is, and which one a device uses."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

import json as json_format
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.cli.device_config import device_config
from edge_fer.cli.exit_codes import EXIT_FAILED
from edge_fer.cli.help import new_app
from edge_fer.cli.options import JsonOption, NewKeyOption
from edge_fer.out_path import prepare_folder

model_app = new_app("Show, check, install, roll back, fetch and sign models.")

RESTART = "sudo systemctl restart edge-fer"
FileArgument = Annotated[Path, typer.Argument(help="A .tflite file, its card (.json) beside it.")]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FOLDER",
        help="The folder of installed models. [default: model.store of the device's config]",
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--trusted-key",
        metavar="KEY",
        help="Public Ed25519 key, 64 hex digits: only what it signed is accepted. [default:"
        " model.trusted_key of the device's config]",
    ),
]


class Kind(StrEnum):
    """The kinds of networks that are installed."""

    EMOTIONS = "emotions"
    EYES = "eyes"
    FACE = "face"


class Download(StrEnum):
    """The networks that can be fetched."""

    YUNET = "yunet"


@model_app.command()
def show(file: FileArgument, json: JsonOption = False) -> None:
    """Print the card of a model and the operators that its file holds."""
    from edge_fer.models.card import load_network
    from edge_fer.models.files import card_path
    from edge_fer.models.operators import list_operators

    card, content = load_network(file)
    operators = list_operators(content, str(file))
    if json:
        names = [operator.name for operator in operators]
        typer.echo(json_format.dumps({"card": card.to_json(), "operators": names}, indent=2))
        return
    from rich.console import Console

    from edge_fer.models.render import render_card, render_operators

    console = Console()
    console.print(render_card(card, file, card_path(file)))
    console.print(render_operators(operators))


@model_app.command()
def verify(file: FileArgument, json: JsonOption = False) -> None:
    """Run the golden images: does this device compute what the card says? Exit code 1 if not."""
    from edge_fer.errors import ModelError
    from edge_fer.models.check import check_model_apart, require_passed

    result, runtime = check_model_apart(file)
    if json:
        values = {
            "passed": result.passed,
            "runtime": runtime,
            "differences": dict(result.differences),
        }
        typer.echo(json_format.dumps(values))
    elif result.passed:
        typer.echo(
            f"{file}: {len(result.differences)} golden images as in the card, at most "
            f"{result.worst[1]} units off, with {runtime}"
        )
    else:
        try:
            require_passed(file, result, runtime)
        except ModelError as error:
            typer.echo(f"edge-fer: {error}", err=True)
    if not result.passed:
        raise typer.Exit(EXIT_FAILED)


@model_app.command()
def install(file: FileArgument, store: StoreOption = None, trusted_key: KeyOption = None) -> None:
    """Check a model, make it the one that the daemon starts with, and keep the one before."""
    from edge_fer.models.card import load_network
    from edge_fer.models.kind import EMOTIONS, kind_of
    from edge_fer.models.store import ModelStore

    place = _place(store, trusted_key)
    kind = kind_of(load_network(file)[0].labels) or EMOTIONS
    done = ModelStore(place.store, kind).install(file, trusted_key=place.trusted_key)
    state = "is installed already" if done.was_current else f"is installed: {done.path}"
    typer.echo(f"{done.card.name} ({done.card.sha256[:12]}) {state}")
    typer.echo(f"to use it: {RESTART}")


@model_app.command()
def rollback(
    store: StoreOption = None,
    kind: Annotated[Kind, typer.Option(help="The kind of network.")] = Kind.EMOTIONS,
    trusted_key: KeyOption = None,
) -> None:
    """Go back to the model before the current one; a second time goes forward again."""
    from edge_fer.models.card import load_network
    from edge_fer.models.kind import EMOTIONS, kind_named
    from edge_fer.models.store import ModelStore

    place = _place(store, trusted_key)
    found = kind_named(kind) or EMOTIONS
    path = ModelStore(place.store, found).rollback(trusted_key=place.trusted_key)
    if path is None:
        what = "the model that came with edge-fer"
    else:
        card, _ = load_network(path, found)
        what = f"{card.name} ({card.sha256[:12]})"
    typer.echo(f"back to {what}")
    typer.echo(f"to use it: {RESTART}")


@model_app.command()
def fetch(
    name: Annotated[Download, typer.Argument(help="The face detector with landmarks.")],
    store: StoreOption = None,
) -> None:
    """Download a network that edge-fer can use and does not bring along; its sha256 is checked."""
    from edge_fer.face.fetching import fetch_yunet

    folder = prepare_folder(_place(store, "").store, "--store")
    path = fetch_yunet(folder)
    typer.echo(f'{path}: the sha256 is right; face.detector = "{name}" uses it')


@model_app.command()
def sign(
    file: FileArgument,
    key: Annotated[Path, typer.Option(help="Private key, as `edge-fer model keygen` makes it.")],
    release: Annotated[
        int | None,
        typer.Option(
            help="Its number: devices refuse a lower one than they have. [default: the time, in"
            " seconds since 1970]",
        ),
    ] = None,
) -> None:
    """Sign a model and its card (Ed25519) as a release, and print the public key to trust."""
    from edge_fer.models.files import signature_path
    from edge_fer.models.signature import sign_model

    number = int(time.time()) if release is None else release
    public = sign_model(file, key, release=number)
    typer.echo(f"{signature_path(file)}: signed as release {number}; trusted key {public}")


@dataclass(frozen=True, slots=True)
class _Place:
    store: Path
    trusted_key: str


def _place(store: Path | None, trusted_key: str | None) -> _Place:
    """Return the store and the trusted key; what is not given is that of the device's config."""
    if store is not None and trusted_key is not None:
        return _Place(store, trusted_key)
    model = device_config().model
    return _Place(
        Path(model.store) if store is None else store,
        model.trusted_key if trusted_key is None else trusted_key,
    )


@model_app.command()
def keygen(
    out: NewKeyOption,
) -> None:
    """Make a key pair for `sign`; print the public key, which is for the device's config."""
    from edge_fer.models.signature import make_signing_key

    public = make_signing_key(out)
    typer.echo(f"{out}: the private key; devices that trust it install what it signs")
    typer.echo(f'trusted_key = "{public}"')
