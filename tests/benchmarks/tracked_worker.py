"""Runs the pipeline of the source tree that it is told, on frames of a file, when it is told.

usage: tracked_worker.py TREE FRAMES.npy

Each line on its input is the number of a first frame and how many to run; it prints what those
took, in ms of the processor, as a JSON list: null where the face was not tracked. Both the tree of
today and one from before the face and eyes networks can be run, so it imports by either's names.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

FPS = 30.0


def open_pipeline() -> Any:
    """Return the pipeline of the daemon as it is installed, of whichever tree is first in the path.

    The detector is the cascade: the same on each machine, with YuNet's file or without.
    """
    part = importlib.import_module
    conditions = part("edge_fer.camera.condition").ConditionMonitor()
    settings = part("edge_fer.driver_state.settings").PolicySettings()
    monitor = part("edge_fer.driver_state.monitor")
    opening = part("edge_fer.face.opening")
    shipped = part("edge_fer.paths").SHIPPED_MODEL
    pipeline = part("edge_fer.pipeline").Pipeline
    if hasattr(monitor, "DriverMonitor"):  # before
        face = part("edge_fer.config").FaceConfig(detector="haar")
        classifier, driver = part("edge_fer.classifier").Classifier, monitor.DriverMonitor
        eyes = None  # were opened with YuNet only
    else:
        face = part("edge_fer.face.settings").FaceConfig(detector="haar")
        classifier, driver = part("edge_fer.models.classifier").Classifier, monitor.StateMonitor
        eyes = opening.open_eyes(part("edge_fer.models.settings").ModelConfig()).model
    return pipeline(
        classifier(shipped), opening.open_tracker(face), conditions, driver(settings, 0.0), eyes
    )


def main(frames_file: str) -> None:
    """Answer the lines of the standard input."""
    cv2.setNumThreads(1)
    make: Callable[..., Any] = importlib.import_module("edge_fer.camera.base").Frame
    frames = np.load(frames_file)
    pipeline = open_pipeline()
    for line in sys.stdin:
        first, count = map(int, line.split())
        taken_ms: list[float | None] = []
        for number in range(first, first + count):
            frame = make(frames[number % len(frames)], number / FPS, number)
            begin_s = time.thread_time()
            step = pipeline.frame(frame)
            spent_ms = 1000 * (time.thread_time() - begin_s)
            tracked = step.face is not None and not step.face.detected
            taken_ms.append(spent_ms if tracked else None)
        print(json.dumps(taken_ms), flush=True)


if __name__ == "__main__":
    sys.path[0] = sys.argv[1]
    main(sys.argv[2])
