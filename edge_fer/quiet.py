"""Keeps native libraries from writing over progress bars and JSON."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path


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
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        try:
            for descriptor in kept:
                os.dup2(nowhere.fileno(), descriptor)
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                yield
        finally:
            for descriptor, copy in kept.items():
                os.dup2(copy, descriptor)
                os.close(copy)
