"""Looking at the system calls of a daemon: strace, and the right to trace."""

import shutil
import subprocess


def can_trace() -> bool:
    """Whether strace is there and may trace a process."""
    if shutil.which("strace") is None:
        return False
    command = ["strace", "-e", "trace=none", "true"]
    return subprocess.run(command, capture_output=True, check=False, timeout=180).returncode == 0
