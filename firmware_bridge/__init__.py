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
"""
