"""Listening on a local socket that another daemon may have, or a killed one have left behind."""

import contextlib
import logging
import os
import socket
from pathlib import Path

_log = logging.getLogger(__name__)


def listen_at(path: Path, what: str, *, access: int, most_waiting: int) -> socket.socket | None:
    """Return a socket that listens at `path` without blocking, with the file mode `access`.

    None, said in the log as of `what`, where another daemon listens there or there can be none.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        path.parent.mkdir(mode=0o755, exist_ok=True)
        with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(str(path))
            _log.warning("%s: another daemon has %s", what, path)
            listener.close()
            return None
        path.unlink(missing_ok=True)  # left behind by one that was killed
        mask = os.umask(0o777 & ~access)  # from the first moment on
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
        path.chmod(access)
        listener.listen(most_waiting)
    except OSError as error:
        _log.warning("%s: no socket at %s: %s", what, path, error.strerror)
        listener.close()
        return None
    return listener
