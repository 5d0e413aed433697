"""What speaks with the vehicle controller. Imports nothing of the other packages.

From a value to the wire, and back:

- `driver_state.dbc` is the single source: ids, signals, cycles, Data ID lists; `database` reads it.
- `messages`: one frozen class a message; `encode` and `decode` between it and eight bytes.
- `e2e`: AUTOSAR end-to-end protection, the sender and the receiver. `profile22` guards our
  messages, `profile5` is for CAN FD; `sequence` is what both make of the counter.
- `slcan` and `cobs`: frames to bytes on a serial line, and parsers that survive any byte.
- `transports`: one file a way to the controller, all behind the protocol in `transports.base`.
- `schedule` decides which message is due; `link` is the thread that sends it, over a `connection`
  that comes back when the port does.
- `supervision` judges what is received; `watching` remembers it; `monitor` shows it through
  `views`, `screen` and `picture`. `garbled_line` recognises a wrong baud rate.
- `controller` acts as the vehicle at the other end.
- `faults` is what can happen to a serial line, on purpose.
- `benchmark` measures the link, beside python-can's own SLCAN.
- `pty_wire` is a cable between two pseudo-terminals, for the demo and the tests.
- `c` is the same for the controller's side, in C99; `c.generate` writes what comes from the DBC.
"""
