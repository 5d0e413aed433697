"""What `edge-fer annotate` does: a video of what the pipeline sees, its rows and its time line."""

import os
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edge_fer.annotate.beside import Beside
from edge_fer.annotate.compose import Layout, compose, layout_for
from edge_fer.annotate.recorded import (
    BusLog,
    Exported,
    ForwardPictures,
    is_exported,
    open_exported,
    read_bus_log,
)
from edge_fer.annotate.rows import RowWriter
from edge_fer.annotate.source import Shot, ShotSource, open_shots
from edge_fer.annotate.summary import draw_summary
from edge_fer.annotate.timeline import Timeline
from edge_fer.annotate.video import open_video
from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.config.config import load_config
from edge_fer.daemon.opening import open_networks
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.errors import (
    CameraError,
    CameraReason,
    OutputError,
    OutputReason,
    UsageError,
    UsageReason,
)
from edge_fer.live.scene import scene_of
from edge_fer.observation import UNKNOWN_VEHICLE
from edge_fer.out_path import prepare_file
from edge_fer.pipeline import Pipeline
from firmware_bridge.terminal.interrupts import interrupt_noted


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that are written: the video, one row a picture, and the whole time line."""

    video: Path
    rows: Path
    timeline: Path

    @classmethod
    def beside(cls, video: Path, rows_format: str) -> "Outputs":
        """Return the files with the name of `video`."""
        return cls(video, video.with_suffix(f".{rows_format}"), video.with_suffix(".png"))


def annotate_source(
    source: str,
    outputs: Outputs,
    *,
    config_path: Path | None,
    model: Path | None,
    seconds: float | None,
    speed_km_h: float | None,
    log: Path | None = None,
    log_offset_s: float | None = None,
) -> None:
    """Annotate with the networks and the policy of a config; UserError as `annotate`."""
    recorded = _recorded(source, log, log_offset_s)
    config = load_config(config_path, os.environ)
    if model is not None:
        config = replace(config, model=replace(config.model, path=str(model)))
    networks = open_networks(
        config.model,
        config.face,
        stand_in=False,
        driver_side=config.driver_state.driver_side,
    )
    classifier, policy = networks.policy(config.driver_state)
    pipeline = Pipeline(
        classifier, networks.tracker, ConditionMonitor(), StateMonitor(policy, 0.0), networks.eyes
    )
    annotate(
        source,
        outputs,
        pipeline,
        fps=config.camera.fps,
        seconds=seconds,
        speed_km_h=speed_km_h,
        recorded=recorded,
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """An exported recording and, where it was given, its bus."""

    exported: Exported
    bus: BusLog | None


def _recorded(source: str, log: Path | None, log_offset_s: float | None) -> Recorded | None:
    folder = Path(source).expanduser()
    if not is_exported(folder):
        if log is None:
            return None
        raise UsageError(
            UsageReason.CONTRADICTION,
            f"annotate: {source}: --log goes with a folder that `edge-fer recording export` wrote:"
            " other videos do not say at what time they were taken",
        )
    exported = open_exported(folder)
    bus = None if log is None else read_bus_log(log, exported.header, log_offset_s)
    if bus is not None and log_offset_s is None and bus.shift_s:
        print(
            f"edge-fer: {log}: its clock differs from the clip's by {bus.shift_s:+.1f} s; both are"
            f" in step by the change to {exported.header.events[0].state!r}",
            file=sys.stderr,
        )
    return Recorded(exported, bus)


def annotate(
    source: str,
    outputs: Outputs,
    pipeline: Pipeline,
    *,
    fps: float,
    seconds: float | None,
    speed_km_h: float | None,
    recorded: Recorded | None = None,
) -> None:
    """Write video, rows and time line of `source`; what was written so far stays after Ctrl-C.

    `seconds` is how much of it, None all of it; `speed_km_h` the vehicle's speed, None that which
    its bus says. `recorded` is what is shown beside the pictures of a recording.
    """
    if recorded is not None:
        source = str(recorded.exported.cabin)
    _refuse_overwriting(source, outputs)
    shots = open_shots(source, fps)
    length_s = shots.length_s if seconds is None else min(seconds, shots.length_s or seconds)
    timeline = Timeline(length_s)
    console = Console(stderr=True)
    with ExitStack() as stack:
        pictures = stack.enter_context(closing(_until(shots, seconds)))
        first = next(pictures, None)
        if first is None:
            raise CameraError(CameraReason.NO_FRAMES, f"annotate: {shots.name}: it gave no picture")
        layout = layout_for(*first.grey.shape)
        beside = None if recorded is None else _beside(recorded, layout, stack)
        shape = layout.shape if beside is None else beside.shape
        video = open_video(outputs.video, shape, shots.fps)
        stack.callback(video.close)
        rows = stack.enter_context(RowWriter(outputs.rows))
        stack.callback(lambda: draw_summary(timeline, outputs.timeline, Path(shots.name).name))
        progress = stack.enter_context(_progress(console))
        task = progress.add_task("annotate", total=_expected(shots, seconds))
        # Between two pictures, because an encoder that is interrupted in one spoils the file.
        interrupted = stack.enter_context(interrupt_noted())
        shot: Shot | None = first
        index = 0
        while shot is not None and not interrupted:
            vehicle = UNKNOWN_VEHICLE if beside is None else beside.advance(shot.time_s)
            if speed_km_h is not None:
                vehicle = replace(vehicle, speed_km_h=speed_km_h)
            step = pipeline.frame(Frame(shot.grey, shot.time_s, index), vehicle)
            scene = scene_of(step, 0.0)
            timeline.add(scene)
            picture = shot.picture
            if picture.shape[:2] != first.picture.shape[:2]:  # some streams change their size
                picture = cv2.resize(picture, first.picture.shape[1::-1]).astype(picture.dtype)
            drawn = compose(picture, scene, timeline, layout)
            video.write(drawn if beside is None else beside.draw(drawn), shot.time_s)
            rows.write(scene, None if beside is None else beside.columns(shot.time_s))
            progress.advance(task)
            index += 1
            shot = next(pictures, None)
    if interrupted:
        raise KeyboardInterrupt
    for path in (outputs.video, outputs.rows, outputs.timeline):
        print(path)


def _beside(recorded: Recorded, layout: Layout, stack: ExitStack) -> Beside:
    forward = None
    if recorded.exported.forward is not None:
        forward = ForwardPictures(recorded.exported.forward)
        stack.callback(forward.close)
    return Beside(layout, recorded.exported.header.from_s, forward, recorded.bus)


def _refuse_overwriting(source: str, outputs: Outputs) -> None:
    path = Path(source).expanduser()
    for target in (outputs.video, outputs.rows, outputs.timeline):
        if path.exists() and target.exists() and path.samefile(target):
            raise OutputError(
                OutputReason.EXISTS,
                f"annotate: {target} is the source itself: choose another --out",
            )
        prepare_file(target, "--out")


def _until(source: ShotSource, seconds: float | None) -> Generator[Shot, None, None]:
    for shot in source.shots:
        if seconds is not None and shot.time_s >= seconds:
            return
        yield shot


def _expected(source: ShotSource, seconds: float | None) -> int | None:
    if seconds is None:
        return source.frames
    wanted = round(seconds * source.fps)
    return wanted if source.frames is None else min(wanted, source.frames)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
