"""Runs the pipeline's parts between the marks of count_instructions.c; prints its counts.

usage: pipeline_instructions.py COUNTS.csv    (under qemu with the plugin, which writes that file)
"""

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge_fer.benchmark.operator_times import first_operators, multiply_adds
from edge_fer.benchmark.stages import DETECTED, TRACKED
from edge_fer.camera.condition import ConditionMonitor
from edge_fer.camera.scene import HEIGHT, WIDTH, Scene
from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.face.crop import crop_face
from edge_fer.face.eyes import EyeReader, eye_corners
from edge_fer.face.haar import HaarDetector
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.health.meter import Health
from edge_fer.models.classifier import Classifier
from edge_fer.models.kind import EMOTIONS, EYES, FACE
from edge_fer.models.operators import list_operators
from edge_fer.models.runtime import open_interpreter, open_model
from edge_fer.paths import SHIPPED_EYES, SHIPPED_FACE, SHIPPED_MODEL
from edge_fer.pipeline import Pipeline
from edge_fer.vehicle.outgoing import report
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, encode
from firmware_bridge.protocol.slcan import encode_line

FPS, FRAMES = 30, 30  # a second of the demo's driver
SETTLING = 5  # frames before, in which caches are filled and memory is had

NOTHING = "nothing, twice marked"
NETWORK, FACE_NETWORK, EYE_NETWORK = "emotion network", "face network", "eye network"
# Following is the face network on the square that its landmarks placed; a search is one of the six
# ways of looking, the frontal cascade.
SEARCH, FOLLOW, LOOK = "search of the frame", "follow the face", "read both eyes"
READ, CONDITION, CROP = "from shared memory", "camera condition", "crop"
REPORT, ENCODE = "report", "encode and protect"
PARTS = (
    *(NETWORK, FACE_NETWORK, EYE_NETWORK, SEARCH, FOLLOW, LOOK, READ, CONDITION, CROP),
    *(TRACKED, DETECTED, REPORT, ENCODE, NOTHING),
)
OPERATORS = list_operators(SHIPPED_MODEL.read_bytes(), str(SHIPPED_MODEL))
# Whose an instruction is, by the path of the file that it lies in: the first that has the text.
_OWNERS = (
    ("/ai_edge_litert/", "LiteRT"),
    ("/cv2/", "OpenCV"),
    ("/opencv_python_headless.libs/", "OpenCV"),
    ("/numpy", "NumPy"),
    ("/bin/python3", "Python"),
    ("/lib-dynload/", "Python"),
)
_REST = "C library, rest"
OWNERS = (*dict.fromkeys(owner for _, owner in _OWNERS), _REST)
ALL = "all"
KINDS = ("multiplying", "other vector", "memory", "other")

_MARK = 0xED6E  # as in count_instructions.c
_CAN_ID = definition(DriverStateMessage.NAME).can_id
_NO_HEALTH = Health(frames=0, dropped=0, fps=0.0, latency_ms=None, temperature_c=None)


class Marks:
    """Says to the plugin which part ends, by its number, and keeps how often each did.

    While `settling` nothing is counted: caches are filled, memory is had.
    """

    def __init__(self) -> None:
        self.settling = False
        self.times: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        self._anywhere = os.open(os.devnull, os.O_RDONLY)

    def begin(self) -> None:
        """Leave out what ran since the last mark."""
        self._mark(0)

    def end(self, part: str) -> None:
        """Count what ran since the last mark as one more run of `part`."""
        number = self.numbers.setdefault(part, 1 + len(self.numbers))
        self._mark(0 if self.settling else number)
        self.times[part] += not self.settling

    def _mark(self, number: int) -> None:
        os.posix_fadvise(self._anywhere, _MARK, number, os.POSIX_FADV_NORMAL)


def run_networks(marks: Marks) -> None:
    """Run each network alone, and the emotions' cut off behind each operator."""
    for part, path, kind in (
        (NETWORK, SHIPPED_MODEL, EMOTIONS),
        (FACE_NETWORK, SHIPPED_FACE, FACE),
        (EYE_NETWORK, SHIPPED_EYES, EYES),
    ):
        model = open_model(path.read_bytes(), str(path), kind=kind)
        image = np.zeros((kind.side_px, kind.side_px), np.uint8)
        _repeat(marks, part, partial(model.run, image))
    for count in range(1, 1 + len(OPERATORS)):
        piece, _ = open_interpreter(first_operators(SHIPPED_MODEL.read_bytes(), count))
        piece.allocate_tensors()
        _repeat(marks, _piece(count), piece.invoke)


def _repeat(marks: Marks, part: str, run: Callable[[], object]) -> None:
    for number in range(2 * SETTLING):
        marks.settling = number < SETTLING
        marks.begin()
        run()
        marks.end(part)


def _piece(count: int) -> str:
    return f"the first {count} operators"


def run_frames(marks: Marks) -> None:
    """Run the demo's frames as the daemon gets them, through the parts and through the whole."""
    classifier = Classifier(SHIPPED_MODEL)
    policy = PolicySettings().for_model(classifier.card.uncertain_threshold)
    config = FaceConfig(detector="haar")  # YuNet's file does not come with the package
    detector, tracker, conditions = HaarDetector(), open_tracker(config), ConditionMonitor()
    reader_of_eyes = EyeReader()
    followed, found_anew = open_tracker(config), open_tracker(config)
    wholes = {
        part: Pipeline(
            classifier, own, ConditionMonitor(), StateMonitor(policy, 0.0), eyes=EyeReader()
        )
        for part, own in ((TRACKED, followed), (DETECTED, found_anew))
    }
    sender = Profile22Sender(definition(DriverStateMessage.NAME).data_ids)
    scene, memory = Scene(), create_memory()
    shape = (HEIGHT, WIDTH)
    writer, reader = SlotWriter(memory, shape), SlotReader(memory, shape)
    for number in range(SETTLING + FRAMES):
        marks.settling = number < SETTLING
        writer.write(scene.render(number / FPS), number / FPS)
        marks.begin()
        frame = reader.read()
        marks.end(READ)
        assert frame is not None
        marks.begin()
        conditions.update(frame.grey, frame.captured_s)
        marks.end(CONDITION)
        marks.begin()
        detector.detect(frame.grey)
        marks.end(SEARCH)
        marks.begin()
        face = tracker.update(frame.grey, frame.captured_s)
        assert face is not None
        assert face.reading is not None
        marks.end(FOLLOW)
        marks.begin()
        reader_of_eyes.read(frame.grey, eye_corners(face.reading), face.reading.head)
        marks.end(LOOK)
        marks.begin()
        crop_face(frame.grey, face.box)
        marks.end(CROP)
        found_anew.forget()
        for part, whole in wholes.items():
            marks.begin()
            step = whole.frame(frame)
            marks.end(part)
            assert step.face is not None
            assert marks.settling or step.face.detected == (part == DETECTED)
        marks.begin()
        state = report(step, _NO_HEALTH, frame.captured_s).driver_state
        marks.end(REPORT)
        marks.begin()
        data = sender.protect(encode(state))
        encode_line(CanFrame(_CAN_ID, data, frame.captured_s))
        marks.end(ENCODE)
        marks.begin()
        marks.end(NOTHING)


class Counts:
    """Instructions of one run of each part, by owner and by kind."""

    def __init__(self, file: Path, marks: Marks) -> None:
        parts = {number: part for part, number in marks.numbers.items()}
        self.of: dict[str, Counter[str]] = defaultdict(Counter)
        for line in file.read_text().splitlines():
            number, *kinds, path = line.split(",", 1 + len(KINDS))
            if part := parts.get(int(number)):
                owner = next((owner for text, owner in _OWNERS if text in path), _REST)
                counted = dict(zip(KINDS, map(int, kinds), strict=True))
                self.of[part].update({ALL: sum(counted.values())} | counted)
                self.of[part][owner] += sum(counted.values())
        self.times = marks.times

    def thousands(self, part: str, column: str) -> float:
        return self.of[part][column] / self.times[part] / 1000


def print_parts(counts: Counts) -> None:
    """Print what a run of each part takes."""
    columns = (ALL, *OWNERS, *KINDS)
    print(f"\n| thousands of instructions | runs | {' | '.join(columns)} |")
    print("|---|" + "---|" * (1 + len(columns)))
    for part in PARTS:
        shown = " | ".join(f"{counts.thousands(part, column):,.1f}" for column in columns)
        print(f"| {part} | {counts.times[part]} | {shown} |")


def print_operators(counts: Counts) -> None:
    """Print what each operator of the emotion network adds to those before."""
    columns = (ALL, *KINDS)
    print(f"\n| operator | output | multiply-adds | {' | '.join(columns)} |")
    print("|---|---|---|" + "---|" * len(columns))
    before = dict.fromkeys(columns, 0.0)
    for count, operator in enumerate(OPERATORS, 1):
        after = {column: counts.thousands(_piece(count), column) for column in columns}
        shown = " | ".join(f"{after[column] - before[column]:,.1f}" for column in columns)
        size = "x".join(map(str, operator.output_shape[1:]))
        print(f"| {operator.name} | {size} | {multiply_adds(operator):,} | {shown} |")
        before = after


def main(arguments: list[str]) -> None:
    cv2.setNumThreads(1)  # the plugin counts exactly in one thread only
    marks = Marks()
    run_networks(marks)
    run_frames(marks)
    counts = Counts(Path(arguments[0]), marks)
    print_parts(counts)
    print_operators(counts)


if __name__ == "__main__":
    main(sys.argv[1:])
