"""Tests of the suite that skip where the kernel has no CAN, no camera and no systemd, run here.

`docs/virtual-machine.md` lists them.
"""

import re

import pytest

from tests.vm.conftest import ARCHITECTURE, PYTHON
from tests.vm.machine import Machine
from tests.vm.service import use_vcan

pytestmark = [pytest.mark.vm, pytest.mark.slow]

# Against the installed program: only the tests lie on the second disk.
PYTEST = (
    "cd /mnt && HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis PYTHONDONTWRITEBYTECODE=1"
    f" PYTHONPATH=/mnt/site:/mnt {PYTHON} -m pytest -p no:cacheprovider -q --basetemp=/tmp/$$"
)


def passed(machine: Machine, arguments: str, user: str = "root") -> tuple[int, int]:
    """Run tests of the suite in the machine; return how many passed and how many skipped."""
    done = machine.run(f"setpriv --reuid {user} --clear-groups sh -c '{PYTEST} {arguments}'")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    passed, skipped = (
        int(found[1]) if (found := re.search(rf"(\d+) {what}", done.stdout)) else 0
        for what in ("passed", "skipped")
    )
    return passed, skipped


def test_the_contract_of_the_transports_on_socketcan(machine: Machine) -> None:
    machine.output("systemctl stop edge-fer")  # no other node is on the bus
    use_vcan(machine)
    count, skipped = passed(
        machine, "tests/firmware_bridge/transports/test_contract.py -k socketcan"
    )
    assert count >= 25
    assert skipped == 0


@pytest.mark.skipif(ARCHITECTURE.debian != "amd64", reason="v4l2loopback is built for amd64 alone")
def test_the_camera_on_a_loopback_device(machine: Machine) -> None:
    machine.output("modprobe v4l2loopback video_nr=9")
    try:
        count, skipped = passed(machine, "tests/edge_fer/camera/test_loopback.py")
    finally:
        machine.output("modprobe --remove v4l2loopback")
    assert (count, skipped) == (5, 0)


def test_what_root_may_and_a_user_may_not(machine: Machine) -> None:
    count, skipped = passed(
        machine, "tests/edge_fer/cli/test_recording.py -k somebody_else", "nobody"
    )
    assert (count, skipped) == (1, 0)


def test_the_units_and_rules_are_read_by_this_systemd(machine: Machine) -> None:
    """`systemd-analyze` and, from systemd 254 (Trixie, the machine of arm64), `udevadm verify`."""
    count, skipped = passed(machine, "tests/systemd/test_units.py")
    assert count >= 14
    assert skipped == (0 if ARCHITECTURE.debian == "arm64" else 1)
    # This udev has read the rules at its start, and has found nothing to complain of.
    log = machine.output("journalctl --quiet --boot --unit=systemd-udevd --output=cat")
    assert "70-edge-fer.rules" not in log, log
