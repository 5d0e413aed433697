"""Where edge-fer keeps what it needs at run time."""

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parent / "models" / "edge.tflite"
INSTALLED_MODELS = Path("/var/lib/edge-fer/models")  # systemd makes it: StateDirectory=
DEVICE_CONFIG = Path("/etc/edge-fer/config.toml")  # what the service reads
