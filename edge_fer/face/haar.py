"""Face detection by Viola and Jones's cascade of Haar features (2001), as OpenCV ships it."""

import importlib.util
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.face.brightening import brightened
from edge_fer.face.cutting import cut_square, shrink
from edge_fer.observation import FaceBox

# Compared with frontalface_default on the project's clips (scale step 1.2): as many frames with a
# face, less time, and never a second box, which that one had in 3 to 18 % of frames of two clips.
CASCADE = "haarcascade_frontalface_alt2.xml"
PROFILE_CASCADE = "haarcascade_profileface.xml"  # of faces that look to the left of the picture
_WINDOW_PX = 20  # side of the smallest face that the cascade knows

# The longer side of the picture that is searched. At 200 the clips' faces are found as often as at
# 240, in two thirds of the time. In a frame of 640x480 no face under 64 pixels is found.
SEARCH_PX = 200
# Ratio of the face sizes tried. 1.15 found a turned face in three frames of a hundred more (no more
# in the other clips), and took about a fifth longer.
_STEP = 1.2

# Near a known face that face is brought to this width. The cascade's boxes shrink as the picture
# grows: at 36 they were an eighth larger than those of the whole frame's search, at 52 alike.
_NEAR_FACE_PX = 52
_NEAR_MARGIN = 0.4  # how far the face may have moved, in its widths
_NEAR_SIZE = (0.65, 1.5)  # how much it may have shrunk or grown

# Neighbouring hits that make a face. With OpenCV's default of 3 all boxes in a third of the clips'
# frames (906) were of faces that YuNet sees as well.
MIN_NEIGHBOURS = 3


# Where Debian's opencv-data and JetPack's OpenCV keep them; their cv2 has no cv2.data.
SYSTEM_FOLDERS = (
    Path("/usr/share/opencv4/haarcascades"),
    Path("/usr/local/share/opencv4/haarcascades"),
)


def cascade_path(name: str) -> Path:
    """Return the file of one of OpenCV's cascades: of the package cv2, else of the system.

    Raises a ModelError that names the package to install if neither has the file.
    """
    # The package's folder, not an import of cv2.data: only OpenCV's wheels have it.
    spec = importlib.util.find_spec("cv2")
    beside = [Path(folder) / "data" for folder in (spec and spec.submodule_search_locations) or ()]
    for folder in (*beside, *SYSTEM_FOLDERS):
        if (folder / name).is_file():
            return folder / name
    raise ModelError(
        ModelReason.UNREADABLE,
        f"{name}: no face cascade: sudo apt install opencv-data, or pip install"
        " opencv-python-headless",
    )


class HaarDetector:
    """Finds upright frontal faces of `min_face_px` or more, in pixels of the frame.

    Faces below a tenth of the frame's longer side are never found, whatever `min_face_px` is.

    A face's score is the number of neighbouring hits, MIN_NEIGHBOURS or more.
    """

    def __init__(self, *, min_face_px: int = 48, cascade: Path | None = None) -> None:
        path = cascade or cascade_path(CASCADE)
        # A missing file makes OpenCV write to standard error, and one that is no cascade, raise.
        self._cascade = cv2.CascadeClassifier()
        try:
            loaded = path.is_file() and self._cascade.load(str(path))
        except cv2.error:
            loaded = False
        if not loaded:
            raise ModelError(
                ModelReason.UNREADABLE,
                f"{path}: no face cascade: install opencv-python-headless 4 anew, or opencv-data",
            )
        self._min_face_px = min_face_px

    @classmethod
    def profile(cls, *, min_face_px: int = 48) -> Self:
        """Return the detector of faces in profile that look to the left of the picture."""
        return cls(min_face_px=min_face_px, cascade=cascade_path(PROFILE_CASCADE))

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceBox]:
        """Return the faces anywhere in `grey` (uint8[h,w]), the largest first."""
        scale = min(1.0, SEARCH_PX / max(grey.shape))
        boxes = self._search(grey, scale, self._min_face_px * scale, 0)
        return sorted(boxes, key=lambda box: box.area, reverse=True)

    def detect_reduced(self, small: NDArray[np.uint8], scale: float) -> list[FaceBox]:
        """Return the faces in a picture that was reduced by `scale` (0..1), in its own pixels."""
        boxes = self._search(small, 1.0, self._min_face_px * scale, 0)
        return sorted(boxes, key=lambda box: box.area, reverse=True)

    def detect_near(self, grey: NDArray[np.uint8], known: FaceBox) -> FaceBox | None:
        """Return the face near `known` and of similar size, or None; takes a third of the time."""
        centre_x, centre_y = known.centre
        side = round(known.width * (1 + 2 * _NEAR_MARGIN))
        left, top = round(centre_x - side / 2), round(centre_y - side / 2)
        scale = min(1.0, _NEAR_FACE_PX / known.width)
        low, high = (share * known.width * scale for share in _NEAR_SIZE)
        boxes = self._search(cut_square(grey, left, top, side), scale, low, high)
        boxes = [
            FaceBox(box.x + left, box.y + top, box.width, box.height, box.score) for box in boxes
        ]
        return max(boxes, key=known.overlap, default=None)

    def _search(
        self, grey: NDArray[np.uint8], scale: float, low_px: float, high_px: float
    ) -> list[FaceBox]:
        """Search `grey` reduced by `scale` for faces of low_px..high_px; 0 is no upper bound."""
        if scale < 1:
            height, width = (max(round(side * scale), 1) for side in grey.shape)
            grey = shrink(grey, width, height)
        grey = brightened(grey)
        low, high = max(round(low_px), _WINDOW_PX), round(high_px)
        found, neighbours = self._cascade.detectMultiScale2(
            grey, _STEP, MIN_NEIGHBOURS, minSize=(low, low), maxSize=(high, high)
        )
        return [
            FaceBox(x / scale, y / scale, width / scale, height / scale, float(score))
            for (x, y, width, height), score in zip(
                np.asarray(found, float).reshape(-1, 4).tolist(), neighbours, strict=True
            )
        ]
