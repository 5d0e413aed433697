"""An adapter that boots for two seconds and is reset later, with each program that opens one."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_bridge.controller.vehicle import VehicleState
from firmware_bridge.controller.verb import run_controller
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverStateMessage,
)
from firmware_bridge.recording.resend import resend
from tests.firmware_bridge.transports.backends import Terminal
from tests.firmware_bridge.transports.lawicel_adapter import AdapterPort, LawicelAdapter
from tests.firmware_bridge.wire_ids import id_of

PATIENCE_S = 60.0  # for a busy machine
Until = Callable[[], bool]


def daemon(uri: str, until: Until) -> None:
    """Send as the daemon does."""
    link = Link(uri)
    link.open()
    link.start()
    while not until():
        now_s = time.monotonic()
        link.publish(Snapshot(now_s, DriverStateMessage(1), now_s))
        time.sleep(0.02)
    assert link.stop()


def controller(uri: str, until: Until) -> None:
    out = io.StringIO()
    run_controller(
        uri, VehicleState(), script=None, json_lines=True, seconds=60.0, until=until, out=out
    )


def monitor(uri: str, until: Until) -> None:
    run_monitor(uri, json_lines=True, seconds=60.0, until=until, out=io.StringIO())


PROGRAMS = {"daemon": daemon, "controller": controller, "monitor": monitor}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_opened_when_it_has_booted_and_again_after_a_reset(name: str) -> None:
    adapter = LawicelAdapter(boot_s=2.0, stamps=True)
    opening = b"L" if name == "monitor" else b"O"  # a monitor only listens
    end_s = time.monotonic() + PATIENCE_S
    was_reset = False
    reopened: list[bool] = []

    def done() -> bool:
        nonlocal was_reset
        if adapter.is_open and not was_reset:
            was_reset = True
            adapter.boot_s = 0.3
            port.reset()
        elif adapter.is_open and adapter.resets:
            reopened.append(adapter.commands.count(opening) >= 2)
        return bool(reopened) or time.monotonic() > end_s

    with AdapterPort(adapter) as port:
        PROGRAMS[name](port.uri, done)

    assert reopened[0]
    assert not adapter.stamps  # Z0: its memory had them on
    assert adapter.rate in (b"S6", b"")
    wrong = b"O" if name == "monitor" else b"L"
    assert wrong not in adapter.commands


@pytest.mark.parametrize("name", [*PROGRAMS, "replay"])
def test_a_microcontroller_gets_no_command(name: str, tmp_path: Path, terminal: Terminal) -> None:
    uri = f"slcan:{terminal.path}?adapter=no"
    end_s = time.monotonic() + 0.3
    if name == "replay":
        path = tmp_path / "drive.log"
        path.write_text("(0.000000) can0 123#01\n")
        assert resend(path, uri) == 0
    else:
        PROGRAMS[name](uri, lambda: time.monotonic() > end_s)
    lines = terminal.read().split(b"\r")

    assert lines[-1] == b""
    assert all(line[:1] in (b"t", b"T") for line in lines[:-1])
    assert bool(lines[:-1]) is (name != "monitor")
    if name == "controller":
        assert f"t{id_of(ControllerStatusMessage):03X}8".encode() in lines[0]
