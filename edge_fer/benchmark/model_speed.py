"""The model alone: cold start, warmed-up runs, and how threads help."""

import json
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from edge_fer.benchmark.distribution import Distribution
from edge_fer.errors import ModelError, ModelReason
from edge_fer.isolated import python_code
from edge_fer.models.classifier import Classifier

WARM_UP_RUNS = 50  # as TFLite's benchmark_model counts them
_COLD = """
import json, sys, time
started_s = time.perf_counter()
from pathlib import Path
import numpy as np
from edge_fer.models.classifier import Classifier
imported_s = time.perf_counter()
classifier = Classifier(Path(sys.argv[1]))
loaded_s = time.perf_counter()
classifier.classify(np.zeros((classifier.side_px, classifier.side_px), np.uint8))
done_s = time.perf_counter()
times = imported_s - started_s, loaded_s - imported_s, done_s - loaded_s
print(json.dumps([1000 * value for value in times]))
"""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """The first inference of a new process, in milliseconds; `import_ms` without Python's own."""

    import_ms: float
    load_ms: float
    first_inference_ms: float


@dataclass(frozen=True, slots=True)
class ModelSpeed:
    """The model as the daemon runs it: one face in, seven calibrated probabilities out."""

    path: str
    sha256: str
    runtime: str  # with its version
    delegate: str | None  # what the runtime leaves the graph to; None: its own kernels
    cold_start: ColdStart
    by_threads: dict[int, Distribution]


def measure_model(path: Path, seconds: float, threads: tuple[int, ...]) -> ModelSpeed:
    """Measure a model for `seconds` with each number of threads; UserError for a wrong model."""
    classifier = Classifier(path)
    return ModelSpeed(
        path=path.name,
        sha256=classifier.card.sha256,
        runtime=f"{classifier.runtime} {version(classifier.runtime)}",
        delegate=classifier.delegate,
        cold_start=_cold_start(path),
        by_threads={
            count: time_classifier(Classifier(path, threads=count), seconds) for count in threads
        },
    )


def time_classifier(classifier: Classifier, seconds: float) -> Distribution:
    """Run `classifier` for `seconds` on faces of noise, after a warm-up."""
    shape = (16, classifier.side_px, classifier.side_px)
    faces = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    for index in range(WARM_UP_RUNS):
        classifier.classify(faces[index % len(faces)])
    taken_s: list[float] = []
    end_s = time.perf_counter() + seconds
    while (started_s := time.perf_counter()) < end_s or not taken_s:
        classifier.classify(faces[len(taken_s) % len(faces)])
        taken_s.append(time.perf_counter() - started_s)
    return Distribution.of(taken_s)


def _cold_start(path: Path) -> ColdStart:
    done = subprocess.run(
        python_code(_COLD, str(path.absolute())),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelError(
            ModelReason.CHECK_DIED, f"benchmark: {path} does not run in a new process ({last})"
        )
    return ColdStart(*json.loads(done.stdout))
