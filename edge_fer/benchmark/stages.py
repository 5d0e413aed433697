"""Each stage of the pipeline by itself, on the frames of a camera, in the order of the daemon.

The stages are called as `Pipeline` calls them, and the pipeline as a whole is run on the same
frames beside them: what it takes longer than its stages is its overhead.
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
from edge_fer.camera.cells import averaged
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.cut import SceneCuts
from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.errors import CameraError, CameraReason
from edge_fer.face.crop import crop_face
from edge_fer.face.eyes import EyeReader, eye_corners, eyes_closed
from edge_fer.face.opening import open_tracker
from edge_fer.face.seat_look import SeatLook
from edge_fer.face.settings import FaceConfig
from edge_fer.health.meter import Health
from edge_fer.models.classifier import Classifier
from edge_fer.observation import CameraCondition, Observation
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

    def lap(self, name: str) -> float:
        """Note the time since the last lap, or the start, under `name`, and return it."""
        now_s = time.perf_counter()
        taken_s = now_s - self._lap_s
        self.add(name, taken_s)
        self._lap_s = time.perf_counter()
        return taken_s

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
    staged = StagedPipeline(classifier, policy)
    whole = open_whole(classifier, policy)
    sender = Profile22Sender(definition(DriverStateMessage.NAME).data_ids)
    count, size = 0, (0, 0)
    bare_s: list[float] = []  # of the frames with a face, as the next
    whole_s: list[float] = []
    with terminal() as port:
        for frame in itertools.islice(_frames(camera_uri, watch), frames):
            count, size = count + 1, (frame.grey.shape[1], frame.grey.shape[0])
            # In turns, so that neither always finds the frame in the cache that the other filled.
            frame_s = _timed(whole, frame) if count % 2 else 0.0
            step, stages_s = staged.frame(frame, watch)
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


class StagedPipeline:
    """Does what `open_whole` does, one stage after the other, so that each can be timed."""

    def __init__(self, classifier: Classifier, policy: PolicySettings) -> None:
        self._classifier = classifier
        self._tracker = open_tracker(_FACE)
        self._conditions = ConditionMonitor()
        self._driver = StateMonitor(policy, 0.0)
        self._eyes = EyeReader()
        self._seat = SeatLook()
        self._cuts = SceneCuts()

    def frame(self, frame: Frame, watch: Stopwatch) -> tuple[Step, float]:
        """Return what `Pipeline.frame` would, and the seconds that its stages took."""
        grey, time_s = frame.grey, frame.captured_s
        face, probabilities, head, eyes = None, None, None, None
        seat_empty, cut = None, False
        taken_s = 0.0
        watch.start()
        cells = averaged(grey)
        camera = self._conditions.update(grey, time_s, cells)
        taken_s += watch.lap("camera condition")
        if camera is not CameraCondition.GOOD:
            self._cuts.forget()
        else:
            cut = self._cuts.update(grey, time_s, cells)
            if cut:
                self._tracker.forget()
                self._seat = SeatLook()
            taken_s += watch.lap("scene cut")
            face = self._tracker.update(grey, time_s)
            found = DETECT if face is not None and face.detected else TRACK
            taken_s += watch.lap(NO_FACE if face is None else found)
            if face is None:
                seat_empty = self._seat.empty(grey)
            else:
                self._seat.taken(grey, face.box, time_s)
            taken_s += watch.lap("seat")
        reading = None if face is None else face.reading
        if face is not None and reading is not None:
            crop = crop_face(grey, face.box, self._classifier.side_px)
            taken_s += watch.lap("crop")
            probabilities = self._classifier.classify(crop)
            taken_s += watch.lap("emotion network")
            head = reading.head
            eyes = self._eyes.read(grey, eye_corners(reading), head)
            taken_s += watch.lap("eye network")
        seen = Observation(
            time_s,
            camera,
            None if face is None else face.box,
            probabilities,
            eyes_closed=None if eyes is None else eyes_closed(eyes),
            head=head,
            eyes=eyes,
            mouth_opening=None if reading is None else reading.mouth_opening,
            profile=reading is not None and reading.profile,
            seat_empty=seat_empty,
            cut=cut,
        )
        decision = self._driver.observe(seen)
        taken_s += watch.lap("policy")
        return Step(decision, camera, face, time_s, frame.sequence, observation=seen), taken_s


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
