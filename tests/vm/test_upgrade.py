"""The package's life: upgrade over a changed config, downgrade, removal, purge. It is the last."""

import pytest

from tests.vm.machine import Machine
from tests.vm.service import show, start

pytestmark = [pytest.mark.vm, pytest.mark.slow]

# An installation took 7 minutes on an idle computer.
INSTALL_S = 3600.0
CONFIG = """\
[camera]
uri = "demo:?loop=1"
fps = 3
[link]
uri = "virtual:upgrade"
"""


def test_an_upgrade_asks_nothing_and_the_service_goes_on(machine: Machine) -> None:
    start(machine, CONFIG)
    pid = show(machine, "MainPID")
    machine.output("dpkg --install /mnt/newer.deb </dev/null", timeout_s=INSTALL_S)
    assert machine.output("dpkg-query -W -f '${Version}' edge-fer") == "9.0"
    assert machine.output("cat /etc/edge-fer/config.toml") == CONFIG
    assert show(machine, "SubState") == "running"
    assert show(machine, "MainPID") != pid
    assert "/opt/edge-fer.d/9.0-" in machine.output("readlink /opt/edge-fer")


def test_a_downgrade_does_the_same(machine: Machine) -> None:
    machine.output("dpkg --install /mnt/older.deb </dev/null", timeout_s=INSTALL_S)
    assert machine.output("dpkg-query -W -f '${Version}' edge-fer") == "0.0.1"
    assert machine.output("cat /etc/edge-fer/config.toml") == CONFIG
    assert show(machine, "SubState") == "running"
    assert machine.output("ls /opt/edge-fer.d").startswith("0.0.1-")


def test_removal_keeps_the_config_and_purge_does_not(machine: Machine) -> None:
    machine.output("dpkg --remove edge-fer", timeout_s=INSTALL_S)
    assert show(machine, "ActiveState") == "inactive"
    assert machine.output("cat /etc/edge-fer/config.toml") == CONFIG
    assert machine.run("ls /opt/edge-fer /opt/edge-fer.d /usr/bin/edge-fer").stdout == ""
    machine.output("dpkg --purge edge-fer", timeout_s=INSTALL_S)
    assert machine.run("ls -d /etc/edge-fer /var/lib/edge-fer").stdout == ""
