"""Settings of the link to the vehicle controller, and of what it may do."""

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
        " slcan:socket://HOST:PORT is a TCP port (ser2net, a wireless adapter); the service needs"
        " tcp-link.conf for it."
        " Options of slcan: bitrate=500k (of the CAN bus: 10k, 20k, 50k, 100k, 125k, 250k, 500k,"
        " 800k or 1M), adapter=auto (yes: a CAN adapter; no: a microcontroller), settle_ms=0 (wait"
        " before the first byte), reset=yes (no: keep DTR from resetting the board), listen=no;"
        " as slcan:PORT?bitrate=250k&settle_ms=2000.",
    )

    base_id: int = setting(
        0x3A0,
        "Base id",
        "The CAN id of DriverState; the other messages keep their distance from it: up to 0x3B0."
        " Above 0x7EF all of them have 29-bit ids. `edge-fer dbc --check OTHER.dbc` names"
        " collisions with the messages of a vehicle; `edge-fer dbc --base-id 0x6E0` prints it.",
        minimum=0,
        maximum=0x1FFFFFEF,
    )

    dbc: str = setting(
        "",
        "DBC",
        "A DBC of your own with the same messages at other ids, for example the one of the whole"
        " vehicle: all messages take the ids that they have there. Names, signals and layout have"
        " to be those of `edge-fer dbc`. Empty: base_id counts.",
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class VehicleConfig:
    """What the vehicle controller may do."""

    may_switch_off: str = setting(
        "parked",
        "May switch off",
        "Whether the vehicle may end the monitoring, by its switch or with the ignition: never,"
        " parked (only at a known speed under 5 km/h) or always. In any case all its frames of a"
        " second have to agree. The protection of the frames has no secret: whoever is on the bus"
        " can send them.",
        source="project's choice: a forged frame must not end the monitoring of a driver",
        choices=("never", "parked", "always"),
    )

    def __post_init__(self) -> None:
        check_settings(self)
