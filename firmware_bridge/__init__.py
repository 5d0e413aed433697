"""What speaks with the vehicle controller. Imports nothing of the other packages.

From a value to the wire, and back:

- `driver_state.dbc` is the single source: ids, signals, cycles, Data ID lists; `database` reads it.
- `messages`: one frozen class a message; `encode` and `decode` between it and eight bytes.
- `e2e.profile22`: AUTOSAR E2E Profile 22, the sender and the receiver.
- `slcan` and `transports`: frames to bytes on a serial line, or to a CAN bus.
- `schedule` decides which message is due; `link` is the thread that sends it.
- `supervision` judges what is received; `watching` remembers it; `screen` and `monitor` show it.
- `pty_wire` is a cable between two pseudo-terminals, for the demo and the tests.
"""
