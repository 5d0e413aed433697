"""The URIs of cameras and links, and the faults of a line, as the help shows them."""

_SIZE = "?width=640 ?height=480 ?fps=30"
_TURNED = " ?flip=0|1 ?rotate=0|90|180|270"

CAMERA_URIS = {
    "v4l2:/dev/video0": f"A USB camera. {_SIZE} ?format=MJPG|YUYV|GREY ?exposure=auto|1..10000"
    f" (0.1 ms){_TURNED}",
    "picamera:0": f"A camera of a Raspberry Pi. {_SIZE} ?exposure_us= ?gain=1..64 ?tuning=FILE"
    f"{_TURNED}",
    "jetson:0": f"A camera of a Jetson. {_SIZE}{_TURNED}",
    "rtsp://HOST/PATH": "A network camera; also rtsps, http and https. Its URL is used as it is;"
    " #rotate=90&flip=1 at its end are ours.",
    "file:CLIP": "A video file or a folder of pictures. ?fps=30 ?speed=real|max ?loop=0|1"
    f"{_TURNED}",
    "demo:": f"A scripted scene of 46 s. ?fps=30 ?speed=real|max ?loop=0|1 ?start=0..46{_TURNED}",
}
LINK_URIS = {
    "slcan:PORT": "A CAN adapter or controller on a serial port, or with socket://HOST:PORT on a"
    " TCP port (ser2net, socat, a wireless adapter). ?baudrate=115200 of the line"
    " ?bitrate=500k of the bus ?adapter=auto|yes|no ?listen=yes|no ?settle_ms=0..10000"
    " ?reset=yes|no",
    "cobs:PORT": "A serial line without CAN, or a TCP port, with COBS framing. ?baudrate=115200",
    "socketcan:IFACE": "A CAN interface of Linux, as can0.",
    "udp_multicast:GROUP": "Programs on one machine, as 239.74.163.2. ?port=43113",
    "virtual:NAME": "Within one process.",
}
LIVE_LINKS = {uri: text for uri, text in LINK_URIS.items() if not uri.startswith("virtual")}
MONITOR_LINKS = {
    **LIVE_LINKS,
    "daemon:": "What the daemon on this machine sends and receives; its port stays its own.",
    "replay:FILE": "A recording. ?speed=1 ?channel=can1",
    "-": "The lines of `candump -L` on standard input.",
}
SEVERAL_OPTIONS = "Join several options with &, as file:CLIP?loop=1&speed=max."
# NAME=VALUE of --faults, with commas between; shares are of all writes.
FAULTS = {
    "flip=0..1": "The share of bits that are turned over.",
    "drop=0..1": "Writes are lost. Likewise: duplicate, reorder, delay, split, merge.",
    "burst=0..1": "Some bits in a row become anything.",
    "garbage=0..1": "Noise comes before a write.",
    "stall=SECONDS": "The mean time between two stalls, in which nothing passes.",
    "unplug=SECONDS": "The mean time between two losses of the port.",
    "reboot=SECONDS": "The mean time between two restarts of the controller.",
    "seed=N": "The same seed has the same effect on the same writes.",
}
