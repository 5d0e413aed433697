"""`edge-fer controller` over a pseudo-terminal, with a link at the other end."""

import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.controller.vehicle import ALL_RIGHT, VehicleState
from firmware_bridge.controller.verb import run_controller
from firmware_bridge.errors import BridgeError
from firmware_bridge.faults.spec import parse_faults
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
)
from firmware_bridge.terminal.pty_wire import PtyWire

# In a new session the terminal has first to be made the one that keys come from.
ON_A_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from edge_fer.cli.app import main
main()
"""


@pytest.fixture
def link(wire: PtyWire) -> Iterator[Link]:
    made = Link(f"slcan:{wire.end_a}")
    made.open()
    made.start()
    yield made
    assert made.stop()


def act(
    uri: str,
    vehicle: VehicleState,
    *,
    script: Path | None = None,
    seconds: float = 60.0,
    until: Callable[[], bool] = lambda: False,
) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = run_controller(
        uri, vehicle, script=script, json_lines=True, seconds=seconds, until=until, out=out
    )
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def publish_asleep(link: Link) -> None:
    question = DriverRequestMessage(kind=1, request_id=7, severity=1, valid_for_s=20.0, reason=33)
    link.publish(Snapshot(time.monotonic(), DriverStateMessage(5), request=question))


def test_it_says_what_it_hears_and_would_do_and_answers(link: Link, wire: PtyWire) -> None:
    vehicle = VehicleState(speed_km_h=90.0, answer=ALL_RIGHT)

    def answered() -> bool:
        publish_asleep(link)
        heard = link.controller
        return heard is not None and heard.answer == ALL_RIGHT

    code, lines = act(f"slcan:{wire.end_b}", vehicle, until=answered)

    assert code == 0
    assert [line["event"] for line in lines[:2]] == ["vehicle", "driver"]
    asleep = next(line for line in lines if line.get("state") == "asleep")
    assert asleep["action"] == "warning, slow down"
    assert [line["answer"] for line in lines if line.get("event") == "answer"] == ["all right"]
    assert lines[-1]["summary"]["frames_sent"] >= 2


def test_a_script_changes_the_vehicle(link: Link, wire: PtyWire, tmp_path: Path) -> None:
    script = tmp_path / "drive.txt"
    script.write_text("0 speed=10\n0.3 speed=20 enable=off\n")
    heard: list[ControllerStatusMessage] = []

    def off() -> bool:
        latest = link.controller
        if latest is not None:
            heard.append(latest)
        return latest is not None and latest.enable == 0

    _, lines = act(f"slcan:{wire.end_b}", VehicleState(), script=script, until=off)

    said = [line for line in lines[:-1] if line["event"] == "vehicle"]
    assert [(line["speed"], line["enable"]) for line in said] == [("10", "on"), ("20", "off")]
    assert said[1]["time_s"] >= 0.3
    assert (heard[-1].speed_km_h, heard[-1].enable) == (20.0, 0)


def test_with_nobody_there_it_says_unknown_and_ends_with_one(wire: PtyWire) -> None:
    code, lines = act(f"slcan:{wire.end_b}", VehicleState(), seconds=0.3)

    assert code == 1
    assert lines[-1]["summary"]["actions"] == ["unknown"]


def test_a_port_that_vanishes_is_said_and_opened_again(tmp_path: Path) -> None:
    plug = tmp_path / "ttyPLUG"
    with PtyWire() as first:
        plug.symlink_to(first.end_b)
        controller = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge_fer", "controller", f"slcan:{plug}"),
                *("--json", "--seconds", "60"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert controller.stdout is not None
        wait_for_event(controller.stdout, "driver")
        plug.unlink()
    lost = wait_for_event(controller.stdout, "line")
    assert lost["connected"] is False
    assert str(plug) in lost["why"]
    with PtyWire() as second:
        plug.symlink_to(second.end_b)
        assert wait_for_event(controller.stdout, "line")["connected"] is True
        controller.send_signal(signal.SIGTERM)
        assert "summary" in json.loads(controller.stdout.readlines()[-1])
    assert controller.wait(60.0) == 1


def test_a_wrong_baud_rate_is_said_once(wire: PtyWire) -> None:
    # What 115200 baud looks like at 9600: hardly anything but such bytes.
    with Path(wire.end_a).open("wb", buffering=0) as other:
        asked = 0

        def enough() -> bool:
            nonlocal asked
            asked += 1
            other.write(b"\x00\x80\xf8\x00\x1e" * 10)
            return asked > 20

        _, lines = act(f"slcan:{wire.end_b}", VehicleState(), until=enough)

    warnings = [line["what"] for line in lines if line.get("event") == "warning"]
    assert len(warnings) == 1
    assert "none of them SLCAN: wrong baud rate, or not a SLCAN port?" in warnings[0]


def test_it_makes_a_faulty_line_to_itself(tmp_path: Path) -> None:
    plug = tmp_path / "ttyBAD"
    links: list[Link] = []

    def heard() -> bool:
        if not links:
            links.append(Link(f"slcan:{plug}"))
            links[0].open()
            links[0].start()
        publish_asleep(links[0])
        return links[0].controller is not None and links[0].counters.frames_sent > 20

    out = io.StringIO()
    code = run_controller(
        f"slcan:{plug}",
        VehicleState(),
        script=None,
        faults=parse_faults("duplicate=0.5,reboot=1"),
        json_lines=True,
        seconds=20.0,
        until=heard,
        out=out,
    )
    assert links[0].stop(5.0)

    summary = json.loads(out.getvalue().splitlines()[-1])["summary"]
    assert code == 0
    assert summary["faults"]["duplicate"] > 0
    assert not plug.is_symlink()


@pytest.mark.parametrize("uri", ["virtual:x", "slcan:socket://127.0.0.1:3333"])
def test_only_a_serial_line_can_be_made_faulty(uri: str) -> None:
    with pytest.raises(BridgeError, match=f"faults: '{uri}' is not a serial line; use slcan:PATH"):
        run_controller(
            uri,
            VehicleState(),
            script=None,
            faults=parse_faults("drop=0.1"),
            json_lines=True,
            seconds=1.0,
        )


def wait_for_event(lines: Any, kind: str) -> dict[str, Any]:
    for line in lines:
        event: dict[str, Any] = json.loads(line)
        if event.get("event") == kind:
            return event
    raise AssertionError(f"it ended without {kind}")


def test_what_is_wrong_is_said_before_anything_is_opened(tmp_path: Path) -> None:
    nowhere = f"slcan:{tmp_path}/ttyNONE"
    with pytest.raises(BridgeError, match=r"ttyNONE: no such port"):
        act(nowhere, VehicleState())
    script = tmp_path / "wrong.txt"
    script.write_text("1 speed=red\n")
    with pytest.raises(BridgeError, match=r"speed: 'red' .* \(.*wrong.txt line 1\)"):
        act(nowhere, VehicleState(), script=script)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--speed", "fast"], "speed: 'fast' is not in 0..409.4 km/h, nor unknown"),
        (["--ignition", "maybe"], "'maybe' is not one of 'on', 'off', 'cranking', 'unknown'"),
        (["--script", "no.txt"], "script: no.txt cannot be read"),
    ],
)
def test_a_wrong_option_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge_fer.cli.app import main

    with pytest.raises(SystemExit) as caught:
        main(["controller", "slcan:/dev/null", *arguments])

    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_the_live_view_takes_keys_and_puts_the_terminal_back(wire: PtyWire, link: Link) -> None:
    """Under a real terminal: keys in, a view out, and cooked mode again in the end."""
    publish_asleep(link)
    master, slave = os.openpty()
    controller = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, "controller", f"slcan:{wire.end_b}"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    )
    shown = b""

    def show(wanted: Callable[[], bool]) -> None:
        nonlocal shown
        deadline_s = time.monotonic() + 60.0
        while not wanted() and time.monotonic() < deadline_s:
            if select.select([master], [], [], 0.1)[0]:
                shown += os.read(master, 65536)
            publish_asleep(link)
        assert wanted(), shown[-3000:]

    show(lambda: b"y or n?" in shown)
    os.write(master, b"?")
    show(lambda: b"switch the ignition on or off" in shown)
    os.write(master, b"?+++y")
    show(lambda: b"speed 30" in shown and b"answered: all right" in shown)
    show(lambda: b"WARNING, SLOW DOWN" in shown)
    os.write(master, b"q")
    show(lambda: b"vehicle would do: " in shown and b"good frames of" in shown)
    assert controller.wait(60.0) == 0
    os.close(slave)
    os.close(master)
