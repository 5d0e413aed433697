"""The verbs below `edge-fer recording`: for the owner of the clips and of their private key."""

# ruff: noqa: PLC0415 - a verb imports what it needs when it is called

import contextlib
import json as json_format
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_fer.cli.device_config import device_config
from edge_fer.cli.exit_codes import EXIT_FAILED
from edge_fer.cli.help import new_app
from edge_fer.cli.options import JsonOption, NewKeyOption, file_for, folder_for
from edge_fer.errors import ClipError, ClipReason, UsageError, UsageReason, UserError
from edge_fer.printable import printable

recording_app = new_app("List, verify and export recorded clips, and make their keys.")

KeyOption = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The private key that `keygen` made.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        readable=False,  # of somebody else: the answer names sudo
        metavar="FOLDER",
        help="The folder of the clips. [default: recording.folder of the config]",
    ),
]


@recording_app.command("list")
def list_(folder: FolderOption = None, key: KeyOption = None, json: JsonOption = False) -> None:
    """List the clips of the ring, the oldest first; --key decrypts what encrypted ones hold."""
    from edge_fer.recording.clip_file import is_cut_off, read_header

    private_key = _private_key(key)
    rows: list[dict[str, Any]] = []
    for clip in _clips(_folder(folder)):
        row: dict[str, Any] = {"number": clip.number, "path": str(clip.path), "bytes": clip.size}
        try:
            header = read_header(clip.path, private_key)
            row |= header.to_json()
        except ClipError as error:
            if error.reason is ClipReason.SEALED:
                row["encrypted"] = True
            else:
                row["error"] = str(error)
        except UserError as error:  # cryptography is not installed
            row["error"] = str(error)
        with contextlib.suppress(ClipError):  # unreadable: that is said above
            row["cut_off"] = is_cut_off(clip.path)
        rows.append(row)
    if json:
        typer.echo(json_format.dumps(rows, indent=2))
        return
    for row in rows:
        mark = "  CUT OFF: it was not written to its end" if row.get("cut_off") else ""
        typer.echo(
            f"{row['number']:>8}  {row['bytes'] / 1e6:6.1f} MB  {printable(_described(row))}{mark}"
        )
    if not rows:
        typer.echo("there are no clips")


@recording_app.command()
def export(
    to: Annotated[
        Path,
        typer.Option(
            "--out",
            "--to",
            metavar="FOLDER",
            callback=folder_for("--out"),
            help="Where to write; each clip gets a folder of its own in it.",
        ),
    ],
    clips: Annotated[
        list[str] | None,
        typer.Argument(help="Numbers from the list, or files. [default: all]", show_default=False),
    ] = None,
    folder: FolderOption = None,
    key: KeyOption = None,
    images: Annotated[
        bool, typer.Option("--images", help="Write each picture as a file too.")
    ] = False,
    device_key: Annotated[
        str | None,
        typer.Option(
            "--device-key", metavar="HEX", help="Export only what the device of this key signed."
        ),
    ] = None,
) -> None:
    """Decrypt clips into videos of both cameras, side by side in time. Exit code 2 if one fails."""
    from edge_fer.recording.chain import check_device_key
    from edge_fer.recording.clip_file import read_clip
    from edge_fer.recording.export import export_clip

    private_key = _private_key(key)
    if device_key is not None:
        check_device_key(device_key)
    failed = 0
    for path in _chosen(clips, folder):
        try:
            clip = read_clip(path, private_key, device_key=device_key)
            written = export_clip(clip, to / path.name.partition(".")[0], images=images)
        except UserError as error:
            # The others may be whole.
            typer.echo(printable(f"edge-fer: {error}"), err=True)
            failed += 1
            continue
        names = ", ".join(item.name for item in written)
        typer.echo(f"{written[0].parent}: {names}")
    if failed:
        raise typer.Exit(2)


@recording_app.command()
def verify(
    device_key: Annotated[
        str, typer.Option("--device-key", metavar="HEX", help="The device's public key.")
    ],
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    """Check that the device made each clip, and none is missing; exit code 1 if one fails."""
    from edge_fer.recording.chain import verify_clips

    place = _folder(folder)
    verdicts = verify_clips(_clips(place), device_key)
    if not verdicts:
        raise ClipError(ClipReason.NONE, f"{place}: there are no clips")
    if json:
        rows = [{"number": v.number, "path": str(v.path), "problem": v.problem} for v in verdicts]
        typer.echo(json_format.dumps(rows, indent=2))
    else:
        for verdict in verdicts:
            typer.echo(printable(f"{verdict.number:>8}  {verdict.problem or 'signed'}"))
    if any(verdict.problem for verdict in verdicts):
        raise typer.Exit(EXIT_FAILED)


@recording_app.command()
def device_key(
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            callback=file_for("--out"),
            help="The new private key (PEM), for recording.device_key.",
        ),
    ],
) -> None:
    """Make the key that a device signs its clips with; print the public one, for `verify`."""
    from edge_fer.recording.chain import make_device_key

    public = make_device_key(out)
    typer.echo(f"{out}: the private key; it stays on the device\n--device-key {public}")


@recording_app.command()
def keygen(
    out: NewKeyOption,
) -> None:
    """Make a key pair; print the public key, which is for the device's config."""
    from edge_fer.recording.sealing import make_key

    public = make_key(out)
    typer.echo(f'{out}: the private key; who loses it loses the clips\npublic_key = "{public}"')


def _folder(given: Path | None) -> Path:
    if given is not None:
        return given
    return Path(device_config().recording.folder)


def _clips(folder: Path) -> list[Any]:
    from edge_fer.recording.stored import list_clips

    try:
        return list_clips(folder)
    except FileNotFoundError:
        raise ClipError(
            ClipReason.NONE, f"{folder}: nothing was recorded there: try --folder"
        ) from None
    except NotADirectoryError:
        raise UsageError(UsageReason.BAD_VALUE, f"{folder}: is not a folder") from None
    except PermissionError:
        raise ClipError(
            ClipReason.UNREADABLE, f"{folder}: permission denied: sudo edge-fer recording ..."
        ) from None
    except OSError as error:
        raise ClipError(
            ClipReason.UNREADABLE, f"{folder}: cannot be read ({error.strerror})"
        ) from error


def _chosen(wanted: list[str] | None, folder: Path | None) -> list[Path]:
    """Return the paths of the clips that were asked for; UserError where there are none."""
    if wanted and not any(item.isdecimal() for item in wanted):
        return [Path(item) for item in wanted]
    place = _folder(folder)
    known = {clip.number: clip.path for clip in _clips(place)}
    if not wanted:
        if not known:
            raise ClipError(ClipReason.NONE, f"{place}: there are no clips")
        return list(known.values())
    paths = []
    for item in wanted:
        if not item.isdecimal():
            paths.append(Path(item))
        elif int(item) in known:
            paths.append(known[int(item)])
        else:
            numbers = f"{min(known)} to {max(known)}" if known else "none"
            raise ClipError(ClipReason.NONE, f"clip {item}: not in {place}: there are {numbers}")
    return paths


def _private_key(path: Path | None) -> Any:
    if path is None:
        return None
    from edge_fer.recording.sealing import load_key

    return load_key(path)


def _described(row: dict[str, Any]) -> str:
    if "error" in row:
        return str(row["error"])
    if "events" not in row:
        return "encrypted (--key shows more)"
    day = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row["event_s"]))
    states = " then ".join(event["state"] for event in row["events"])
    cameras = "cabin and forward" if row["shots"][1] else "cabin"
    doubt = "" if row["clock_synchronised"] else " (by a clock that was not set)"
    cut = "" if row["ended"] == "complete" else f", {row['ended']}"
    return f"{day}{doubt}  {states}, {row['from_s']:+.1f} to {row['to_s']:+.1f} s, {cameras}{cut}"
