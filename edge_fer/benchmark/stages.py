"""Each stage of the pipeline by itself, on the frames of a camera, in the order of the daemon.

`Pipeline` itself says where each of its stages ends. Another one runs on the same frames untimed:
what it takes longer than the stages is its overhead.
"""

import itertools
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from edge_fer.benchmark.distribution import Distribution
from edge_fer.camera import open_camera
from edge_fer.camera.base import Frame
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import CameraError, CameraReason
from edge_fer.face.eyes import EyeReader
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.health.meter import Health
from edge_fer.models.classifier import Classifier
from edge_fer.pipeline import Pipeline, Step
from edge_fer.redaction import redacted_uri
from edge_fer.vehicle.outgoing import report
from firmware_bridge.benchmark.terminal import terminal
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, encode
from firmware_bridge.protocol.slcan import encode_line
from firmware_bridge.terminal.pty import Terminal

# What a frame takes when its face was found by the tracker alone, and when the detector ran.
TRACKED, DETECTED = "frame to state, tracked", "frame to state, detected"
# Of these the face network is a part: it follows a face, and judges what a search proposes.
TRACK, DETECT = "face network, tracked", "face network and search"
NO_FACE = "face network and search, no face"
_ORDER = (
    *("capture", "to shared memory", "from shared memory"),
    *("camera condition", "scene cut", DETECT, TRACK, NO_FACE, "seat", "crop"),
    *("emotion network", "eye network", "policy", TRACKED, DETECTED),
    *("report", "encode", "write"),
)
_NO_HEALTH = Health(frames=0, dropped=0, fps=0.0, latency_ms=None, temperature_c=None)


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Times by stage, in the order of the data.

    `overhead` is how much longer a frame with a face takes in the pipeline than its stages do, as
    a share of them, by medians; None where no frame had a face.
    """

    frames: int
    frame_size: tuple[int, int]  # width, height
    face_share: float
    stages: dict[str, Distribution]
    overhead: float | None


class Stopwatch:
    """Keeps what each named step took."""

    def __init__(self) -> None:
        self.taken_s: dict[str, list[float]] = {}
        self._lap_s = 0.0

    def start(self) -> None:
        """Begin a lap."""
        self._lap_s = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the time since the last lap, or the start, under `name`."""
        self.add(name, time.perf_counter() - self._lap_s)
        self._lap_s = time.perf_counter()

    def add(self, name: str, seconds: float) -> None:
        """Note `seconds` under `name`."""
        self.taken_s.setdefault(name, []).append(seconds)


_FACE = FaceConfig(detector="haar")  # the same on each machine, with YuNet's file or without


def _timed(pipeline: Pipeline, frame: Frame) -> float:
    started_s = time.perf_counter()
    pipeline.frame(frame)
    return time.perf_counter() - started_s


def measure_stages(
    camera_uri: str, classifier: Classifier, policy: PolicySettings, frames: int
) -> StageTimes:
    """Time each stage on the first `frames` frames of a camera; UserError where it gives none."""
    watch = Stopwatch()
    timed, whole = open_whole(classifier, policy), open_whole(classifier, policy)
    sender = Profile22Sender(definition(DriverStateMessage.NAME).data_ids)
    count, size = 0, (0, 0)
    bare_s: list[float] = []  # of the frames with a face, as the next
    whole_s: list[float] = []
    with terminal() as port:
        for frame in itertools.islice(_frames(camera_uri, watch), frames):
            count, size = count + 1, (frame.grey.shape[1], frame.grey.shape[0])
            # In turns, so that neither always finds the frame in the cache that the other filled.
            frame_s = _timed(whole, frame) if count % 2 else 0.0
            step, stages_s = staged(timed, frame, watch)
            frame_s = frame_s or _timed(whole, frame)
            if step.face is not None:
                bare_s.append(stages_s)
                whole_s.append(frame_s)
                watch.add(DETECTED if step.face.detected else TRACKED, frame_s)
            _reported(step, frame, watch, sender, port)
    if not count:
        shown = redacted_uri(camera_uri)
        raise CameraError(CameraReason.NO_FRAMES, f"benchmark: camera {shown} gave no frame")
    return StageTimes(
        count,
        size,
        len(whole_s) / count,
        {name: Distribution.of(watch.taken_s[name]) for name in _ORDER if name in watch.taken_s},
        statistics.median(whole_s) / statistics.median(bare_s) - 1.0 if bare_s else None,
    )


def _frames(camera_uri: str, watch: Stopwatch) -> Iterator[Frame]:
    """Yield a camera's frames as the daemon gets them: through the shared memory."""
    camera = open_camera(camera_uri)
    memory = create_memory()
    slots: tuple[SlotWriter, SlotReader] | None = None
    try:
        for index in itertools.count():
            watch.start()
            grey = camera.read()
            if grey is None:
                return
            watch.lap("capture")
            if slots is None:
                height, width = grey.shape
                slots = SlotWriter(memory, (height, width)), SlotReader(memory, (height, width))
            writer, reader = slots
            watch.start()
            # The camera's own time base: tracker and policy see it play at its rate.
            writer.write(grey, index / camera.fps)
            watch.lap("to shared memory")
            frame = reader.read()
            watch.lap("from shared memory")
            if frame is not None:
                yield frame
    finally:
        camera.close()
        os.close(memory)


def open_whole(classifier: Classifier, policy: PolicySettings) -> Pipeline:
    """Return the pipeline as the daemon has it by default, with the cascades."""
    driver = StateMonitor(policy, 0.0)
    return Pipeline(classifier, open_tracker(_FACE), ConditionMonitor(), driver, EyeReader())


def staged(pipeline: Pipeline, frame: Frame, watch: Stopwatch) -> tuple[Step, float]:
    """Return the step of a frame, and the seconds that its stages took; `watch` gets each."""
    laps: list[tuple[str, float]] = []
    begun_s = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal begun_s
        laps.append((stage, time.perf_counter() - begun_s))
        begun_s = time.perf_counter()

    step = pipeline.frame(frame, lap=lap)
    found = NO_FACE if step.face is None else DETECT if step.face.detected else TRACK
    for stage, taken_s in laps:
        watch.add(found if stage == "face network" else stage, taken_s)
    return step, sum(taken_s for _, taken_s in laps)


def _reported(
    step: Step, frame: Frame, watch: Stopwatch, sender: Profile22Sender, port: Terminal
) -> None:
    known = definition(DriverStateMessage.NAME)
    watch.start()
    snapshot = report(step, _NO_HEALTH, frame.captured_s)
    watch.lap("report")
    data = sender.protect(encode(snapshot.driver_state))
    line = encode_line(CanFrame(known.can_id, data, frame.captured_s))
    watch.lap("encode")
    os.write(port.port, line)
    watch.lap("write")
    os.read(port.device, 4096)  # the next one has room
