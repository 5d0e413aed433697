"""The checks of a booted service that skip where no container boots, and the device's own, here."""

import re
from collections.abc import Callable

import pytest

from tests.systemd import test_booted
from tests.vm.conftest import ARCHITECTURE, PYTHON, REPOSITORY
from tests.vm.machine import Machine
from tests.vm.service import start

pytestmark = [pytest.mark.vm, pytest.mark.slow]

PROBE = REPOSITORY / "tests" / "systemd" / "probe.sh"
CONFIG = """\
[camera]
uri = "demo:?loop=1"
fps = 5
[link]
uri = "virtual:test"
[recording]
enabled = true
states = "attentive"
after_s = 1
"""
CHECKS = [value for name, value in vars(test_booted).items() if name.startswith("test_")]


@pytest.fixture(scope="module")
def probe(machine: Machine) -> dict[str, str]:
    key = machine.output("edge-fer recording keygen --out /root/owner.pem").splitlines()[-1]
    start(machine, f"{CONFIG}{key}\n")
    machine.write("/root/probe.sh", PROBE.read_text())
    return test_booted.read_probe(machine.output("sh /root/probe.sh stay 2>&1"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("test_"))
def test_the_booted_service(probe: dict[str, str], check: Callable[[dict[str, str]], None]) -> None:
    check(probe)


def test_the_golden_images_are_answered_as_on_every_processor(machine: Machine) -> None:
    assert machine.output("uname -m").strip() == ARCHITECTURE.uname
    models = f"$({PYTHON} -c 'from edge_fer.paths import SHIPPED_MODEL as m; print(m.parent)')"
    for network in ("edge", "face", "eyes"):
        done = machine.run(f"edge-fer model verify {models}/{network}.tflite")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_shows_its_states(machine: Machine) -> None:
    machine.output("edge-fer demo --json >/tmp/demo.jsonl")
    said = machine.output(f"{PYTHON} /mnt/tests/aarch64/demo_is_good.py /tmp/demo.jsonl")
    assert re.search(r"drowsy|distracted", said), said
