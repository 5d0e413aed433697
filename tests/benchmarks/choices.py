"""What the pipeline's choices are worth: each beside the plain way of doing the same.

`python -m tests.benchmarks.choices` prints the table of docs/performance.md. Both ways are run in
turns on the same frames, in time of the processor: what else the machine does is left out.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.scene import Scene
from edge_fer.camera.slots import SlotReader, SlotWriter, create_memory
from edge_fer.face.crop import crop_face
from edge_fer.face.haar import CASCADE, MIN_NEIGHBOURS, HaarDetector, cascade_path
from edge_fer.face.tracking import FaceTracker
from edge_fer.models.runtime import open_interpreter, open_model
from edge_fer.paths import SHIPPED_MODEL

Grey = NDArray[np.uint8]
Step = Callable[[int], object]  # of the number of a frame

FRAMES = 90  # three seconds in which the demo's driver sits
_PLAIN_CASCADE = "haarcascade_frontalface_default.xml"
_PLAIN_STEP = 1.1  # OpenCV's default, and that of what is found on the web


@dataclass(frozen=True, slots=True)
class Choice:
    """Medians in ms of the processor, a frame or a face."""

    what: str
    plain: str
    chosen: str
    plain_ms: float
    chosen_ms: float

    @property
    def factor(self) -> float:
        """How many times longer the plain way takes."""
        return self.plain_ms / self.chosen_ms


def measure_choices(frames: int = FRAMES) -> tuple[Choice, ...]:
    """Measure every choice on `frames` frames of the demo's scene."""
    scene = Scene()
    pictures = [scene.render(number / 30) for number in range(frames)]
    boxes = [HaarDetector().detect(picture)[0] for picture in pictures]
    faces = [crop_face(picture, box) for picture, box in zip(pictures, boxes, strict=True)]
    return (
        _searching(pictures),
        _following(pictures),
        _running(faces),
        _kernels(faces),
        _handing_over(pictures),
    )


def in_turns(plain: Step, chosen: Step, count: int) -> tuple[float, float]:
    """Return the medians of both in ms of the processor, run in turns on each frame."""
    taken_s: tuple[list[float], list[float]] = ([], [])
    for number in range(count):
        for step, times in zip((plain, chosen), taken_s, strict=True):
            begin_s = time.process_time()
            step(number)
            times.append(time.process_time() - begin_s)
    # The first ones fill caches.
    return 1000 * median(taken_s[0][2:]), 1000 * median(taken_s[1][2:])


def _searching(pictures: Sequence[Grey]) -> Choice:
    plain = cv2.CascadeClassifier(str(cascade_path(_PLAIN_CASCADE)))
    detector = HaarDetector()
    times = in_turns(
        lambda n: plain.detectMultiScale(pictures[n], _PLAIN_STEP, MIN_NEIGHBOURS),
        lambda n: detector.detect(pictures[n]),
        len(pictures),
    )
    return Choice(
        "a search of the frame", "640x480, steps of 1.1", f"200 px, steps of 1.2, {CASCADE}", *times
    )


def _following(pictures: Sequence[Grey]) -> Choice:
    detector, tracker = HaarDetector(), FaceTracker(HaarDetector())
    for number in range(5):
        tracker.update(pictures[number], number / 30)
    times = in_turns(
        lambda n: detector.detect(pictures[n]),
        lambda n: tracker.update(pictures[n], (n + 5) / 30),
        len(pictures),
    )
    return Choice(
        "a face in each frame", "searched anew", "followed, twice a second looked for", *times
    )


def _running(faces: Sequence[Grey]) -> Choice:
    content = SHIPPED_MODEL.read_bytes()
    interpreter, _ = open_interpreter(content)
    interpreter.allocate_tensors()

    def plain(number: int) -> object:
        given, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        scale, zero_point = given["quantization"]
        face = faces[number].astype(np.float32)[None, :, :, None] / 255.0
        quantized = np.clip(np.round(face / scale + zero_point), -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], quantized)
        interpreter.invoke()
        return interpreter.get_tensor(answer["index"])

    model = open_model(content, "edge")
    times = in_turns(plain, lambda n: model.run(faces[n]), len(faces))
    return Choice(
        "a face through the network",
        "quantized in float, set_tensor, get_tensor",
        "one XOR into the bound input, read where it lies",
        *times,
    )


def _kernels(faces: Sequence[Grey]) -> Choice:
    content = SHIPPED_MODEL.read_bytes()
    plain, chosen = open_model(content, "edge", xnnpack=False), open_model(content, "edge")
    times = in_turns(lambda n: plain.run(faces[n]), lambda n: chosen.run(faces[n]), len(faces))
    return Choice("the kernels", "the runtime's own", "XNNPACK", *times)


def _handing_over(pictures: Sequence[Grey]) -> Choice:
    """Between two ends in one process: what is compared is copying, not waking up."""
    shape = (pictures[0].shape[0], pictures[0].shape[1])
    memory = create_memory()
    writer, reader = SlotWriter(memory, shape), SlotReader(memory, shape)
    away, back = os.pipe()[::-1]

    def plain(number: int) -> object:
        content = memoryview(pictures[number].tobytes())
        parts = []
        for start in range(0, len(content), 1 << 16):  # as much as a pipe holds
            os.write(away, content[start : start + (1 << 16)])
            parts.append(os.read(back, 1 << 16))
        return np.frombuffer(b"".join(parts), np.uint8).reshape(shape)

    def chosen(number: int) -> object:
        writer.write(pictures[number], number / 30)
        return reader.read()

    times = in_turns(plain, chosen, len(pictures))
    for descriptor in (away, back, memory):
        os.close(descriptor)
    return Choice("a frame between processes", "a pipe", "shared memory", *times)


def main() -> None:
    """Print the table as Markdown, and what threads do to OpenCV's part."""
    print("| what | plain method | edge-fer | plain, ms | edge-fer, ms | ratio |")
    print("|---|---|---|---|---|---|")
    for one in measure_choices():
        print(
            f"| {one.what} | {one.plain} | {one.chosen} | {one.plain_ms:.3f} | "
            f"{one.chosen_ms:.3f} | {one.factor:.1f} |"
        )
    print("\n| OpenCV's threads | a search, by the clock | of the processor |\n|---|---|---|")
    picture, detector = Scene().render(0.0), HaarDetector()
    for count in range(1, (os.cpu_count() or 1) + 1):
        cv2.setNumThreads(count)
        clock, processor = [], []
        for _ in range(FRAMES):
            begin = time.perf_counter(), time.process_time()
            detector.detect(picture)
            clock.append(time.perf_counter() - begin[0])
            processor.append(time.process_time() - begin[1])
        # The quickest by the clock: the rest is what else the machine did.
        print(f"| {count} | {1000 * min(clock):.2f} ms | {1000 * median(processor):.2f} ms |")


if __name__ == "__main__":
    main()
