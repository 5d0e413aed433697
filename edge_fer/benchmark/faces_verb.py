"""`edge-fer benchmark --faces FOLDER`: shows clips to the face detectors, prints what they saw."""

import json
import sys
from pathlib import Path
from typing import TextIO

import cv2
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.benchmark.faces import VERSIONS, FaceFigures, clips_in, measure_faces
from edge_fer.face.opening import open_detector, yunet_path
from edge_fer.face.settings import FaceConfig

_LEAST_WIDTH = 110  # of the tables in a file or a pipe, which has no width of its own


def run_faces_benchmark(
    *, clips: Path, yunet: Path | None, json_output: bool, out: TextIO | None = None
) -> None:
    """Measure both detectors, YuNet only where its file is. UserError: a folder without clips."""
    target = sys.stdout if out is None else out
    paths = clips_in(clips)
    configs = [FaceConfig()]
    with_yunet = FaceConfig(detector="yunet", model="" if yunet is None else str(yunet))
    if yunet is not None or yunet_path(with_yunet).is_file():
        configs.append(with_yunet)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # what a frame costs, and not how many cores share it
    try:
        figures = [
            _measured(clip, version, config)
            for clip in paths
            for version in VERSIONS
            for config in configs
        ]
    finally:
        cv2.setNumThreads(threads)
    if json_output:
        print(json.dumps([one.to_json() for one in figures], indent=2), file=target)
        return
    console = Console(file=target)
    if not console.is_terminal:
        console.width = max(console.width, _LEAST_WIDTH)
    console.print(render_faces(figures), highlight=False)


def render_faces(figures: list[FaceFigures]) -> RenderableType:
    """Return one row a clip, version and detector."""
    table = Table(box=None, pad_edge=False, header_style="grey62")
    heads = ("found", "search", "followed", "landmarks", "frame")
    for head in ("clip", "version", "detector", *heads):
        table.add_column(head, justify="right" if head in heads else "left")
    for one in figures:
        table.add_row(
            one.clip,
            one.version,
            one.detector,
            f"{one.found:.1%}",
            f"{one.search_ms:.1f} ms",
            f"{one.followed:.1%}",
            f"{one.landmarks:.1%}",
            f"{one.frame_ms:.2f} ms",
        )
    return Group(
        Text("faces in clips, one thread", "bold"),
        Text(
            "found, search: of single frames searched whole; followed, landmarks, frame: with the"
            " tracker\n",
            "grey62",
        ),
        table,
    )


def _measured(clip: Path, version: str, config: FaceConfig) -> FaceFigures:
    if sys.stderr.isatty():
        print(f"measuring: {clip.stem}, {version}, {config.detector}", file=sys.stderr)
    return measure_faces(
        clip,
        version,
        config.detector,
        open_detector(config),
        each_frame=config.detector == "yunet",
    )
