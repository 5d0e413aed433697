"""Keeps native libraries from writing over progress bars and JSON."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import IO


@contextmanager
def quiet_output() -> Iterator[None]:
    """Throw away what this process writes to stdout and stderr while the block runs.

    TensorFlow's converter logs from C++, past `sys.stderr`, hence on the level of file descriptors,
    and from Python, where `sys.stdout` need not be descriptor 1. Not for use while another thread
    writes.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    nowhere = _nowhere()
    try:
        for descriptor in kept:
            os.dup2(nowhere.fileno(), descriptor)
        with redirect_stdout(nowhere), redirect_stderr(nowhere):
            yield
    finally:
        for descriptor, copy in kept.items():
            os.dup2(copy, descriptor)
            os.close(copy)


@cache
def _nowhere() -> IO[str]:
    """Open the null device for the life of the process.

    TensorFlow makes its log handlers when it first logs. One that is made in a quiet block keeps
    the stream of that moment, and would report an error for each later line if it were closed.
    """
    return Path(os.devnull).open("w", encoding="utf-8")
