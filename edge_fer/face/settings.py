"""Settings of face detection."""

from dataclasses import dataclass

from edge_fer.face.seat import seat_of
from edge_fer.models.kind import FACE_PX
from edge_fer.setting import SettingError, check_settings, setting, shown


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """Face detection and the driver's seat region."""

    detector: str = setting(
        "auto",
        "Detector",
        "Finds a face before the face network follows it, and again when it is lost. haar needs no"
        " file and looks for frontal faces, profiles and tilted faces in turn. yunet finds all of"
        " them at once and needs a file: `edge-fer model fetch yunet`. auto: yunet where that file"
        " is there, else haar.",
        choices=("auto", "haar", "yunet"),
    )
    model: str = setting(
        "",
        "YuNet's file",
        "face_detection_yunet_2023mar.onnx of OpenCV's model zoo; its sha256 is checked. Empty:"
        " where `edge-fer model fetch yunet` puts it.",
    )
    seat_region: str = setting(
        "",
        "Driver's seat",
        "Left, top, right and bottom of the part of the frame, in shares of its width and height,"
        " in which the middle of the driver's face lies. Of several faces there the largest and"
        " most central is taken, and then followed wherever it goes. Empty: as"
        " driver_state.driver_side says: left 0.35 0 1 1, right 0 0 0.65 1, middle 0.2 0 0.8 1,"
        " unknown 0 0 1 1.",
    )
    detect_every_s: float = setting(
        0.03,
        "Search interval",
        "Seconds between two looks for a face while none is followed; each look is one way of"
        " searching, a few milliseconds.",
        minimum=0.0,
        maximum=5.0,
        source="project's choice",
    )
    min_face_px: int = setting(
        FACE_PX,
        "Smallest face",
        "Faces narrower than this, in pixels of the frame, are not looked for; nor, in any case,"
        " those narrower than a tenth of the frame's longer side.",
        minimum=24,
        maximum=1000,
        source="the network's input: a smaller face would have to be enlarged",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        try:
            seat_of(self.seat_region, "unknown")
        except ValueError as error:
            problem = f"{shown(self.seat_region)} {error}"
            raise SettingError("seat_region", problem) from error
