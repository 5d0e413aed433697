"""Runs one peer in its own environment: `python worker.py PEER TASK.npz`.

Needs NumPy, OpenCV and the peer, and nothing else of this project but where the peer is edge-fer or
its `paper` network. Prints one line of JSON, the last one of its output.

All run on one core: the affinity is set before anything is imported that would start threads. What
is measured is the core's time, not the clock's: what else the machine does is left out.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # FER2013's order
WARM_UP = 20


class Peer(Protocol):
    """One program as this benchmark uses it."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Whose versions are told."""
        ...

    def face(self, grey: Any) -> int | None:
        """Return the label (0..6) of a face, uint8[48,48]; None: none."""
        ...

    def frame(self, colour: Any, time_s: float) -> bool:
        """Do what the program does with a camera frame, uint8[h,w,3]; whether it saw a face."""
        ...


class EdgeFer:
    """This project: the whole pipeline up to the driver's state for each frame."""

    packages = ("edge-fer", "ai-edge-litert", "opencv-python-headless")

    def __init__(self) -> None:
        from edge_fer.camera.condition import ConditionMonitor
        from edge_fer.driver_state.monitor import StateMonitor
        from edge_fer.driver_state.settings import PolicySettings
        from edge_fer.face.haar import HaarDetector
        from edge_fer.face.tracking import FaceTracker
        from edge_fer.models.classifier import Classifier
        from edge_fer.paths import SHIPPED_MODEL
        from edge_fer.pipeline import Pipeline

        self._classifier = Classifier(SHIPPED_MODEL)
        settings = PolicySettings().for_model(self._classifier.card.uncertain_threshold)
        self._pipeline = Pipeline(
            self._classifier,
            FaceTracker(HaarDetector()),
            ConditionMonitor(),
            StateMonitor(settings, 0.0),
        )
        self._sequence = 0

    def face(self, grey: Any) -> int | None:
        return int(self._classifier.classify(grey).argmax())

    def frame(self, colour: Any, time_s: float) -> bool:
        import cv2

        from edge_fer.camera.base import Frame

        self._sequence += 1
        grey: Any = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
        return self._pipeline.frame(Frame(grey, time_s, self._sequence)).face is not None


class FerPackage:
    """`fer` as it comes: OpenCV's cascade over the whole frame, and its quantized network."""

    packages = ("fer", "tensorflow", "opencv-contrib-python")
    quantized = True

    def __init__(self) -> None:
        fer: Any = importlib.import_module("fer.fer")
        # The faces are cut out already: no margin is added to them.
        self._faces = fer.FER(offsets=(0, 0), use_tflite=self.quantized)
        self._frames = fer.FER(use_tflite=self.quantized)

    def face(self, grey: Any) -> int | None:
        found = self._faces.detect_emotions(_coloured(grey), [(0, 0, *grey.shape)])
        emotions = found[0]["emotions"]
        return max(range(len(LABELS)), key=lambda index: emotions[LABELS[index]])

    def frame(self, colour: Any, time_s: float) -> bool:
        return bool(self._frames.detect_emotions(colour))


class FerKeras(FerPackage):
    """`fer` with the network that it was converted from."""

    quantized = False


class FaceX:
    """`facex`: OpenCV's cascade, and a network for 200x200 in TFLite."""

    packages = ("facex", "tensorflow", "opencv-contrib-python")
    _LABELS = ("anger", "disgust", "fear", "happy", "sadness", "surprised", "neutral")

    def __init__(self) -> None:
        facex: Any = importlib.import_module("facex")
        model = Path(facex.__file__).parent / "assets" / "model_optimized.tflite"
        self._classifier = facex.EmotionClassifier(str(model))

    def face(self, grey: Any) -> int | None:
        emotions = self._classifier.detect_emotion(grey)
        return max(range(len(LABELS)), key=lambda index: emotions[self._LABELS[index]])

    def frame(self, colour: Any, time_s: float) -> bool:
        return bool(self._classifier.predict(colour))


class Paper:
    """The paper's network in TensorFlow, untrained: what it costs, and no answers.

    Its frames are searched by OpenCV's cascade, reduced as edge-fer's detector does it.
    """

    packages = ("tensorflow", "keras")

    def __init__(self) -> None:
        tensorflow: Any = importlib.import_module("tensorflow")
        from edge_fer.face.haar import HaarDetector
        from quantize.networks.architectures import build_paper

        network = build_paper()
        self._run = tensorflow.function(lambda faces: network(faces, training=False))
        self._constant = tensorflow.constant
        self._detector = HaarDetector()

    def face(self, grey: Any) -> int | None:
        faces = (grey[None, :, :, None] / 255.0).astype("float32")
        self._run(self._constant(faces)).numpy()
        return None

    def frame(self, colour: Any, time_s: float) -> bool:
        import cv2

        from edge_fer.face.crop import crop_face

        grey: Any = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
        boxes = self._detector.detect(grey)
        if boxes:
            self.face(crop_face(grey, boxes[0]))
        return bool(boxes)


class DeepFacePackage:
    """`deepface`, its emotion network behind OpenCV's detector."""

    packages = ("deepface", "onnxruntime")

    def __init__(self) -> None:
        self._analyze: Any = importlib.import_module("deepface.DeepFace").analyze

    def face(self, grey: Any) -> int | None:
        found = self._analyze(
            _coloured(grey), actions=["emotion"], detector_backend="skip", silent=True
        )
        emotions = found[0]["emotion"]
        return max(range(len(LABELS)), key=lambda index: emotions[LABELS[index]])

    def frame(self, colour: Any, time_s: float) -> bool:
        return bool(
            self._analyze(
                colour,
                actions=["emotion"],
                detector_backend="opencv",
                enforce_detection=False,
                silent=True,
            )
        )


class HsEmotion:
    """`hsemotion-onnx`; it looks at faces and finds none itself."""

    packages = ("hsemotion-onnx", "onnxruntime")
    _ORDER = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Neutral")

    def __init__(self) -> None:
        importlib.import_module("urllib.request")  # which it uses without importing it
        module: Any = importlib.import_module("hsemotion_onnx.facial_emotions")
        self._recognizer = module.HSEmotionRecognizer(model_name="enet_b0_8_best_vgaf")

    def face(self, grey: Any) -> int | None:
        name, _ = self._recognizer.predict_emotions(_coloured(grey), logits=True)
        return self._ORDER.index(name) if name in self._ORDER else None

    def frame(self, colour: Any, time_s: float) -> bool:
        raise NotImplementedError("finds no faces itself")


class EmotiEffLib(HsEmotion):
    """The successor of `hsemotion-onnx`."""

    packages = ("emotiefflib", "onnxruntime")

    def __init__(self) -> None:
        module: Any = importlib.import_module("emotiefflib.facial_analysis")
        recognizer = module.EmotiEffLibRecognizer(
            engine="onnx", model_name="enet_b0_8_best_vgaf", device="cpu"
        )
        self._predict = recognizer.predict_emotions

    def face(self, grey: Any) -> int | None:
        names, _ = self._predict(_coloured(grey), logits=True)
        return self._ORDER.index(names[0]) if names[0] in self._ORDER else None


PEERS: dict[str, Callable[[], Peer]] = {
    "edge-fer": EdgeFer,
    "fer": FerPackage,
    "fer-keras": FerKeras,
    "facex": FaceX,
    "paper": Paper,
    "deepface": DeepFacePackage,
    "hsemotion-onnx": HsEmotion,
    "emotiefflib": EmotiEffLib,
}


def _coloured(grey: Any) -> Any:
    import numpy as np

    return np.repeat(grey[:, :, None], 3, axis=2)


def measure(name: str, task_path: Path) -> dict[str, Any]:
    """Return the figures of one peer on the faces and clips of a task."""
    import numpy as np

    with np.load(task_path) as task:
        faces, labels = task["faces"], task["labels"]
        clips = json.loads(str(task["clips"]))
        frames_of_clip = int(task["frames"])
    peer = PEERS[name]()
    peer.face(faces[0])
    startup_s = time.process_time()  # which began with the process
    for face in faces[:WARM_UP]:
        peer.face(face)
    answers, face_s = [], []
    for face in faces:
        begin_s = time.process_time()
        answers.append(peer.face(face))
        face_s.append(time.process_time() - begin_s)
    frame_s, seen = _measure_frames(peer, clips, frames_of_clip)
    known = all(answer is not None for answer in answers)
    return {
        "versions": _versions(peer.packages),
        "startup_s": startup_s,
        "face_ms": 1000 * float(np.median(face_s)),
        "frame_ms": 1000 * float(np.mean(frame_s)) if frame_s else None,
        "frame_p99_ms": 1000 * float(np.percentile(frame_s, 99)) if frame_s else None,
        "frames": len(frame_s),
        "frames_with_a_face": seen,
        "rss_mb": _peak_rss_mb(),
        "accuracy": float(np.mean(np.array(answers) == labels)) if known else None,
    }


def _measure_frames(peer: Peer, clips: list[str], frames: int) -> tuple[list[float], int]:
    """Return the seconds of each of the first `frames` frames of each clip, without decoding."""
    import cv2

    taken_s: list[float] = []
    seen, clock_s = 0, 0.0
    for clip in clips:
        capture = cv2.VideoCapture(clip)
        interval_s = 1.0 / (capture.get(cv2.CAP_PROP_FPS) or 25.0)
        for _ in range(frames):
            ok, colour = capture.read()
            if not ok:
                break
            clock_s += interval_s
            begin_s = time.process_time()
            try:
                seen += peer.frame(colour, clock_s)
            except NotImplementedError:
                return [], 0
            taken_s.append(time.process_time() - begin_s)
        capture.release()
        clock_s += 10.0  # the next clip is another drive
    return taken_s, seen


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    from importlib import metadata

    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _peak_rss_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("no VmHWM in /proc/self/status")


def main(arguments: list[str]) -> None:
    """Measure and print; what goes wrong is printed as `failed`, in one line."""
    name, task_path = arguments
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    result: dict[str, Any]
    try:
        result = measure(name, Path(task_path))
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split())[:200]
        result = {"failed": f"{type(error).__name__}: {text}"}
    print("\n" + json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
