"""Acts as the vehicle controller, for benches without one: `edge-fer controller PORT`.

- `vehicle`: the vehicle's own state, and `script`: when that changes.
- `request_desk`: the driver's requests that were shown, and the answers to them.
- `action`: what a vehicle would do about a driver state. A pure function.
- `side` puts them together: our frames in, ControllerStatus out. Pure, but for what it remembers.
- `verb` has the port, the clock and the keys (`keys`); `views` shows what happens.
"""
