"""Messages at other ids, from the config and each verb that takes part in them."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cantools
import pytest

from edge_fer.cli.app import main
from edge_fer.config.config import Config
from edge_fer.vehicle.ids import configured_ids
from edge_fer.vehicle.settings import LinkConfig
from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.errors import BridgeError
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import definition, use_ids
from firmware_bridge.protocol.frame import EXTENDED, CanFrame
from firmware_bridge.protocol.ids import BASE_ID, ids_at
from firmware_bridge.protocol.messages import DriverStateMessage, encode
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.terminal.pty_wire import PtyWire

BASE_IDS = ["0x6E0", "0x18FF1000"]
VEHICLE = 'VERSION ""\nBU_: A\nBO_ 930 Brake: 8 A\n SG_ X : 0|8@1+ (1,0) [0|0] "" A\n'
Verb = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def ids_stay() -> Iterator[None]:
    yield
    use_ids(ids_at(BASE_ID))


@pytest.fixture
def verb(capsys: pytest.CaptureFixture[str]) -> Verb:
    """Return what runs a verb here, and returns its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        code = ended.value.code
        assert isinstance(code, int)
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize("base_id", BASE_IDS)
def test_the_dbc_is_printed_with_the_ids(base_id: str, verb: Verb) -> None:
    code, text = verb("dbc", "--base-id", base_id)
    database: Any = cantools.database.load_string(text, database_format="dbc")

    assert code == 0
    assert database.get_message_by_name("DriverState").frame_id == int(base_id, 0)
    assert database.get_message_by_name("Health").is_extended_frame is (base_id != "0x6E0")


def test_collisions_with_a_vehicle_are_an_exit_code(verb: Verb, tmp_path: Path) -> None:
    vehicle = tmp_path / "car.dbc"
    vehicle.write_text(VEHICLE)

    assert verb("dbc", "--check", vehicle) == (1, "3A2 Health: Brake in car.dbc\n")
    code, said = verb("dbc", "--check", vehicle, "--base-id", "0x6E0")
    assert (code, said) == (0, "car.dbc uses none of the ids\n")


@pytest.mark.parametrize("base_id", BASE_IDS)
def test_a_recording_is_read_at_its_ids_only(base_id: str, verb: Verb, tmp_path: Path) -> None:
    path = record(tmp_path, int(base_id, 0))
    code, said = verb("monitor", f"replay:{path}?speed=1000", "--json", "--base-id", base_id)
    assert code == 0
    assert json.loads(said.splitlines()[-1])["summary"]["states"] == ["attentive"]

    use_ids(ids_at(BASE_ID))
    code, said = verb("monitor", f"replay:{path}?speed=1000", "--json")
    assert code == 1
    assert json.loads(said.splitlines()[-1])["summary"]["frames"] == 0


def record(folder: Path, base_id: int) -> Path:
    """Write ten states as a link at `base_id` sends them; the ids are ours again after it."""
    use_ids(ids_at(base_id))
    known = definition(DriverStateMessage.NAME)
    sender = Profile22Sender(known.data_ids)
    path = folder / "drive.log"
    with path.open("w") as file:
        for index in range(10):
            data = sender.protect(encode(DriverStateMessage(1)))
            frame = CanFrame(known.can_id, data, index / 10)
            file.write(candump_line(frame, frame.time_s, "can0") + "\n")
    use_ids(ids_at(BASE_ID))
    return path


def test_a_filter_of_a_replay_knows_the_ids(verb: Verb, tmp_path: Path) -> None:
    path = record(tmp_path, 0x6E0)
    with PtyWire() as wire:
        to = f"slcan:{wire.end_a}?adapter=no"
        arguments = ("replay", path, "--to", to, "--speed", 100, "--filter", "state=attentive")
        assert verb(*arguments)[0] == 1
        assert verb(*arguments, "--base-id", "0x6E0")[0] == 0


def test_a_controller_follows(verb: Verb) -> None:
    base_id = "0x18FF1000"
    use_ids(ids_at(int(base_id, 0)))
    with PtyWire() as wire:
        link = Link(f"slcan:{wire.end_a}?adapter=no")
        link.open()
        link.start()
        stop = threading.Event()

        def publish() -> None:
            while not stop.wait(0.03):
                link.publish(Snapshot(time.monotonic(), DriverStateMessage(1)))

        publisher = threading.Thread(target=publish)
        publisher.start()
        uri = f"slcan:{wire.end_b}?adapter=no"
        code, said = verb("controller", uri, "--seconds", 1, "--json", "--base-id", base_id)
        heard = link.controller
        stop.set()
        publisher.join()
        assert link.stop()
    assert code == 0
    assert heard is not None
    assert json.loads(said.splitlines()[-1])["summary"]["frames_good"] > 5


def test_a_terminal_does_not_obey_the_bytes_of_somebody_elses_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.dbc"
    other.write_bytes(b"\x1b]0;title\x07\x1b[2J" + bytes(range(128, 160)))
    with pytest.raises(SystemExit) as end:
        main(["dbc", "--check", str(other)])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.count("\n") == 1
    assert "\\x1b[2J" in said
    assert said.rstrip("\n").isprintable()


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "huge"])
def test_what_is_no_dbc_ends_in_a_line_and_holds_up_no_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """A pipe without a writer, a device without an end: a daemon reads `link.dbc` at its start."""
    other = tmp_path / "other.dbc"
    if kind == "pipe":
        os.mkfifo(other)
    elif kind == "device":
        other.symlink_to("/dev/zero")
    elif kind == "folder":
        other.mkdir()
    else:
        with other.open("wb") as file:
            file.truncate(1 << 40)
    with pytest.raises(SystemExit) as end:
        main(["dbc", "--check", str(other)])
    assert end.value.code == 2
    said = capsys.readouterr().err
    why = "larger than 32 MiB" if kind == "huge" else "not a regular file"
    assert said == f"edge-fer: dbc: {other}: cannot be read ({why})\n"
    with pytest.raises(BridgeError, match=why):
        configured_ids(LinkConfig(dbc=str(other)))


def test_the_daemon_has_them_from_the_config() -> None:
    config = Config(link=LinkConfig("virtual:x", base_id=0x18FF1000))

    use_ids(configured_ids(config.link))
    assert definition("ControllerStatus").can_id == EXTENDED | 0x18FF1010


@pytest.mark.slow
def test_the_c_is_generated_for_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "firmware_bridge.c.generate", "--folder", str(tmp_path)]
    subprocess.run([*command, "--base-id", "0x6E0"], check=True)

    assert "{0x6e0, 8, 350," in (tmp_path / "edge_fer_messages.c").read_text()
    assert "DRIVER_STATE_FRAME_ID (0x6e0u)" in (tmp_path / "edge_fer_codec.h").read_text()
