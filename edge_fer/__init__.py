"""What runs on the device: from a camera frame to a driver state. Never imports TensorFlow.

The way of a frame:

- `camera/` opens cameras in a child process and judges whether a picture is usable.
- `face/` finds and follows the driver's face, its landmarks, head pose and eyes, and cuts the
crops.
- `models/` holds the int8 networks with their cards, checks and store, and runs them.
- `observation.py` is the vocabulary that these stages pass on.
- `driver_state/` turns timed observations into evidence and a state: pure functions.
- `pipeline.py` puts these together: one frame in, one decision out.
- `vehicle/` translates between decisions and the messages of `firmware_bridge`.
- `daemon/` moves frames and messages, reports its status and obeys signals.

Beside it: `config/` (the config file), `health/` (rates, temperature), `recording/` (event clips),
`doctor/` (checks of an installation), `cli/` (the command line), `benchmark/`, `stories/` (scripted
drivers for tests and benchmarks), `demo.py`.
"""

from edge_fer.version import __version__ as __version__
