"""The verbs below `edge-fer model`: what a model is, and which one a device uses."""

# ruff: noqa: PLC0415 - as in cli.py, a verb imports what it needs when it is called

import json as json_format
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from edge_fer.paths import DEVICE_CONFIG, INSTALLED_MODELS

model_app = typer.Typer(
    help="Show, check, install, roll back and fetch models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

FileArgument = Annotated[Path, typer.Argument(help="a .tflite file, its card (.json) beside it")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]
StoreOption = Annotated[
    Path,
    typer.Option("--store", envvar="EDGE_FER_MODELS", help="the folder of installed models"),
]


KeyOption = Annotated[
    str,
    typer.Option(
        "--trusted-key",
        envvar="EDGE_FER_TRUSTED_KEY",
        help="public Ed25519 key, 64 hex digits: only what it signed is accepted; without it, the"
        " key in the device's config",
    ),
]


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
    """Run the golden images and say whether this device computes what the card says."""
    from edge_fer.models.check import check_model_apart, require_passed

    result, runtime = check_model_apart(file)
    if json:
        typer.echo(
            json_format.dumps(
                {
                    "passed": result.passed,
                    "runtime": runtime,
                    "differences": dict(result.differences),
                }
            )
        )
        if not result.passed:
            raise typer.Exit(1)
        return
    require_passed(file, result, runtime)
    typer.echo(
        f"{file}: {len(result.differences)} golden images as in the card, at most "
        f"{result.worst[1]} units off, with {runtime}"
    )


@model_app.command()
def install(
    file: FileArgument,
    store: StoreOption = INSTALLED_MODELS,
    trusted_key: KeyOption = "",
) -> None:
    """Check a model, make it the one that the daemon starts with, and keep the one before."""
    from edge_fer.models.card import load_network
    from edge_fer.models.kind import EMOTIONS, kind_of
    from edge_fer.models.store import ModelStore

    kind = kind_of(load_network(file)[0].labels) or EMOTIONS
    done = ModelStore(store, kind).install(file, trusted_key=trusted_key or _device_key(store))
    state = "is installed already" if done.was_current else "is installed"
    typer.echo(f"{done.card.name} ({done.card.sha256[:12]}) {state}: restart the daemon to use it")


@model_app.command()
def rollback(
    store: StoreOption = INSTALLED_MODELS,
    kind: Annotated[str, typer.Option(help="which network: emotions, eyes, face")] = "emotions",
    trusted_key: KeyOption = "",
) -> None:
    """Go back to the model before the current one; a second time goes forward again."""
    from edge_fer.errors import UserError
    from edge_fer.models.card import load_network
    from edge_fer.models.kind import KINDS, kind_named
    from edge_fer.models.store import ModelStore

    found = kind_named(kind)
    if found is None:
        names = ", ".join(known.name for known in KINDS)
        raise UserError(f"--kind {kind}: choose one of {names}")
    path = ModelStore(store, found).rollback(trusted_key=trusted_key or _device_key(store))
    if path is None:
        what = "the model that came with edge-fer"
    else:
        card, _ = load_network(path, found)
        what = f"{card.name} ({card.sha256[:12]})"
    typer.echo(f"back to {what}: restart the daemon to use it")


@model_app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="yunet, the face detector with landmarks")],
    to: Annotated[
        Path, typer.Option(envvar="EDGE_FER_MODELS", help="the folder for the file")
    ] = INSTALLED_MODELS,
) -> None:
    """Download a network that edge-fer can use and does not bring along; its sha256 is checked."""
    from edge_fer.errors import UserError
    from edge_fer.face.fetching import fetch_yunet

    if name != "yunet":
        raise UserError(f"fetch: {name!r} is not known: there is yunet")
    path = fetch_yunet(to)
    typer.echo(f'{path}: is there, with the right sha256; face.detector = "yunet" uses it')


@model_app.command()
def sign(
    file: FileArgument,
    key: Annotated[Path, typer.Option(help="private Ed25519 key, PEM without a password")],
    release: Annotated[
        int | None,
        typer.Option(
            help="its number: devices refuse a lower one than they have; without it, the time"
            " (seconds since 1970)",
        ),
    ] = None,
) -> None:
    """Sign a model and its card (Ed25519) as a release, and print the public key to trust."""
    from edge_fer.models.files import signature_path
    from edge_fer.models.signature import sign_model

    number = int(time.time()) if release is None else release
    public = sign_model(file, key, release=number)
    typer.echo(f"{signature_path(file)}: signed as release {number}; trusted key {public}")


def _device_key(store: Path) -> str:
    """Return the key that the device's config trusts, where that config is of this store."""
    from edge_fer.config.config import load_config

    if not DEVICE_CONFIG.exists():
        return ""
    model = load_config(DEVICE_CONFIG, os.environ).model
    return model.trusted_key if Path(model.store).resolve() == store.resolve() else ""
