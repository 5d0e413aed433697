"""A stand-in vehicle: send ControllerStatus, and acknowledge what the driver is asked.

python docs/examples/vehicle.py slcan:/dev/ttyUSB0
"""

import sys
import time
from contextlib import suppress

from firmware_bridge import (
    ControllerPort,
    ControllerStatusMessage,
    DriverRequestMessage,
    value_code,
)

ALL_RIGHT = value_code("ControllerStatus", "Answer", "all right")
SEND_EVERY_S = 0.1


def main(uri: str, speed_km_h: float = 50.0, *, seconds: float = float("inf")) -> None:
    """Be a vehicle that drives at one speed, and whose driver answers that all is right."""
    send_s = start_s = time.monotonic()
    with ControllerPort.open(uri) as port:
        while (now_s := time.monotonic()) < start_s + seconds:
            port.receive(max(0.0, min(send_s - now_s, SEND_EVERY_S)))
            if time.monotonic() < send_s:
                continue
            send_s += SEND_EVERY_S
            request = port.latest(DriverRequestMessage)
            port.send(
                ControllerStatusMessage(
                    enable=value_code("ControllerStatus", "Enable", "on"),
                    ignition=value_code("ControllerStatus", "Ignition", "on"),
                    acknowledged_id=None if request is None else request.request_id,
                    answer=None if request is None else ALL_RIGHT,
                    speed_km_h=speed_km_h,
                )
            )


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1])
