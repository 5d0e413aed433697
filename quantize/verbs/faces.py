"""The verb `faces`."""

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from edge_fer.config.config import load_config
from edge_fer.face.settings import FaceConfig
from firmware_bridge.counted import counted
from quantize.data.face_crop import face_config
from quantize.data.face_export import TABLE, ExportCounts, export_faces


def faces_verb(
    source: Path,
    out: Path,
    *,
    every_s: float,
    side_px: int,
    config: Path | None,
    yunet: Path | None,
    json_output: bool,
    rows: int = 0,
) -> None:
    """Cut the faces of pictures and videos and say what was found, as JSON or for people.

    `config` is a daemon's TOML file, whose settings of the face count; `yunet` is YuNet's file.
    `rows` above 0 is after how many faces it stops.
    """
    face = face_config(yunet) if config is None else load_config(config).face
    console = Console(stderr=True)
    counts = export_with_status(
        source, out, face, every_s=every_s, side_px=side_px, most=rows, console=console
    )
    values = {
        "frames": counts.frames,
        "faces": counts.faces,
        "passed_over": counts.passed_over or {},
        "table": str(out / TABLE),
    }
    if json_output:
        print(json.dumps(values, indent=2))
        return
    for reason, count in (counts.passed_over or {}).items():
        console.print(f"not taken ({count:,}): {reason}", markup=False, highlight=False)
    print(
        f"{out}: {counted(counts.faces, 'face')} from {counted(counts.frames, 'frame')}; "
        f"{out / TABLE} lists them"
    )


def export_with_status(
    source: Path,
    out: Path,
    face: FaceConfig,
    *,
    every_s: float,
    side_px: int,
    most: int = 0,
    console: Console,
) -> ExportCounts:
    """Do `export_faces` with a line on `console` that says how many files are done."""
    text, done = f"Looking for faces in {escape(str(source))}", 0
    with console.status(f"{text} ...") as status:

        def advance(files: int) -> None:
            nonlocal done
            done += files
            status.update(f"{text}: {done} files ...")

        return export_faces(
            source, out, face, every_s=every_s, side_px=side_px, most=most, advance=advance
        )
