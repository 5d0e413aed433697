"""Checks that this device computes with a model what the workstation that made it did.

As a program it takes the model and its card from standard input and prints the result as JSON: a
damaged or hostile file can bring a native runtime down, run for ever or ask for all the memory
there is, and then it is that process that ends.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge_fer.errors import ModelError, ModelReason
from edge_fer.isolated import python_module
from edge_fer.models.card import NetworkCard, kind_of_card, network_card_of
from edge_fer.models.files import ModelFiles, read_model_files
from edge_fer.models.golden import GoldenResult, compare_golden
from edge_fer.models.runtime import load_runtime, open_model
from edge_fer.no_dumps import forbid_dumps

# A dozen images take milliseconds; the rest is for a slow card reader and a busy single core.
TIMEOUT_S = 30.0
# What the check may take beyond what the interpreter and its libraries have when they are loaded. A
# network of half a megabyte takes a few.
MEMORY_BYTES = 192 << 20
_LOADED_BYTES = 256 << 20  # these libraries resident: 60 to 90 MB on x86 and ARM
_LOOK_EVERY_S = 0.02
_EXIT_REFUSED = 2
_PR_SET_PDEATHSIG = 1  # prctl(2)


def check_files(files: ModelFiles) -> tuple[GoldenResult, NetworkCard, str]:
    """Run the golden images; return the result, the card and the runtime's name.

    UserError when model or card are refused, or the card has no outputs to compare with.
    """
    card = network_card_of(files)
    kind = kind_of_card(card)
    model = open_model(files.model, str(files.path), kind=kind)
    result = compare_golden(card.golden, model.run, kind.side_px, card.golden_tolerance)
    return result, card, model.runtime


def require_passed(path: Path, result: GoldenResult, runtime: str) -> None:
    """UserError that names the pattern that is farthest off, where one is off too far."""
    if not result.passed:
        name, difference = result.worst
        raise ModelError(
            ModelReason.FAILED_CHECK,
            f"{path}: this device does not compute what the card says: golden image {name} is "
            f"{difference} units off with {runtime}, {result.tolerance} is allowed: keep "
            "to another model",
        )


def require_sound(files: ModelFiles, *, timeout_s: float = TIMEOUT_S) -> None:
    """UserError unless a process of its own finds card and golden images in order."""
    result, runtime = check_apart(files, timeout_s=timeout_s)
    require_passed(files.path, result, runtime)


def check_model_apart(path: Path, *, timeout_s: float = TIMEOUT_S) -> tuple[GoldenResult, str]:
    """Do `check_apart` with the model at `path`."""
    return check_apart(read_model_files(path), timeout_s=timeout_s)


def check_apart(
    files: ModelFiles, *, timeout_s: float = TIMEOUT_S, memory_bytes: int = MEMORY_BYTES
) -> tuple[GoldenResult, str]:
    """Do `check_files` in a process of its own; return the result and the runtime's name.

    UserError; its reason is CHECK_DIED when that process dies of a signal, takes more than
    `memory_bytes` or is not done within `timeout_s`.
    """
    path = files.path
    header = {"path": str(path), "model": len(files.model), "memory": memory_bytes}
    sent = json.dumps(header).encode() + b"\n" + files.model + files.card
    try:
        started = subprocess.Popen(
            python_module("edge_fer.models.check"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
        )
    except OSError as error:  # no memory, processes or descriptors left
        raise ModelError(
            ModelReason.UNREADABLE, f"{path}: the check cannot be started ({error.strerror})"
        ) from error
    with started as process:
        watch = _MemoryWatch(process.pid, memory_bytes + _LOADED_BYTES)
        try:
            with watch:
                printed, complaints = process.communicate(sent, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ModelError(
                ModelReason.CHECK_DIED, f"{path}: the check was not done within {timeout_s:g} s"
            ) from None
        except BaseException:
            process.kill()
            raise
    if watch.exceeded:
        raise ModelError(
            ModelReason.CHECK_DIED,
            f"{path}: the check took more than {memory_bytes >> 20} MB of memory: "
            "this file is damaged or hostile",
        )
    lines = complaints.decode(errors="replace").strip().splitlines() or ["no message"]
    if process.returncode == _EXIT_REFUSED:
        refusal: dict[str, str] = json.loads(printed)
        raise ModelError(ModelReason(refusal["reason"]), refusal["text"])
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise ModelError(
            ModelReason.CHECK_DIED,
            f"{path}: the check died of {name}: this file is damaged or hostile",
        )
    if process.returncode:
        raise ModelError(
            ModelReason.CHECK_DIED,
            f"{path}: the check failed with exit code {process.returncode}: {lines[-1][:200]}",
        )
    values: dict[str, Any] = json.loads(printed)
    return GoldenResult(values["differences"], values["tolerance"]), values["runtime"]


class _MemoryWatch:
    """Kills a process that grows beyond a size, for where it may not limit itself.

    The service's sandbox lets no process change its limits; what a process has is seen in /proc.
    """

    def __init__(self, pid: int, most_bytes: int) -> None:
        self._pid, self._most_pages = pid, most_bytes // resource.getpagesize()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.exceeded = False

    def _look(self) -> None:
        statm = Path(f"/proc/{self._pid}/statm")
        with suppress(OSError, ValueError, IndexError):
            while not self._done.wait(_LOOK_EVERY_S):
                if int(statm.read_text().split()[1]) > self._most_pages:
                    self.exceeded = True
                    with suppress(ProcessLookupError):
                        signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                    return

    def __enter__(self) -> None:
        # Not by its number: that may be another process's by then.
        self._pidfd = os.pidfd_open(self._pid)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        os.close(self._pidfd)


def _limit_memory(more_bytes: int) -> None:
    """Let this process take so much more than it has; and let the kernel end it before others."""
    # An endless loop must not outlive whoever waits for it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + more_bytes
    with suppress(OSError, ValueError):  # the service's sandbox lets nobody change limits
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> int:
    """Check the model that standard input holds and print the result."""
    forbid_dumps()
    header = json.loads(sys.stdin.buffer.readline())
    model = sys.stdin.buffer.read(header["model"])
    files = ModelFiles(Path(header["path"]), model, sys.stdin.buffer.read())
    with suppress(ModelError):  # no runtime: said below
        load_runtime()
    _limit_memory(header["memory"])
    try:
        result, _, runtime = check_files(files)
    except ModelError as error:
        print(json.dumps({"reason": error.reason, "text": str(error)}))
        return _EXIT_REFUSED
    values = {"differences": dict(result.differences), "tolerance": result.tolerance}
    print(json.dumps({"runtime": runtime, **values}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
