"""The package's service in the machine, and what the tests of it ask.

Times are those of the machine's clock (see `Machine`); patience is this computer's.
"""

import json
import time
from collections.abc import Callable

from tests.vm.machine import Machine

# DriverState is a frame of 8 bytes with this id (firmware_bridge/protocol/driver_state.dbc).
DRIVER_STATE = "3A0"
PATIENCE_S = 3600.0
DROP_INS = "/etc/systemd/system/edge-fer.service.d"
# States in the upper half of the second byte, as candump writes it.
ANY, CAMERA_DEGRADED, NOT_DEGRADED = "..", "C.", "[^C]."

# The example of the C library as a controller on a bus: candump's lines become SLCAN on its input,
# and its SLCAN becomes cansend's frames. All our frames have 8 bytes. It writes changes of the
# state to standard error. Arguments: seconds and bus.
CONTROLLER = r"""
timeout $1 candump -L $2 | sed -uE 's/.* ([0-9A-F]{3})#([0-9A-F]{16})$/t\18\2\r/' |
    stdbuf -o0 tr -d '\n' | /mnt/edge_fer_linux 2>/tmp/changes |
    stdbuf -o0 tr '\r' '\n' | sed -uE 's/^t([0-9A-F]{3})8/\1#/' |
    while read -r frame; do cansend $2 "$frame" && echo sent; done | wc -l
cat /tmp/changes
"""


def until(
    true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S, every_s: float = 1.0
) -> None:
    end_s = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end_s, f"not within {patience_s:g} s: {what}"
        time.sleep(every_s)


def show(machine: Machine, name: str) -> str:
    return machine.output(f"systemctl show edge-fer --property={name} --value").strip()


def status(machine: Machine) -> dict[str, object]:
    done = machine.run("edge-fer status --json")
    answer: dict[str, object] = json.loads(done.stdout) if done.returncode == 0 else {}
    return answer


def journal(machine: Machine) -> str:
    return machine.output("journalctl --quiet --boot --unit=edge-fer --output=cat")


def findings(machine: Machine, check: str) -> list[dict[str, str]]:
    """What the doctor says of one thing."""
    found = json.loads(machine.run("edge-fer doctor --json").stdout)
    return [item for item in found if item["check"] == check]


def frames(machine: Machine, count: int = 3, bus: str = "vcan0") -> int:
    """How many DriverState frames candump saw, of `count`, within 20 s of the machine."""
    wanted = f"timeout 20 candump -n {count} {bus},{DRIVER_STATE}:7FF"
    return machine.run(wanted).stdout.count(DRIVER_STATE)


def seconds_to(machine: Machine, fault: str, state: str, within_s: float = 60.0) -> float:
    """Seconds of the machine from the shell command `fault` to a DriverState with that `state`."""
    times = machine.output(
        f"cut -d' ' -f1 /proc/uptime; {fault}"
        f" && timeout {within_s:g} candump vcan0,{DRIVER_STATE}:7FF"
        f" | grep -q -m 1 -E '\\[8\\]  .. {state}' && cut -d' ' -f1 /proc/uptime"
    ).split()
    return float(times[-1]) - float(times[0])


def control(machine: Machine, bus: str, for_s: int) -> tuple[int, list[str]]:
    """How many ControllerStatus the C library's controller sent, and what state changes it saw."""
    machine.write("/root/controller.sh", CONTROLLER)
    sent, *changes = machine.output(f"bash /root/controller.sh {for_s} {bus}").splitlines()
    return int(sent), changes


def use_vcan(machine: Machine) -> None:
    """Make vcan0."""
    machine.output(
        "ip link show vcan0 >/dev/null 2>&1 || ip link add vcan0 type vcan; ip link set vcan0 up"
    )


def start(machine: Machine, config: str) -> None:
    """Start the service anew with this config, and the drop-in for CAN where it names a bus.

    Returns when the service is ready.
    """
    machine.write("/etc/edge-fer/config.toml", config)
    drop_in = f"{DROP_INS}/socketcan.conf"
    machine.output(
        f"install -D -m 644 /usr/share/doc/edge-fer/examples/socketcan.conf {drop_in}"
        if "socketcan:" in config
        else f"rm -f {drop_in}"
    )
    machine.output(
        "systemctl daemon-reload; systemctl enable --quiet edge-fer"
        " && systemctl restart edge-fer && systemctl is-active edge-fer"
    )
