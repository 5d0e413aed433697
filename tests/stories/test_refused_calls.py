"""Each system call of a running daemon is refused in turn: it lives, says what it lacks, recovers.

A few of them by default; with `EDGE_FER_REFUSE=all` all, and a table of them is printed, as in
docs/security.md. Needs strace, and the right to trace.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_fer.driver_state.states import DriverState
from firmware_bridge.terminal.pty_wire import PtyWire
from tests.stories.controller import PARKED, Controller
from tests.stories.service import Service
from tests.stories.tracing import can_trace

pytestmark = pytest.mark.slow

ALL = os.environ.get("EDGE_FER_REFUSE") == "all"
REFUSED_S = 1.5  # so long what is refused for ever is refused, from the first time on
LONGEST_S = 9.0  # until then; not all calls come
MOST_GAP_S = 0.35  # between two frames of 0x3A0
TRIES = 3  # what else runs on the machine makes gaps as well
FOREVER, A_FEW, OFTEN = "1+", "1..3", "1..20"


@dataclass(frozen=True)
class Case:
    """`call` is refused with `error`; `when` as strace counts, for each thread."""

    call: str
    error: str
    when: str = FOREVER
    starts_camera: bool = False  # it is needed to start the camera's process again
    by_default: bool = False


# Those of the port, the watchdog and the waiting are refused a few times: for ever they are a port
# that is gone, a service manager that does not listen, and no waiting at all. Not futex: the kernel
# never refuses FUTEX_WAKE, and glibc ends a process to which that happens.
CASES = (
    Case("memfd_create", "ENOMEM", starts_camera=True, by_default=True),
    Case("memfd_create", "EMFILE", starts_camera=True),
    Case("eventfd2", "EMFILE", starts_camera=True),
    Case("eventfd2", "ENFILE", starts_camera=True),
    Case("pipe2", "EMFILE", starts_camera=True),
    Case("pipe2", "ENFILE", starts_camera=True),
    Case("vfork", "EAGAIN"),  # Python tries a fork then
    Case("vfork", "ENOMEM"),
    Case("vfork,clone,fork", "EAGAIN", starts_camera=True, by_default=True),
    Case("vfork,clone,fork", "ENOMEM", starts_camera=True),
    Case("mmap", "ENOMEM"),
    Case("mmap", "EAGAIN"),
    Case("munmap", "ENOMEM"),
    Case("mlock2", "ENOMEM"),
    Case("madvise", "EINVAL"),
    Case("ftruncate", "ENOMEM"),
    Case("fcntl", "ENOLCK"),
    Case("fcntl", "EIO"),
    Case("openat", "EMFILE"),
    Case("openat", "ENFILE"),
    Case("openat", "ENOMEM"),
    Case("openat", "EACCES"),
    Case("openat", "EIO"),
    Case("newfstatat", "ENOMEM"),
    Case("newfstatat", "EIO"),
    Case("lseek", "EIO"),
    Case("read", "EIO", A_FEW, by_default=True),
    Case("read", "ENOMEM", A_FEW),
    Case("read", "EINTR", OFTEN),
    Case("write", "EIO", A_FEW, by_default=True),
    Case("write", "ENOMEM", A_FEW),
    Case("write", "ENOSPC", A_FEW),
    Case("write", "EINTR", OFTEN),
    Case("pwrite64", "ENOSPC"),
    Case("pwrite64", "EIO"),
    Case("close", "EIO"),
    Case("rename", "ENOSPC"),
    Case("rename", "EROFS"),
    Case("unlink", "EROFS"),
    Case("fchmod", "EPERM"),
    Case("ioctl", "EIO"),
    Case("ioctl", "ENOMEM"),
    Case("poll", "ENOMEM", by_default=True),
    Case("poll", "EINTR", OFTEN),
    Case("pselect6", "ENOMEM"),
    Case("pselect6", "EINTR", OFTEN),
    Case("epoll_wait", "EINTR", OFTEN),
    Case("socketpair", "EMFILE"),
    Case("socket", "EMFILE"),
    Case("accept4", "EMFILE"),
    Case("accept4", "ENOMEM"),
    Case("recvfrom", "ENOMEM"),
    Case("sendto", "ENOBUFS", A_FEW),
    Case("sendto", "ENOMEM", A_FEW),
    Case("wait4", "ECHILD"),
    Case("wait4", "EINTR", OFTEN),
    Case("clock_nanosleep", "EINTR", OFTEN),
    Case("getrandom", "EAGAIN"),
    Case("rt_sigprocmask", "EINVAL"),
)


@dataclass
class Outcome:
    """What the vehicle saw while `refusals` calls were refused, and after."""

    refusals: int
    gap_s: float  # the longest between two frames of 0x3A0
    said: set[str]  # states, and the fault of Health
    back_s: float | None  # after the refusals had ended; None: not within the patience
    same_process: bool


class Watched:
    """A daemon with a recorder and a figures file, and the vehicle that watches it."""

    def __init__(self, service: Service, vehicle: Controller) -> None:
        self.service, self.vehicle = service, vehicle

    def attentive(self) -> bool:
        return self.vehicle.state() is DriverState.ATTENTIVE

    def refuse(self, case: Case, log: Path) -> Outcome:
        service, vehicle = self.service, self.vehicle
        pid, starts, camera = service.daemon.pid, service.starts, service.camera_pid()
        tracer = _tracer(pid, case, log)
        try:
            attached = f"TracerPid:\t{tracer.pid}\n"
            if not vehicle.until(lambda: attached in Path(f"/proc/{pid}/status").read_text()):
                pytest.skip("strace may not attach to a running process")
            vehicle.forget()
            self._provoke(camera)
            # A camera that was killed before is started again after a while only.
            vehicle.until(lambda: "(INJECTED)" in log.read_text(errors="replace"), LONGEST_S)
            vehicle.until(lambda: False, REFUSED_S)
        finally:
            tracer.terminate()
            tracer.wait()
        since_s = time.monotonic()
        back = vehicle.until(
            lambda: self.attentive() and service.camera_pid() not in (None, camera)
        )
        back_s = time.monotonic() - since_s if back else None
        said = {state.label for state in vehicle.states} | vehicle.faults
        same = (service.daemon.pid, service.starts) == (pid, starts)
        refusals = log.read_text(errors="replace").count("(INJECTED)")
        return Outcome(refusals, vehicle.longest_gap_s, said, back_s, same)

    def _provoke(self, camera: int | None) -> None:
        """Have the daemon do all that it does now and then."""
        for child in (camera, self.service.recorder_pid()):
            if child is not None:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        self.service.daemon.send_signal(signal.SIGHUP)
        for name in ("status", "frames"):
            with suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
                caller.settimeout(0.2)
                caller.connect(str(self.service.runtime / name))


def _tracer(pid: int, case: Case, log: Path) -> subprocess.Popen[bytes]:
    """Trace the threads of the daemon, and not what they start."""
    threads = [path.name for path in Path(f"/proc/{pid}/task").iterdir()]
    command = ["strace", "-qq", "-o", str(log), "-e", f"trace={case.call}"]
    command += ["-e", f"inject={case.call}:error={case.error}:when={case.when}"]
    for thread in threads:
        command += ["-p", thread]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    if not can_trace():
        pytest.skip("strace is missing, or may not trace: apt install strace")
    folder = tmp_path_factory.mktemp("refused")
    extra = {"EDGE_FER__HEALTH__PROMETHEUS_FILE": str(folder / "edge-fer.prom")}
    with PtyWire() as wire:
        vehicle = Controller(str(wire.end_b))
        vehicle.says = PARKED
        with Service(folder, f"slcan:{wire.end_a}", records=True, extra=extra) as service:
            told = Watched(service, vehicle)
            assert vehicle.until(told.attentive)
            yield told
        assert service.exit_code == 0
        vehicle.close()


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if ALL or case.by_default],
    ids=lambda case: f"{case.call}-{case.error}",
)
def test_a_call_that_is_refused_ends_nothing(watched: Watched, case: Case, tmp_path: Path) -> None:
    service = watched.service
    logged = len(service.log)
    for attempt in range(TRIES):
        seen = watched.refuse(case, tmp_path / f"refused{attempt}")
        if seen.gap_s <= MOST_GAP_S:
            break
    print(
        f"| `{case.call}` | {case.error} | {case.when} | {seen.refusals} | {seen.gap_s:.2f} s"
        f" | {', '.join(sorted(seen.said))} | {seen.back_s or -1:.1f} s |"
    )
    assert seen.same_process, service.log
    assert seen.back_s is not None, service.log
    assert seen.gap_s <= MOST_GAP_S
    assert "Traceback" not in service.log[logged:], service.log
    if case.starts_camera:
        assert seen.refusals > 0
        assert {"camera degraded", "camera lost"} <= seen.said
