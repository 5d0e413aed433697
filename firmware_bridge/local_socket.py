"""Local sockets: listening where another daemon may, and knowing what a killed one left behind."""

import contextlib
import logging
import os
import socket
import stat
import time
from pathlib import Path

_STARTING_S = 0.01
_log = logging.getLogger(__name__)


def listen_at(path: Path, what: str, *, access: int, most_waiting: int) -> socket.socket | None:
    """Return a socket that listens at `path` without blocking, with the file mode `access`.

    None, said in the log as of `what`, where another daemon listens there, the folder is another
    user's, or there can be none.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        path.parent.mkdir(mode=0o755, exist_ok=True)
        if not is_trusted(path.parent):
            _log.warning("%s: no socket at %s: the folder is another user's", what, path)
            listener.close()
            return None
        with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
            with socket.socket(socket.AF_UNIX) as other:
                other.setblocking(False)  # one that stands still lets nobody in
                with contextlib.suppress(BlockingIOError):
                    other.connect(str(path))
            _log.warning("%s: another daemon has %s", what, path)
            listener.close()
            return None
        path.unlink(missing_ok=True)  # left behind by one that was killed
        mask = os.umask(0o777 & ~access)  # from the first moment on
        try:
            listener.bind(str(path))
            listener.listen(most_waiting)
        finally:
            os.umask(mask)
        path.chmod(access)
    except OSError as error:
        _log.warning("%s: no socket at %s: %s", what, path, error.strerror)
        listener.close()
        return None
    return listener


def is_left_behind(path: Path) -> bool:
    """Whether `path` is a socket that nobody listens at: its daemon was killed."""
    if not _refuses(path):
        return False
    time.sleep(_STARTING_S)  # one that starts has its address a moment before it listens
    return _refuses(path)


def _refuses(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)  # one that stands still lets nobody in
            client.connect(str(path))
    except ConnectionRefusedError:
        return path.is_socket()  # a plain file refuses, too
    except OSError:
        return False
    return False


def is_trusted(folder: Path) -> bool:
    """Whether nobody else could have made this folder: among temporary files anybody may."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in (0, os.getuid())
