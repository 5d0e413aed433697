"""The power is cut at random in the middle of model updates and recordings; then it boots again."""

import json
import random

import pytest

from tests.vm.machine import Machine
from tests.vm.service import start, until

pytestmark = [pytest.mark.vm, pytest.mark.slow]

CUTS = 3
SEED = 19
# Seconds of the machine's clock: an update takes about 2.
EARLIEST_S, LATEST_S = 2.0, 12.0
# The same network under other cards, so that each is an update and the store keeps two.
UPDATES = """\
set -e
shipped=$(/opt/edge-fer/bin/python -c "from edge_fer.paths import SHIPPED_MODEL as m; print(m)")
mkdir -p /root/next
for number in $(seq 1000); do
    cp "$shipped" /root/next/edge.tflite
    sed "1s/{/{ $(printf '%*s' $number)/" "${shipped%.tflite}.json" >/root/next/edge.json
    edge-fer model install /root/next/edge.tflite
done
"""
# Each state begins an event, as long as it may be.
CONFIG = """\
[camera]
uri = "demo:?loop=1"
fps = 5
[link]
uri = "virtual:power"
[recording]
enabled = true
states = "attentive, no driver, camera degraded, distracted, drowsy, unseen"
after_s = 1
before_s = 1
"""


def test_whatever_was_going_on_when_the_power_went(machine: Machine) -> None:
    chance = random.Random(SEED)
    machine.write("/root/updates.sh", UPDATES)
    start(machine, CONFIG)
    for cut in range(CUTS):
        wait_s = chance.uniform(EARLIEST_S, LATEST_S)
        machine.output(
            "systemctl reset-failed; rm -f /run/updates;"
            " systemd-run --quiet --unit=updates bash /root/updates.sh"
            f" && sleep {wait_s:.1f} && systemctl is-active updates edge-fer"
        )
        machine.cut_power()
        machine.boot()
        assert machine.run("dmesg | grep -i 'EXT4-fs error'").stdout == "", cut
        until(
            lambda: machine.run("systemctl is-active edge-fer").stdout == "active\n",
            "the service is ready by itself",
        )
        found = json.loads(machine.run("edge-fer doctor --json").stdout)
        by_check = {item["check"]: item for item in found}
        for check in ("config", "daemon", "model", "face"):
            assert by_check[check]["level"] == "ok", (cut, by_check[check])
        # What a cut left half written is no clip, and takes no part in the ring.
        done = machine.run("edge-fer recording list")
        assert done.returncode == 0, (cut, done.stdout + done.stderr)
    kept = machine.output("ls /var/lib/edge-fer/recordings | wc -l")
    assert int(kept) > 0
