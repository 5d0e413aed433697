"""Frames received in a vehicle: act on the driver state, and on none that is not trusted.

python docs/examples/receive.py slcan:/dev/ttyUSB0
"""

import sys
from contextlib import suppress

from firmware_bridge import ControllerPort, DriverStateMessage, value_name


def main(uri: str, *, rounds: int | None = None) -> None:
    """Print each change of the driver state; for so many rounds of 0.1 s, or until Ctrl-C."""
    shown = ""
    with ControllerPort.open(uri) as port:
        while rounds is None or rounds > 0:
            rounds = None if rounds is None else rounds - 1
            for frame in port.receive(0.1):
                if not frame.is_good:
                    print(f"not used: {frame.name or hex(frame.frame.can_id)} {frame.status}")
            message = port.latest(DriverStateMessage)
            # None: nothing trusted came for 3.5 cycles. That is unknown, and never the last state.
            state = (
                "unknown" if message is None else value_name("DriverState", "State", message.state)
            )
            if state != shown:
                shown = state
                print(f"driver {state}")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1])
