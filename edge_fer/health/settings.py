"""Settings of the daemon's own health."""

from dataclasses import dataclass

from edge_fer.setting import check_settings, setting


@dataclass(frozen=True, slots=True)
class HealthConfig:
    """What the daemon does for its health, and where it reports it beside `edge-fer status`."""

    prometheus_file: str = setting(
        "",
        "Prometheus textfile",
        "Figures for node_exporter's textfile collector, renewed each 15 s; the service may write"
        " below /var/lib/edge-fer. Empty: none.",
    )
    prometheus_driver_state: bool = setting(
        True,
        "Driver's state in that file",
        "Whether the state of the driver is among the figures. Who may read the file (0640), or"
        " what is collected from it, then knows when somebody was tired.",
    )
    shed_frames: bool = setting(
        True,
        "Fewer frames when hot",
        "From 5 °C below the temperature at which the machine slows itself down it looks at no more"
        " than 15 frames a second, and at 8 from there on; at 15 while its supply is too weak. The"
        " vehicle is notified.",
        source="single late frames are worse than fewer in time",
    )

    def __post_init__(self) -> None:
        check_settings(self)
