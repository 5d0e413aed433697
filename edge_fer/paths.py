"""Where edge-fer keeps what it needs at run time."""

import os
import tempfile
from pathlib import Path

from firmware_bridge.local_socket import is_left_behind, is_trusted

SHIPPED_MODEL = Path(__file__).parent / "models" / "edge.tflite"
SHIPPED_FACE = Path(__file__).parent / "models" / "face.tflite"
SHIPPED_EYES = Path(__file__).parent / "models" / "eyes.tflite"
SERVICE_STATE = Path("/var/lib/edge-fer")  # systemd makes it: StateDirectory=
INSTALLED_MODELS = SERVICE_STATE / "models"
RECORDINGS = SERVICE_STATE / "recordings"
DEVICE_CONFIG = Path("/etc/edge-fer/config.toml")  # what the service reads
SERVICE_RUNTIME = Path("/run/edge-fer")  # systemd makes it: RuntimeDirectory=
RUN_USER = Path("/run/user")  # systemd-logind makes a folder below it for each session's user
STATUS_SOCKET = "status.socket"
_FRAMES = "frames.socket"
_PICTURES = "pictures.socket"
_RESUME = "resume.json"
_ATTEMPTS = "model-attempts.json"
_LAST_WORD = "vehicle.json"


def shipped_emotion_networks() -> tuple[Path, ...]:
    """Return the emotion networks of this package, the default one first: `edge`, `edge-small`."""
    others = sorted(SHIPPED_MODEL.parent.glob(f"{SHIPPED_MODEL.stem}-*.tflite"))
    return (SHIPPED_MODEL, *others)


def own_status_socket() -> Path:
    """Return where this process, as a daemon, answers `edge-fer status`.

    systemd names the folder of a service, a login session that of a user. Without either it is the
    user's folder in /run/user, or one of the user's own among the temporary files.
    """
    given = os.environ.get("RUNTIME_DIRECTORY")
    return Path(given) / STATUS_SOCKET if given else _user_sockets()[0]


def _user_sockets() -> tuple[Path, ...]:
    """Return the places of a user's daemon, the one to use first."""
    user = os.getuid()
    session = os.environ.get("XDG_RUNTIME_DIR")
    folders = [Path(session) / "edge-fer"] if session else []
    if (of_user := RUN_USER / str(user)).is_dir():
        folders.append(of_user / "edge-fer")
    folders.append(_temporary_files() / f"edge-fer-{user}")
    return tuple(dict.fromkeys(folder / STATUS_SOCKET for folder in folders))


def _temporary_files() -> Path:
    """Return the folder of temporary files; where none can be written, what Linux has for them."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # a system that is read-only throughout, or full
        return Path("/tmp")


def own_frames_socket() -> Path | None:
    """Return where this process, as a daemon, serves `edge-fer monitor daemon:`; None: nowhere."""
    status = own_status_socket()
    return None if status is None else status.with_name(_FRAMES)


def frames_socket() -> Path:
    """Return where a running daemon serves its frames: beside the first status socket there is."""
    sockets = [path.with_name(_FRAMES) for path in status_sockets()]
    return next((path for path in sockets if path.exists()), SERVICE_RUNTIME / _FRAMES)


def own_pictures_socket() -> Path:
    """Return where this process, as a daemon, shows its pictures to `edge-fer preview`."""
    return own_status_socket().with_name(_PICTURES)


def pictures_sockets() -> tuple[Path, ...]:
    """Return where a daemon may show its pictures, in the order of `status_sockets`."""
    return tuple(path.with_name(_PICTURES) for path in status_sockets())


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
    """Return where a daemon may answer: one of one's own before the service's.

    Not in a folder that another user made: what answers there, or shows pictures, may be anything.
    Nor where a killed daemon left its sockets, which would hide one that runs.
    """
    places = (own_status_socket(), *_user_sockets(), SERVICE_RUNTIME / STATUS_SOCKET)
    return tuple(
        place
        for place in dict.fromkeys(places)
        if place.parent == SERVICE_RUNTIME or not place.parent.exists() or is_trusted(place.parent)
        if not is_left_behind(place)
    )
