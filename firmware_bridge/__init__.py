"""The vehicle's side of edge-fer: the wire, both ends of it. Imports nothing of the other packages.

From a value to the wire, and back:

- `protocol/`: what travels. `driver_state.dbc` is the single source of ids, signals, cycles and
  Data ID lists; `database` reads it. `messages` has one frozen class per message. `slcan` and
  `cobs` turn frames into bytes on a serial line, with parsers that survive any byte.
- `e2e/`: AUTOSAR end-to-end protection, sender and receiver.
- `transports/`: one file per way to the controller, all behind the protocol in `transports.base`.
- `link/`: `schedule` decides which message is due, `link` is the thread that sends it over a
  `connection` that is opened again when the port returns.
- `reception/`: judges each received frame, supervises the stream, recognises a wrong baud rate.
- `recording/`: frame logs of this and of other tools, replay and resend.
- `monitor/`: shows what is received: sources, screen, log, plot.
- `controller/`: acts as the vehicle at the other end.
- `faults/`: faults of a serial line, injected on purpose.
- `terminal/`: pseudo-terminals, keys and interrupts.
- `benchmark/`: measures the link beside python-can's own SLCAN.
- `c/`: the receiver in C99; `c/generate.py` writes what comes from the DBC.

The public names are those of `__all__`; they are imported when they are asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firmware_bridge.controller.port import ControllerPort
    from firmware_bridge.errors import BridgeError, LinkError, SendTimeoutError, TransportError
    from firmware_bridge.protocol.database import value_code, value_name
    from firmware_bridge.protocol.frame import CanFrame
    from firmware_bridge.protocol.messages import (
        ControllerStatusMessage,
        DriverEvidenceMessage,
        DriverRequestMessage,
        DriverStateMessage,
        EmotionProbabilitiesMessage,
        HealthMessage,
        Message,
        decode,
        encode,
    )
    from firmware_bridge.reception.supervision import FrameStatus, JudgedFrame
    from firmware_bridge.transports import Transport, open_transport

__all__ = [
    "BridgeError",
    "CanFrame",
    "ControllerPort",
    "ControllerStatusMessage",
    "DriverEvidenceMessage",
    "DriverRequestMessage",
    "DriverStateMessage",
    "EmotionProbabilitiesMessage",
    "FrameStatus",
    "HealthMessage",
    "JudgedFrame",
    "LinkError",
    "Message",
    "SendTimeoutError",
    "Transport",
    "TransportError",
    "decode",
    "encode",
    "open_transport",
    "value_code",
    "value_name",
]

# Where each public name lies.
_MODULES = {
    "Transport": "firmware_bridge.transports",
    "open_transport": "firmware_bridge.transports",
    "ControllerPort": "firmware_bridge.controller.port",
    "CanFrame": "firmware_bridge.protocol.frame",
    "ControllerStatusMessage": "firmware_bridge.protocol.messages",
    "DriverEvidenceMessage": "firmware_bridge.protocol.messages",
    "DriverRequestMessage": "firmware_bridge.protocol.messages",
    "DriverStateMessage": "firmware_bridge.protocol.messages",
    "EmotionProbabilitiesMessage": "firmware_bridge.protocol.messages",
    "HealthMessage": "firmware_bridge.protocol.messages",
    "Message": "firmware_bridge.protocol.messages",
    "decode": "firmware_bridge.protocol.messages",
    "encode": "firmware_bridge.protocol.messages",
    "value_code": "firmware_bridge.protocol.database",
    "value_name": "firmware_bridge.protocol.database",
    "FrameStatus": "firmware_bridge.reception.supervision",
    "JudgedFrame": "firmware_bridge.reception.supervision",
    "BridgeError": "firmware_bridge.errors",
    "LinkError": "firmware_bridge.errors",
    "SendTimeoutError": "firmware_bridge.errors",
    "TransportError": "firmware_bridge.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: each costs only its own imports."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
