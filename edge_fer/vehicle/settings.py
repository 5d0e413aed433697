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
        " udp_multicast:GROUP or virtual:NAME. Prefer a stable name below /dev/serial/by-id.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
