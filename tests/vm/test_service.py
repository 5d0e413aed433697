"""The package's service on a real kernel: systemd's sandbox, vivid as camera, vcan0 as bus."""

import re

import pytest

from tests.vm.machine import Machine
from tests.vm.service import control, findings, frames, show, status, until

pytestmark = [pytest.mark.vm, pytest.mark.slow]


def test_the_package_is_installed_as_a_user_has_it(machine: Machine) -> None:
    assert machine.output("dpkg-query -W -f '${Status}' edge-fer") == "install ok installed"
    assert machine.output("stat -c '%U:%G %a' /etc/edge-fer/config.toml") == "root:edge-fer 640\n"
    assert machine.output("systemctl is-system-running --wait || true") in (
        "running\n", "degraded\n",
    )  # fmt: skip


def test_it_runs_in_its_sandbox_as_its_user(service: Machine) -> None:
    pid = show(service, "MainPID")
    assert service.output(f"ps -o user= -p {pid}").strip() == "edge-fer"
    process = service.output(f"cat /proc/{pid}/status")
    assert re.search(r"^Seccomp:\t2$", process, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", process, re.MULTILINE)
    assert service.output(f"ps -o ni= -p {pid}").strip() == "-10"
    assert service.output("cat /sys/fs/cgroup/system.slice/edge-fer.service/cpu.weight") == "1000\n"
    # The drop-in lets CAN in, and no address of a network.
    families = show(service, "RestrictAddressFamilies")
    assert set(families.split()) == {"AF_UNIX", "AF_CAN"}


def test_states_of_the_camera_arrive_in_candump(service: Machine) -> None:
    assert frames(service, 3) == 3
    said = status(service)
    assert "v4l2:" in str(said["camera"])
    assert said["camera_error"] is None


def test_a_driver_is_seen_through_the_loop(service: Machine) -> None:
    until(lambda: status(service).get("state") not in (None, "no driver", "not ready"), "a driver")
    (driver,) = findings(service, "driver")
    assert driver["level"] == "ok", driver


def test_a_controller_of_the_c_library_understands_it_and_is_understood(service: Machine) -> None:
    sent, changes = control(service, "vcan0", 8)
    assert "driver state 15 (unknown)" in changes  # before the first frame
    assert any(re.fullmatch(r"driver state (1|2|13)", line) for line in changes), changes
    assert sent > 40  # ControllerStatus, ten a second
    counters = status(service)["counters"]
    assert isinstance(counters, dict)
    assert counters["frames_received"] > 40, counters
    assert counters["controller_frames_rejected"] == 0, counters
