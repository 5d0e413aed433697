"""`edge-fer benchmark faces FOLDER`: runs the face detectors on clips and prints their metrics."""

from collections.abc import Set
from pathlib import Path

import cv2
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_fer.benchmark.faces import (
    VERSIONS,
    FaceFigures,
    NetworkFinder,
    clips_in,
    measure_faces,
)
from edge_fer.face.network import FaceNetwork
from edge_fer.face.opening import open_detector, open_tracker, yunet_path
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import FaceTracker
from firmware_bridge.benchmark.output import Output, announce

OURS = "network"  # found by the cascades or the face network, followed by the face network


def run_faces_benchmark(
    *,
    clips: Path,
    yunet: Path | None,
    only: Set[str] = frozenset(),
    output: Output | None = None,
) -> None:
    """Measure the face network and each detector alone, YuNet only where its file is.

    With `only`, measure these of "network", "haar" and "yunet".
    UserError: a folder without clips; a detector in `only` whose file is missing.

    KeyboardInterrupt after the rows that were measured until then are printed.
    """
    paths = clips_in(clips)
    with_yunet = FaceConfig(detector="yunet", model="" if yunet is None else str(yunet))
    configs = {OURS: None, "haar": FaceConfig(detector="haar"), "yunet": with_yunet}
    if not only and yunet is None and not yunet_path(with_yunet).is_file():
        del configs["yunet"]
    chosen = [config for name, config in configs.items() if not only or name in only]
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # what a frame costs, and not how many cores share it
    figures: list[FaceFigures] = []
    try:
        for clip in paths:
            for version in VERSIONS:
                figures += [_measured(clip, version, config) for config in chosen]
    finally:
        # After Ctrl-C too: what was measured is kept.
        cv2.setNumThreads(threads)
        if figures:
            values = [one.to_json() for one in figures]
            (output or Output()).show(values, lambda: render_faces(figures))


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


def _measured(clip: Path, version: str, config: FaceConfig | None) -> FaceFigures:
    """Measure one detector with the tracker by comparison; None: with the face network."""
    name = OURS if config is None else config.detector
    announce(f"{clip.stem}, {version}, {name}")
    if config is None:
        network = FaceNetwork()
        tracker = open_tracker(FaceConfig(detector="haar"), network)  # the daemon's without YuNet
        return measure_faces(clip, version, name, NetworkFinder(network), tracker)
    detector = open_detector(config)
    follower = FaceTracker(detector, each_frame=config.detector == "yunet")
    return measure_faces(clip, version, name, detector, follower)
