"""The daemon under a service manager that does what systemd/edge-fer.service asks of systemd."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.own_seconds import held_up_s

FAULTY = Path(__file__).resolve().parents[1] / "edge_fer" / "camera" / "faulty"
UNIT = Path(__file__).resolve().parents[2] / "systemd" / "edge-fer.service"
_LOOK_S = 0.02
PATIENCE_S = 60.0  # for a busy machine


def seconds_in_unit(key: str) -> float:
    """Return a time of the unit file, as RestartSec=200ms."""
    found = re.search(rf"^{key}=(\d+)(ms)?$", UNIT.read_text(), re.MULTILINE)
    assert found is not None, key
    return int(found[1]) / (1000.0 if found[2] else 1.0)


def priority_in_unit() -> tuple[str, ...]:
    """Return what has a command run with the unit's priority, where this user may set it."""
    found = re.search(r"^Nice=(-\d+)$", UNIT.read_text(), re.MULTILINE)
    assert found is not None
    return ("nice", "-n", found[1]) if os.geteuid() == 0 else ()


WATCHDOG_S = seconds_in_unit("WatchdogSec")
RESTART_S = seconds_in_unit("RestartSec")
START_S = seconds_in_unit("TimeoutStartSec")


class Service:
    """Starts the daemon, starts it anew whenever it ends, and kills it when it stands still.

    Its camera is `faulty:`, whose file is `fault`; processes have the environment `extra` as well,
    and `before` before the command, as `unshare`; what they write goes into `log_file`. With
    `records` the recorder runs, too. With `limits_starts` a start that does not say that it goes on
    is killed.
    """

    def __init__(
        self,
        folder: Path,
        link: str,
        *,
        before: tuple[str, ...] = (),
        extra: dict[str, str] | None = None,
        log_file: Path | None = None,
        records: bool = False,
        limits_starts: bool = False,
    ) -> None:
        self.fault = folder / "fault"
        self.fault.write_text("")
        self.starts = 0
        self.watchdog_kills = self.start_kills = 0
        self._limits_starts = limits_starts
        self.exit_code: int | None = None  # of the last daemon, once this has ended
        self.ready_after_s: list[float] = []
        self._folder = folder
        self.runtime = folder / "run"
        self.runtime.mkdir()
        self._command = [*before, sys.executable, "-m", "edge_fer", "run"]
        self._command += ["--camera", f"faulty:{self.fault}", "--link", link]
        if records:
            config = folder / "edge-fer.toml"
            config.write_text(f'[recording]\nenabled = true\nfolder = "{folder / "clips"}"\n')
            self._command += ["--config", str(config)]
        self._extra = extra or {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(folder / "notify"))
        self._listener.settimeout(_LOOK_S)
        self._stopping = threading.Event()
        self._log_file = log_file or folder / "log"
        self._log = self._log_file.open("ab")
        self._start()
        self._thread = threading.Thread(target=self._manage, daemon=True)
        self._thread.start()

    @property
    def log(self) -> str:
        """What the daemons wrote."""
        return self._log_file.read_text(errors="replace") if self._log_file.is_file() else ""

    def held_up_s(self) -> dict[int, float]:
        """Return how long daemon and camera had to wait for a processor, each since its start."""
        pids = (self.daemon.pid, self.camera_pid())
        return {pid: held_up_s(pid) for pid in pids if pid is not None}

    def held_up_since(self, before: dict[int, float]) -> float:
        """Return how long they had to wait since `held_up_s` returned `before`."""
        return sum(held_s - before.get(pid, 0.0) for pid, held_s in self.held_up_s().items())

    def camera_pid(self) -> int | None:
        """The camera's process, if there is one."""
        return self._child_pid("edge_fer.camera.child")

    def recorder_pid(self) -> int | None:
        """The recorder's process, if there is one."""
        return self._child_pid("edge_fer.recording.child")

    def _child_pid(self, module: str) -> int | None:
        pid = self.daemon.pid
        with suppress(OSError):  # whoever is asked may be gone
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                if module in Path(f"/proc/{child}/cmdline").read_text():
                    return int(child)
        return None

    @property
    def is_ready(self) -> bool:
        """Whether the daemon that runs now has said that it is ready."""
        return self._fed_s is not None

    def camera_opened_s(self) -> float:
        """When the latest camera was opened."""
        try:
            return float(self.fault.with_suffix(".opened").read_text())
        except (OSError, ValueError):
            return 0.0

    def _start(self) -> None:
        self.starts += 1
        self._started_s = time.monotonic()
        self._fed_s: float | None = None  # until it is ready no watchdog runs
        self._ready_by_s = self._started_s + START_S
        path = os.pathsep.join([str(FAULTY), *filter(None, sys.path)])
        self.daemon = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=os.environ
            | {
                "PYTHONPATH": path,
                "NOTIFY_SOCKET": str(self._folder / "notify"),
                "RUNTIME_DIRECTORY": str(self.runtime),
            }
            | self._extra,
        )

    def _manage(self) -> None:
        while not self._stopping.is_set():
            self._hear()
            if self.daemon.poll() is not None:
                time.sleep(RESTART_S)
                if not self._stopping.is_set():
                    self._start()
            elif self._fed_s is not None and time.monotonic() - self._fed_s > WATCHDOG_S:
                self.watchdog_kills += 1
                self.daemon.kill()
                self.daemon.wait()
            elif self._limits_starts and self._fed_s is None and self._is_late():
                self.start_kills += 1
                self.daemon.kill()
                self.daemon.wait()

    def _is_late(self) -> bool:
        return time.monotonic() > self._ready_by_s

    def _hear(self) -> None:
        try:
            message = self._listener.recv(4096).decode()
        except TimeoutError:
            return
        if extended := re.search(r"EXTEND_TIMEOUT_USEC=(\d+)", message):
            self._ready_by_s = max(self._ready_by_s, time.monotonic() + int(extended[1]) / 1e6)
        if "READY=1" in message:
            self.ready_after_s.append(time.monotonic() - self._started_s)
            self._fed_s = time.monotonic()
        if "WATCHDOG=1" in message and self._fed_s is not None:
            self._fed_s = time.monotonic()

    def __enter__(self) -> "Service":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self.daemon.send_signal(signal.SIGCONT)
        self.daemon.terminate()
        try:
            self.exit_code = self.daemon.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.exit_code = self.daemon.wait()
        self._listener.close()
        self._log.close()
