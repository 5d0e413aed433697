"""The URIs of cameras and links with their options, as the help shows them."""

_SIZE = "?width=640 ?height=480 ?fps=30"

CAMERA_URIS = {
    "v4l2:/dev/video0": f"A USB camera. {_SIZE} ?format=MJPG|YUYV|GREY ?exposure=auto|1..10000"
    " (0.1 ms)",
    "picamera:0": f"A camera of a Raspberry Pi. {_SIZE} ?exposure_us= ?gain=1..64 ?tuning=FILE",
    "jetson:0": f"A camera of a Jetson. {_SIZE}",
    "rtsp://HOST/PATH": "A network camera; also rtsps, http and https. Its URL is used as it is.",
    "file:CLIP": "A video file or a folder of pictures. ?fps=30 ?speed=real|max ?loop=0|1",
    "demo:": "A scripted scene of 26 s. ?fps=30 ?speed=real|max ?loop=0|1 ?start=0..26",
}
LINK_URIS = {
    "slcan:PORT": "A CAN adapter or controller on a serial port. ?baudrate=115200",
    "cobs:PORT": "A serial line without CAN, with COBS framing. ?baudrate=115200",
    "socketcan:IFACE": "A CAN interface of Linux, as can0.",
    "udp_multicast:GROUP": "Programs on one machine, as 239.74.163.2. ?port=43113",
    "virtual:NAME": "Within one process.",
}
MONITOR_URIS = {
    **{uri: text for uri, text in LINK_URIS.items() if not uri.startswith("virtual")},
    "replay:FILE": "A recording. ?speed=1",
    "-": "The lines of `candump -L` on standard input.",
}
SEVERAL_OPTIONS = "Join several options with &, as file:CLIP?loop=1&speed=max."
