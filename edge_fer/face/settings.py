"""Settings of finding the face."""

from dataclasses import dataclass

from edge_fer.face.seat import SeatRegion
from edge_fer.models.kind import FACE_PX
from edge_fer.setting import SettingError, check_settings, setting, shown


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """Finding the driver's face."""

    detector: str = setting(
        "haar",
        "Detector",
        "haar finds frontal faces and needs no file. yunet finds turned ones too and its landmarks"
        " give head pose and eyes: without it distracted, drowsy and the sleep states are never"
        " said. It needs a file: `edge-fer model fetch yunet`.",
        choices=("haar", "yunet"),
    )
    model: str = setting(
        "",
        "YuNet's file",
        "face_detection_yunet_2023mar.onnx of OpenCV's model zoo; its sha256 is checked. Empty:"
        ' where `edge-fer model fetch yunet` puts it. Only for detector = "yunet".',
    )
    seat_region: str = setting(
        "0 0 1 1",
        "Driver's seat",
        "Left, top, right and bottom of the part of the frame, in shares of its width and height,"
        " in which the middle of the driver's face lies. Of several faces the largest there is"
        " taken, and then followed wherever it goes.",
        source="a camera that sees nobody but the driver",
    )
    detect_every_s: float = setting(
        0.5,
        "Detection interval",
        "Seconds between two runs of the face detector; in between the face is tracked. An unsure"
        " track is detected anew at once.",
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
            SeatRegion.parse(self.seat_region)
        except ValueError as error:
            problem = f"{shown(self.seat_region)} {error}"
            raise SettingError("seat_region", problem) from error
