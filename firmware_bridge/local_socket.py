"""Listening on a local socket that another daemon may have, or a killed one have left behind."""

import contextlib
import logging
import os
import socket
import stat
from pathlib import Path

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
        finally:
            os.umask(mask)
        path.chmod(access)
        listener.listen(most_waiting)
    except OSError as error:
        _log.warning("%s: no socket at %s: %s", what, path, error.strerror)
        listener.close()
        return None
    return listener


def is_trusted(folder: Path) -> bool:
    """Whether nobody else could have made this folder: among temporary files anybody may."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in (0, os.getuid())
