"""Settings of the link to the vehicle controller."""

from dataclasses import dataclass

from edge_fer.setting import check_settings, setting


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """Where the frames for the vehicle controller go."""

    uri: str = setting(
        "slcan:/dev/ttyUSB0",
        "Link",
        "slcan:PORT or cobs:PORT (a serial port, slcan:PORT?baudrate=115200), socketcan:INTERFACE,"
        " udp_multicast:GROUP or virtual:NAME. Prefer a stable name below /dev/serial/by-id."
        " Options of slcan: bitrate=500k (of the CAN bus: 10k, 20k, 50k, 100k, 125k, 250k, 500k,"
        " 800k or 1M), adapter=auto (yes: a CAN adapter; no: a microcontroller), settle_ms=0 (wait"
        " before the first byte), reset=yes (no: keep DTR from resetting the board), listen=no;"
        " as slcan:PORT?bitrate=250k&settle_ms=2000.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
