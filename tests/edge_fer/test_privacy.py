"""No frame leaves the daemon's processes or touches a disk, seen from below: its system calls."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_fer.models.kind import FACE_PX
from edge_fer.recording.sealing import make_key
from edge_fer.recording.stored import list_clips
from firmware_bridge.monitor.run import watch_bus
from firmware_bridge.monitor.sources import LivePort
from firmware_bridge.terminal.pty_wire import PtyWire
from tests.stories.drive import Drive

# The least that could be a picture of somebody: the network's input. All that is written at once
# must be smaller.
PICTURE_BYTES = FACE_PX * FACE_PX
# Opening, sharing and sending of every kind; a call that is none of these moves no data out.
CALLS = (
    "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,"
    "mkdirat,mknod,mknodat,truncate,socket,connect,bind,sendto,sendmsg,sendmmsg,write,writev,"
    "pwrite64,pwritev,pwritev2,mmap,sendfile,splice,vmsplice,tee,copy_file_range,io_uring_setup,"
    "shmget,mq_open,process_vm_writev"
)
TRACED = ",".join(f"?{call}" for call in CALLS.split(","))  # ?: not every machine has each
_CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<arguments>.*)$")
_DESCRIPTOR = re.compile(r"^(?P<number>\d+)<(?P<path>.*?)>(?:\(deleted\))?, ")
_OPENED = re.compile(r'"(?P<path>[^"]*)", (?P<flags>[A-Z_|]+)')


@dataclass
class Trace:
    """What a process and its children did, as far as data could leave by it."""

    opened_to_write: set[str] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)
    shared_to_write: set[str] = field(default_factory=set)
    other: set[str] = field(default_factory=set)
    largest_write: dict[str, int] = field(default_factory=dict)
    calls: int = 0

    def take(self, line: str) -> None:
        """Take one line of strace."""
        call = _CALL.match(line)
        if call is None:
            return
        self.calls += 1
        name, arguments = call["name"], call["arguments"]
        if name in ("open", "openat", "openat2", "creat"):
            opened = _OPENED.search(arguments)
            if opened is None or re.search("O_WRONLY|O_RDWR|O_CREAT", opened["flags"]):
                self.opened_to_write.add(opened["path"] if opened else line)
        elif name == "socket":
            self.sockets.add(arguments.partition(",")[0])
        elif name == "mmap":
            if "MAP_SHARED" in arguments and "PROT_WRITE" in arguments:
                descriptor = re.search(r"<(.*?)>", arguments)
                self.shared_to_write.add(descriptor[1] if descriptor else "no file")
        elif name in ("write", "sendto", "pwrite64"):
            descriptor = _DESCRIPTOR.match(arguments)
            assert descriptor is not None, line
            size = int(re.findall(r", (\d+)", arguments)[0])
            path = re.sub(r"\d+", "N", descriptor["path"])
            self.largest_write[path] = max(size, self.largest_write.get(path, 0))
        elif name not in ("connect", "bind"):  # they need a socket first
            self.other.add(name)


def traced(log: Path, *command: str | Path) -> list[str]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (apt install strace)")
    return [
        *(
            "strace",
            "-f",
            "--seccomp-bpf",
            "-y",
            "-s",
            "0",
            "-o",
            str(log),
            "-e",
            f"trace={TRACED}",
        ),
        *map(str, command),
    ]


def read_trace(log: Path) -> Trace:
    trace = Trace()
    for line in log.read_text(errors="replace").splitlines():
        trace.take(line)
    if trace.calls == 0:
        pytest.skip("strace is not allowed to trace here")
    return trace


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Drive, str]:
    """Ten seconds of the daemon with a driver in the picture, over a real terminal device."""
    folder = tmp_path_factory.mktemp("privacy")
    log, seen = folder / "trace", Drive()
    with PtyWire() as wire:
        command = ["run", "--camera", "demo:?start=36", "--link", f"slcan:{wire.end_a}"]
        daemon = subprocess.Popen(
            traced(log, sys.executable, "-m", "edge_fer", *command),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Python's own cache of compiled modules is none of the daemon's files.
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "RUNTIME_DIRECTORY": str(folder)},
        )
        watch_bus(LivePort(f"slcan:{wire.end_b}"), seen, until=lambda: daemon.poll() is not None)
        port = os.path.realpath(wire.end_a)
        assert daemon.wait(60) == 0
    return read_trace(log), seen, port


@pytest.mark.slow
class TestDaemon:
    def test_it_did_its_work(self, run: tuple[Trace, Drive, str]) -> None:
        _, seen, _ = run
        assert any(signals["State"] == "attentive" for signals in seen.signals("DriverState"))

    def test_no_file_is_opened_to_write_but_that_for_the_next_process(
        self, run: tuple[Trace, Drive, str]
    ) -> None:
        trace, _, port = run
        opened = {os.path.realpath(path) for path in trace.opened_to_write}
        (numbers,) = opened - {port, "/dev/null"}
        assert Path(numbers).name == "resume.json"
        assert trace.largest_write[re.sub(r"\d+", "N", numbers)] == 192
        assert trace.other <= {"mkdir"}  # the folder of that file, if the manager made none

    def test_nothing_speaks_to_a_network(self, run: tuple[Trace, Drive, str]) -> None:
        trace, _, _ = run
        assert trace.sockets <= {"AF_UNIX"}  # the service manager, and `edge-fer status`

    def test_frames_are_shared_only_as_nameless_memory(self, run: tuple[Trace, Drive, str]) -> None:
        trace, _, _ = run
        assert trace.shared_to_write == {"/memfd:edge-fer-camera"}

    def test_nothing_as_large_as_a_face_is_written(self, run: tuple[Trace, Drive, str]) -> None:
        trace, _, _ = run
        assert trace.largest_write["/dev/pts/N"] < 64
        for path, size in trace.largest_write.items():
            assert size < PICTURE_BYTES, path


@pytest.mark.slow
def test_a_recording_touches_its_folder_alone_and_closed_to_others(tmp_path: Path) -> None:
    """The same with the recorder switched on, and an event: the lens is covered after 12 s."""
    pytest.importorskip("cryptography", reason="needs the recording extra")
    clips, log = tmp_path / "clips", tmp_path / "trace"
    settings = {
        "ENABLED": "true",
        "STATES": "camera degraded",
        "FOLDER": str(clips),
        "AFTER_S": "1",
        "PUBLIC_KEY": make_key(tmp_path / "key.pem"),
    }
    python = [sys.executable, "-m", "edge_fer"]
    command = ["run", "--camera", "demo:?start=10", "--link", "virtual:records"]
    daemon = subprocess.run(
        traced(log, "timeout", "--preserve-status", "25", *python, *command),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ
        | {"PYTHONDONTWRITEBYTECODE": "1", "RUNTIME_DIRECTORY": str(tmp_path)}
        | {f"EDGE_FER__RECORDING__{key}": value for key, value in settings.items()},
        check=False,
    )
    assert daemon.returncode == 0
    trace = read_trace(log)
    (stored,) = list_clips(clips)
    assert stored.size > PICTURE_BYTES
    opened = trace.opened_to_write - {"/dev/null", str(tmp_path / "resume.json")}
    assert {Path(path).parent for path in opened} == {clips, Path("/proc/self")}
    assert {path for path in opened if "self" in path} == {"/proc/self/oom_score_adj"}
    assert trace.sockets <= {"AF_UNIX"}
    assert trace.shared_to_write == {"/memfd:edge-fer-camera", "/memfd:edge-fer-recording"}
    # What is as large as a picture went into the clip, and into nothing else.
    large = {path for path, size in trace.largest_write.items() if size >= PICTURE_BYTES}
    assert {str(Path(path).parent) for path in large} == {re.sub(r"\d+", "N", str(clips))}
    assert b"JFIF" not in stored.path.read_bytes()


def test_a_program_that_did_it_would_be_seen(tmp_path: Path) -> None:
    code = """
import mmap, pathlib, socket, sys
path = pathlib.Path(sys.argv[1])
path.write_bytes(bytes(48 * 48))
path.rename(path.with_suffix(".jpg"))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
with path.with_suffix(".jpg").open("r+b") as file:
    mmap.mmap(file.fileno(), 0)
"""
    log, target = tmp_path / "trace", tmp_path / "frame"
    subprocess.run(traced(log, sys.executable, "-c", code, target), check=True)
    trace = read_trace(log)
    assert str(target) in trace.opened_to_write
    assert trace.sockets == {"AF_INET"}
    assert trace.shared_to_write == {str(target.with_suffix(".jpg"))}
    assert trace.largest_write[re.sub(r"\d+", "N", str(target))] == PICTURE_BYTES
    assert any(name.startswith("rename") for name in trace.other)


def test_neither_daemon_nor_camera_dumps_core(tmp_path: Path) -> None:
    python = [sys.executable, "-m", "edge_fer"]
    command = ["run", "--camera", "demo:?loop=1", "--link", "virtual:dumps"]
    daemon = subprocess.Popen(
        # From a shell that would allow dumps.
        ["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *python, *command],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert daemon.stderr is not None
        assert any("first frame" in line for line in daemon.stderr)
        children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
        assert len(children) == 1
        for pid in (str(daemon.pid), *children):
            # Not dumpable: what a process knows of itself is root's, not its user's.
            if os.geteuid() != 0:
                with pytest.raises(PermissionError):
                    Path(f"/proc/{pid}/environ").read_bytes()
                continue
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"Max core file size +0 +0 ", limits)
    finally:
        daemon.kill()
        daemon.communicate()
    time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []
