"""Settings of the camera."""

from dataclasses import dataclass

from edge_fer.setting import check_settings, setting


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """Where the frames come from."""

    uri: str = setting(
        "v4l2:/dev/video0",
        "Camera",
        "v4l2:DEVICE (a USB camera; prefer a stable name, as /dev/edge-fer-camera or one below"
        " /dev/v4l/by-id), picamera:0 or jetson:0 (a camera at the board's own connector),"
        " rtsp://HOST/PATH or http://HOST/PATH (with the network, which the service closes),"
        " file:CLIP or demo: (a scripted scene). Options follow, as"
        " v4l2:/dev/video0?format=MJPG&fps=30.",
    )
    fps: int = setting(
        30,
        "Frame rate",
        "Frames a second that the camera is asked for. From 5 on the states do not depend on it.",
        minimum=1,
        maximum=120,
        source="what most cabin and web cameras give at 640x480",
    )

    def __post_init__(self) -> None:
        check_settings(self)
