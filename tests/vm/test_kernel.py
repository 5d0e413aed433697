"""Tests of the suite that skip where the kernel has no CAN and no systemd runs, in the machine."""

import re

import pytest

from tests.vm.machine import Machine
from tests.vm.service import use_vcan

pytestmark = [pytest.mark.vm, pytest.mark.slow]

# Against the installed program: only the tests lie on the second disk.
PYTEST = (
    "cd /mnt && HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis PYTHONDONTWRITEBYTECODE=1"
    " PYTHONPATH=/mnt/site:/mnt /opt/edge-fer/bin/python -m pytest -p no:cacheprovider -q"
)


@pytest.mark.parametrize(
    ("arguments", "least"),
    [("tests/firmware_bridge/transports/test_contract.py -k socketcan", 5)],
)
def test_what_skips_elsewhere_passes_here(machine: Machine, arguments: str, least: int) -> None:
    use_vcan(machine)
    done = machine.run(f"{PYTEST} {arguments}", timeout_s=1800.0)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= least
    assert "skipped" not in done.stdout


def test_the_units_and_rules_are_read_by_this_systemd(machine: Machine) -> None:
    for drop_in in ("socketcan", "csi-camera", "network-camera", "jetson"):
        folder = f"/run/verify-{drop_in}"
        done = machine.run(
            f"mkdir -p {folder}/edge-fer.service.d && cp /usr/lib/systemd/system/edge-fer.service"
            f" {folder} && cp /usr/share/doc/edge-fer/examples/{drop_in}.conf"
            f" {folder}/edge-fer.service.d && systemd-analyze verify {folder}/edge-fer.service"
        )
        assert (done.returncode, done.stderr) == (0, ""), drop_in
    # This udev has read the rules at its start, and has found nothing to complain of.
    log = machine.output("journalctl --quiet --boot --unit=systemd-udevd --output=cat")
    assert "70-edge-fer.rules" not in log, log
