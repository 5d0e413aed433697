"""How the cost grows: with the frame's size, faces in view, the camera's rate, threads and cameras.

Times are of the processor, not of the clock: what else the machine does is left out. Threads alone
are by the clock, for their use is to be sooner, and so the shortest time is taken.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.benchmark.conditions import Conditions, Machine, read_conditions, read_machine
from edge_fer.benchmark.model_speed import time_classifier
from edge_fer.benchmark.running_daemon import measure_daemon
from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.scene import Scene
from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.face.cutting import cut_square
from edge_fer.face.eyes import EyeReader
from edge_fer.face.haar import HaarDetector
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.models.classifier import Classifier
from edge_fer.pipeline import Pipeline
from firmware_bridge.benchmark.output import Interrupted

Grey = NDArray[np.uint8]

SIZES = ((320, 240), (640, 480), (960, 540), (1280, 720), (1920, 1080))
FACES = (1, 2, 3, 4, 5, 6, 7, 8)
FACES_SIZE = (1280, 720)
RATES = (10, 15, 30, 60, 120)
CAMERAS = (1, 2, 3)
FPS = 30.0
_WARM_UP = 5  # frames
_SEARCH_EVERY = 4  # frames
_FIND_EVERY = 10  # frames: the face network follows a face for as long as it is there
_HEAD = 2.2  # of a face's box: with hair and shoulders, or the cascade misses some


@dataclass(frozen=True, slots=True)
class GrowthEffort:
    """How much is measured; the defaults take two minutes."""

    frames: int = 120  # of each size and number of faces
    daemon_s: float = 5.0  # for each rate and number of cameras
    model_s: float = 2.0  # for each number of threads


@dataclass(frozen=True, slots=True)
class FrameCost:
    """Medians in ms of the processor.

    Of a frame whose face is followed, and of one in which it is found anew, by one way of looking;
    of a search of the whole frame alone, and of the copy from the camera's process into this one.
    """

    tracked_ms: float
    detected_ms: float
    search_ms: float
    copy_ms: float


@dataclass(frozen=True, slots=True)
class DaemonCost:
    """All daemons and their camera processes together; shares are of one core."""

    fps: float  # of each
    cores: float
    rss_mb: float

    @property
    def frame_ms(self) -> float:
        """Processor time a frame of all cameras, in all processes."""
        return 1000.0 * self.cores / self.fps if self.fps else float("nan")


@dataclass(frozen=True, slots=True)
class Growth:
    """Each figure by what was changed; all else is as the daemon's defaults: 640x480, 30 fps."""

    machine: Machine
    before: Conditions
    after: Conditions
    sizes: dict[str, FrameCost]  # "640x480"
    faces: dict[int, FrameCost]
    threads: dict[int, float]  # ms of the model by the clock
    rates: dict[int, DaemonCost]
    cameras: dict[int, DaemonCost]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def measure_growth(
    model: Path, effort: GrowthEffort, say: Callable[[str], None] = lambda text: None
) -> Growth:
    """Measure all of it; UserError for a wrong model or a daemon that does not run.

    Interrupted by Ctrl-C, with what was measured until then.
    """
    machine, before = read_machine(), read_conditions()
    sizes: dict[str, FrameCost] = {}
    faces: dict[int, FrameCost] = {}
    threads: dict[int, float] = {}
    rates: dict[int, DaemonCost] = {}
    cameras: dict[int, DaemonCost] = {}

    def measured() -> Growth:
        return Growth(machine, before, read_conditions(), sizes, faces, threads, rates, cameras)

    try:
        for width, height in SIZES:
            say(f"frames of {width}x{height}")
            scene = _scene(width, height)
            sizes[f"{width}x{height}"] = measure_frames(scene, Classifier(model), effort.frames)
        for count in FACES:
            say(f"faces in view: {count}")
            crowd = _crowd(count, *FACES_SIZE)
            faces[count] = measure_frames(crowd, Classifier(model), effort.frames)
        for count in range(1, machine.cores + 1):
            say(f"threads: {count}")
            times = time_classifier(Classifier(model, threads=count), effort.model_s)
            threads[count] = times.min_ms
        for rate in RATES:
            say(f"frames a second: {rate}")
            rates[rate] = _daemons(model, 1, float(rate), effort.daemon_s)
        for count in CAMERAS:
            say(f"cameras: {count}")
            cameras[count] = _daemons(model, count, FPS, effort.daemon_s)
    except KeyboardInterrupt:
        raise Interrupted(measured()) from None
    return measured()


def measure_frames(frames: Iterator[Grey], classifier: Classifier, count: int) -> FrameCost:
    """Run the pipeline on `count` frames of one size, in all of which a face is to be found."""
    tracker = open_tracker(FaceConfig(detector="haar"))
    policy = PolicySettings().for_model(classifier.card.uncertain_threshold)
    driver = StateMonitor(policy, 0.0)
    pipeline = Pipeline(classifier, tracker, ConditionMonitor(), driver, EyeReader())
    writer: SlotWriter | None = None
    memory = create_memory()
    tracked_s: list[float] = []
    detected_s: list[float] = []
    copy_s: list[float] = []
    search_s: list[float] = []
    detector = HaarDetector()
    for number in range(_WARM_UP + count):
        grey = next(frames)
        if writer is None:
            shape = (grey.shape[0], grey.shape[1])
            writer, reader = SlotWriter(memory, shape), SlotReader(memory, shape)
        writer.write(grey, number / FPS)
        if number % _FIND_EVERY == 0:
            tracker.forget()
        begin_s = time.process_time()
        frame = reader.read()
        copied_s = time.process_time()
        step = pipeline.frame(frame or Frame(grey, number / FPS, number))
        end_s = time.process_time()
        if number >= _WARM_UP and step.face is not None:
            copy_s.append(copied_s - begin_s)
            (detected_s if step.face.detected else tracked_s).append(end_s - copied_s)
        if number % _SEARCH_EVERY == 0:
            begin_s = time.process_time()
            detector.detect(grey)
            search_s.append(time.process_time() - begin_s)
    os.close(memory)
    return FrameCost(*map(_median_ms, (tracked_s, detected_s, search_s, copy_s)))


def _median_ms(seconds: list[float]) -> float:
    return 1000.0 * median(seconds) if seconds else float("nan")


def _scene(width: int, height: int) -> Iterator[Grey]:
    """Yield the demo's driver, sitting, in frames of any size: always the same five seconds."""
    scene = Scene()
    number = 0
    while True:
        grey = scene.render(number / FPS % 5.0)
        filter_ = cv2.INTER_AREA if width < grey.shape[1] else cv2.INTER_LINEAR
        yield cv2.resize(grey, (width, height), interpolation=filter_).astype(np.uint8, copy=False)
        number += 1


def _crowd(count: int, width: int, height: int) -> Iterator[Grey]:
    """Yield `count` heads of the demo's driver, all of one size, in a cabin's grey."""
    scene = Scene()
    box = HaarDetector().detect(scene.render(0.0))[0]
    side = round(_HEAD * box.width)
    left, top = (round(middle - side / 2) for middle in box.centre)
    cell_width, cell_height = width // 4, height // 2
    side_px = min(cell_width, cell_height) - 20
    number = 0
    while True:
        driver = scene.render(number / FPS % 5.0)
        face = cv2.resize(cut_square(driver, left, top, side), (side_px, side_px))
        # Of the cabin's grey, with a sensor's noise: flat areas would cost the cascade nothing.
        noise = np.random.default_rng(number).normal(90.0, 6.0, (height, width))
        grey = noise.clip(0, 255).astype(np.uint8)
        for place in range(count):
            row, column = place // 4 * cell_height + 10, place % 4 * cell_width + 10
            grey[row : row + side_px, column : column + side_px] = face
        yield grey
        number += 1


def _daemons(model: Path, count: int, fps: float, seconds: float) -> DaemonCost:
    """Run `count` daemons at once, each with its camera."""
    uri = f"demo:?fps={fps:g}&loop=1"
    with ThreadPoolExecutor(count) as pool:  # the daemons are processes; these threads only listen
        runs = [pool.submit(measure_daemon, uri, model, seconds) for _ in range(count)]
        found = [run.result()[0] for run in runs]
    return DaemonCost(
        fps=sum(one.fps for one in found) / count,
        cores=sum(one.cpu_daemon + one.cpu_camera for one in found),
        rss_mb=sum(one.rss_daemon_mb + one.rss_camera_mb for one in found),
    )
