"""Where edge-fer keeps what it needs at run time."""

import os
from pathlib import Path

SHIPPED_MODEL = Path(__file__).parent / "models" / "edge.tflite"
SHIPPED_FACE = Path(__file__).parent / "models" / "face.tflite"
SHIPPED_EYES = Path(__file__).parent / "models" / "eyes.tflite"
SERVICE_STATE = Path("/var/lib/edge-fer")  # systemd makes it: StateDirectory=
INSTALLED_MODELS = SERVICE_STATE / "models"
RECORDINGS = SERVICE_STATE / "recordings"
DEVICE_CONFIG = Path("/etc/edge-fer/config.toml")  # what the service reads
SERVICE_RUNTIME = Path("/run/edge-fer")  # systemd makes it: RuntimeDirectory=
_SOCKET = "status.socket"
_RESUME = "resume.json"
_ATTEMPTS = "model-attempts.json"
_LAST_WORD = "vehicle.json"


def own_status_socket() -> Path | None:
    """Return where this process, as a daemon, answers `edge-fer status`; None: nowhere.

    systemd names the folder of a service, a login session that of a user.
    """
    given = os.environ.get("RUNTIME_DIRECTORY")
    if given:
        return Path(given) / _SOCKET
    session = os.environ.get("XDG_RUNTIME_DIR")
    return Path(session) / "edge-fer" / _SOCKET if session else None


def own_resume_file() -> Path | None:
    """Return where a daemon that is killed leaves its numbers for the next; None: nowhere.

    Only for a service: its manager starts the next one in a moment.
    """
    return _for_the_next(_RESUME)


def own_attempts_file() -> Path | None:
    """Return where a daemon that a model ends finds that out at its next start; None: nowhere."""
    return _for_the_next(_ATTEMPTS)


def own_last_word_file() -> Path | None:
    """Return where a daemon leaves what the vehicle said of the monitoring; None: nowhere."""
    return _for_the_next(_LAST_WORD)


def _for_the_next(name: str) -> Path | None:
    given = os.environ.get("RUNTIME_DIRECTORY")
    return Path(given) / name if given else None


def status_sockets() -> tuple[Path, ...]:
    """Return where a daemon may answer: one of one's own before the service's."""
    own = own_status_socket()
    service = SERVICE_RUNTIME / _SOCKET
    return (service,) if own is None else (own, service)
