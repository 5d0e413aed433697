"""A Debian under qemu, driven from outside: commands by its guest agent, faults by QMP."""

import base64
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# Of this computer's clock: a boot took 40 s on an idle computer, 150 s beside other work.
BOOT_S = 3600.0
COMMAND_S = 3600.0
_POLL_S = 0.3


@dataclass(frozen=True, slots=True)
class Architecture:
    """What differs between the machines: Debian, emulator and processor."""

    debian: str
    uname: str
    python: str  # of its Debian release; build.sh names the release
    machine: tuple[str, ...]  # qemu's board and processor
    console: str
    compiler: str  # for a static program in C that runs in the machine
    has_second_port: bool  # another serial port than the console, for the line to the USB port

    @property
    def emulator(self) -> str:
        return f"qemu-system-{self.uname}"


ARCHITECTURES = {
    "amd64": Architecture("amd64", "x86_64", "3.11", ("-cpu", "max"), "ttyS0", "cc", True),
    # The processor of a Raspberry Pi 5, on qemu's own board.
    "arm64": Architecture(
        *("arm64", "aarch64", "3.13", ("-M", "virt", "-cpu", "cortex-a76"), "ttyAMA0"),
        *("aarch64-linux-gnu-gcc", False),
    ),
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a command in the machine ended."""

    returncode: int
    stdout: str
    stderr: str


class JsonSocket:
    """A line of JSON for each request and answer, as the guest agent and QMP speak it."""

    def __init__(self, path: Path, patience_s: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(patience_s)
        until_s = time.monotonic() + patience_s
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > until_s:
                    raise
                time.sleep(_POLL_S)
        self._file = self._socket.makefile("rwb")

    def ask(self, command: str, **arguments: Any) -> Any:
        """Return what the command answers; RuntimeError for its error."""
        line = json.dumps({"execute": command, "arguments": arguments})
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        while True:
            answer = self._read()
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def _read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class Machine:
    """One running machine with a disk of its own; the image below it is never written.

    Its clock counts its instructions: 1e9 of them are a second, however long this computer takes
    for them. So deadlines hold and times are the same on a busy computer. While it waits, its clock
    goes with this computer's.
    """

    def __init__(
        self,
        image: Path,
        folder: Path,
        payload: Path | None = None,
        architecture: Architecture = ARCHITECTURES["amd64"],
    ) -> None:
        self._image, self._folder, self._payload = image, folder, payload
        self.architecture = architecture
        self.disk = folder / "disk.qcow2"
        if not self.disk.exists():
            subprocess.run(
                [
                    *("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw"),
                    *("-b", str(image / "root.ext4"), str(self.disk)),
                ],
                check=True,
            )
        self.console = folder / "console.log"
        self.boot()

    def boot(self) -> None:
        """Switch on; return once the guest agent answers. The payload is then at /mnt."""
        agent, qmp, line = (self._folder / name for name in ("agent", "qmp", "line"))
        payload, port = [], []
        if self._payload is not None:
            payload = ["-drive", f"file={self._payload},if=virtio,format=raw,readonly=on"]
        kind = self.architecture
        if kind.has_second_port:
            # A line between its second serial port (/dev/ttyS1) and the USB serial port that can be
            # plugged in and pulled.
            port = [
                *("-chardev", f"socket,path={line},server=on,wait=off,id=far"),
                *("-serial", "chardev:far", "-chardev", f"socket,path={line},id=near"),
            ]
        self._process = subprocess.Popen(
            [
                *("nice", "-n", "10", kind.emulator, *_processor(kind), "-rtc", "clock=vm"),
                *("-m", "2048", "-display", "none", "-monitor", "none", "-no-reboot"),
                *("-kernel", str(self._image / "vmlinuz"), "-initrd", str(self._image / "initrd")),
                *("-append", f"root=/dev/vda rw console={kind.console} mitigations=off quiet"),
                *("-drive", f"file={self.disk},if=virtio", *payload, "-nic", "none"),
                *("-serial", f"file:{self.console}", "-device", "virtio-serial"),
                *("-chardev", f"socket,path={agent},server=on,wait=off,id=agent"),
                *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
                *(*port, "-device", "qemu-xhci", "-qmp", f"unix:{qmp},server=on,wait=off"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            self._qmp = JsonSocket(qmp, COMMAND_S)
            self._qmp.ask("qmp_capabilities")
            self._agent = JsonSocket(agent, BOOT_S)
            self._agent.ask("guest-ping")  # answered once the boot has come so far
        except BaseException:
            self._process.kill()
            raise
        if self._payload is not None:
            self.output("mount -o ro /dev/vdb /mnt")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut_power()

    def run(self, command: str, *, timeout_s: float = COMMAND_S) -> Done:
        """Run a shell command as root and return how it ended; TimeoutError after `timeout_s`."""
        pid = self._agent.ask(
            "guest-exec", path="/bin/bash", arg=["-c", command], **{"capture-output": True}
        )["pid"]
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            status = self._agent.ask("guest-exec-status", pid=pid)
            if status["exited"]:
                out, err = (
                    base64.b64decode(status.get(key, "")).decode(errors="replace")
                    for key in ("out-data", "err-data")
                )
                return Done(status.get("exitcode", -1), out, err)
            time.sleep(_POLL_S)
        raise TimeoutError(f"{command}: no end within {timeout_s:g} s")

    def output(self, command: str, *, timeout_s: float = COMMAND_S) -> str:
        """Return what the command writes; AssertionError with all of it where it fails."""
        done = self.run(command, timeout_s=timeout_s)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path: str, data: bytes | str) -> None:
        """Write a file in the machine."""
        raw = data.encode() if isinstance(data, str) else data
        handle = self._agent.ask("guest-file-open", path=path, mode="w")
        for start in range(0, len(raw), 40_000):
            part = base64.b64encode(raw[start : start + 40_000]).decode()
            self._agent.ask("guest-file-write", handle=handle, **{"buf-b64": part})
        self._agent.ask("guest-file-close", handle=handle)

    def clock_s(self) -> float:
        """Return the seconds that the machine has counted since its boot."""
        return float(self.output("cut -d' ' -f1 /proc/uptime"))

    def plug_serial(self) -> None:
        """Plug a USB serial port (FTDI) in; its other end is the machine's own /dev/ttyS1."""
        self._qmp.ask("device_add", driver="usb-serial", id="port", chardev="near")

    def pull_serial(self) -> None:
        """Pull the USB serial port out."""
        self._qmp.ask("device_del", id="port")

    def cut_power(self) -> None:
        """End the machine at once: what was not synchronised to its disk is lost."""
        self._process.kill()
        self._process.wait()
        self._qmp.close()
        self._agent.close()
        for name in ("agent", "qmp", "line"):
            (self._folder / name).unlink(missing_ok=True)


def _processor(kind: Architecture) -> tuple[str, ...]:
    """Return qemu's options: software emulation with a clock of its own, or what somebody names.

    KVM of a nested machine may open and still not run; it is used where EDGE_FER_VM_ACCEL says so,
    and then the clock is this computer's.
    """
    accelerator = os.environ.get("EDGE_FER_VM_ACCEL")
    if accelerator is not None:
        return ("-accel", accelerator, *kind.machine, "-cpu", "host", "-smp", "2")
    return (*("-accel", "tcg,thread=single", "-icount", "shift=0", "-smp", "1"), *kind.machine)
