"""Starts modules in processes of their own that import nothing from where the caller stands.

Python puts the working directory, or the folder of a script, first on its path: a `json.py` that
lies beside a model would run in its place, as root under sudo. `-I` leaves out that folder, the
user's site-packages and all PYTHON* variables. What this process itself imports from elsewhere (a
source tree, packages of the user) comes last: it shadows nothing of the standard library.
"""

import os
import subprocess
import sys
from pathlib import Path

# The arguments: folders to append (os.pathsep between them), the module, and its own arguments.
BOOTSTRAP = (
    "import os, runpy, sys\n"
    "_, folders, module, *arguments = sys.argv\n"
    "sys.path += [one for one in folders.split(os.pathsep) if one and one not in sys.path]\n"
    "sys.argv = [module, *arguments]\n"
    "runpy.run_module(module, run_name='__main__', alter_sys=True)\n"
)
_OWN_ROOT = Path(__file__).resolve().parent.parent


def python_module(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `module` as a program, isolated as described above.

    To be started with `cwd="/"` and absolute paths as arguments.
    """
    folders = os.pathsep.join(import_folders())
    return [*_python(), "-c", BOOTSTRAP, folders, module, *arguments]


def python_code(code: str, *arguments: str) -> list[str]:
    """Return the command that runs `code`, isolated likewise; it sees `arguments` in sys.argv."""
    prelude = f"import sys\nsys.path += {import_folders()!r}\n"
    return [*_python(), "-c", prelude + code, *arguments]


def _python() -> list[str]:
    """Return the interpreter's own part: `-I` ignores PYTHONDONTWRITEBYTECODE, so `-B` says it."""
    return [sys.executable, "-I", *(["-B"] if sys.dont_write_bytecode else [])]


def import_folders() -> list[str]:
    """Return the absolute folders of this process's path, without the one that it stands in.

    That one stays where it is the source tree that edge-fer itself was imported from.
    """
    try:
        here = Path.cwd().resolve()
    except OSError:  # it was removed
        here = None
    # A relative one is meant from where the caller stands, and means nothing where that is gone.
    items = [Path(item) for item in sys.path if item]
    folders = [item.resolve() for item in items if here is not None or item.is_absolute()]
    return [str(item) for item in folders if item != here or item == _OWN_ROOT]


def stop(process: "subprocess.Popen[bytes]", timeout_s: float) -> int:
    """Ask a process to end, kill it where it does not within `timeout_s`; return its exit code."""
    process.terminate()
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
