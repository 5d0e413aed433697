import io
import os
import termios
import threading
from pathlib import Path

import pytest
import serial

from firmware_bridge.errors import BridgeError, TransportError
from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.recording.resend import resend
from firmware_bridge.transports import TransportCounters, open_transport
from tests.firmware_bridge.transports.backends import Terminal
from tests.firmware_bridge.transports.lawicel_adapter import AdapterPort, LawicelAdapter

FRAME = CanFrame(0x3A0, bytes.fromhex("b4d003af90140405"), 0.0)
CONTROL_MODES = 2  # of the list that tcgetattr returns
OPENING = [b"C", b"S6", b"Z0", b"O"]
LINE = b"t3A08B4D003AF90140405\r"


def test_a_side_that_answers_nothing_gets_commands_and_frames_at_once(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    port.send(FRAME)
    port.close()

    assert terminal.read() == b"C\rC\rS6\rZ0\rO\r" + LINE + b"C\r"


def test_a_microcontroller_can_be_spared_the_commands(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}?adapter=no")
    port.send(FRAME)
    port.close()

    assert terminal.read() == LINE


@pytest.mark.parametrize("text", ["33333", "83k", "2M", "", "fast", "-1"])
def test_a_bit_rate_without_a_command_is_refused(terminal: Terminal, text: str) -> None:
    with pytest.raises(BridgeError) as caught:
        open_transport(f"slcan:{terminal.path}?bitrate={text}")

    assert str(caught.value).endswith(
        f"bitrate {text!r} has no S command; use one of 10k, 20k, 50k, 100k, 125k, 250k, 500k,"
        " 800k, 1000k"
    )


@pytest.mark.parametrize(("text", "command"), [("250k", b"S5"), ("1M", b"S8"), ("10000", b"S0")])
def test_an_adapter_is_opened_at_the_bit_rate(text: str, command: bytes) -> None:
    with AdapterPort(LawicelAdapter(stamps=True)) as port:
        transport = open_transport(f"{port.uri}?bitrate={text}&settle_ms=20")
        transport.receive(0.3)
        transport.close()

    assert port.adapter.commands[:4] == [b"C", command, b"Z0", b"O"]


def test_an_adapter_is_open_when_the_transport_is() -> None:
    """It needs no second for that: no frame is refused, and each of its frames is received."""
    with AdapterPort(LawicelAdapter(is_open=True, rate=b"S2", stamps=True)) as port:
        transport = open_transport(port.uri)
        transport.send(FRAME)
        port.from_bus(FRAME)
        assert [frame.data for frame in transport.receive(1.0)] == [FRAME.data]
        assert transport.counters.channel_openings == 1
        assert transport.counters.frames_refused == 0
        transport.close()

    assert [frame.data for frame in port.adapter.on_bus] == [FRAME.data]


def test_the_monitor_only_listens_on_an_adapter() -> None:
    with AdapterPort(LawicelAdapter()) as port:
        threading.Timer(0.3, port.from_bus, [FRAME]).start()
        run_monitor(port.uri, json_lines=True, seconds=0.6, out=io.StringIO())

    assert b"L" in port.adapter.commands
    assert b"O" not in port.adapter.commands


def test_what_is_replayed_reaches_the_bus_of_an_adapter(tmp_path: Path) -> None:
    recording = tmp_path / "drive.log"
    recording.write_text("".join(f"({i / 100:.6f}) can0 3A0#B4D003AF90140405\n" for i in range(20)))
    with AdapterPort(LawicelAdapter(stamps=True)) as port:
        assert resend(recording, port.uri) == 0

    assert len(port.adapter.on_bus) == 20


@pytest.mark.parametrize("reset", ["yes", "no"])
def test_a_board_can_be_kept_from_a_reset_by_dtr(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, reset: str
) -> None:
    """DTR is not raised, and not lowered in the end: its edges are what resets an Arduino."""
    raised: list[bool] = []
    open_port = serial.Serial.open

    def note(port: serial.Serial) -> None:
        raised.append(port.dtr)
        open_port(port)

    monkeypatch.setattr(serial.Serial, "open", note)
    hang_up(terminal.port)
    port = open_transport(f"slcan:{terminal.path}?adapter=no&reset={reset}")
    modes = termios.tcgetattr(terminal.port)[CONTROL_MODES]
    port.close()

    assert raised == [reset == "yes"]
    assert bool(modes & termios.HUPCL) is (reset == "yes")


def hang_up(descriptor: int) -> None:
    """Set what drivers have by default: DTR falls when the port is closed."""
    modes = termios.tcgetattr(descriptor)
    modes[CONTROL_MODES] |= termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)


def test_an_adapter_that_is_reset_during_a_replay_is_opened_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "drive.log"
    recording.write_text("".join(f"({i / 50:.6f}) can0 3A0#B4D003AF90140405\n" for i in range(75)))
    with AdapterPort(LawicelAdapter(stamps=True)) as port:
        threading.Timer(0.5, port.reset).start()
        assert resend(recording, port.uri) == 0

    assert port.adapter.commands.count(b"O") == 2
    assert 0 < len(port.adapter.on_bus) < 75
    assert " refused by the adapter" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("options", ["adapter=yes", "settle_ms=2200"])
def test_an_adapter_that_boots_for_two_seconds_is_waited_for(tmp_path: Path, options: str) -> None:
    """A board that begins anew when its port is opened, and drops what comes meanwhile."""
    recording = tmp_path / "drive.log"
    recording.write_text("".join(f"({i / 100:.6f}) can0 3A0#B4D003AF90140405\n" for i in range(9)))
    with AdapterPort(LawicelAdapter(boot_s=2.0, stamps=True)) as port:
        assert resend(recording, f"{port.uri}?{options}") == 0

    assert [command for command in port.adapter.commands if command in OPENING][-5:-1] == OPENING
    assert len(port.adapter.on_bus) == 9


def test_time_stamps_and_text_of_an_adapter_are_no_damage(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    os.write(terminal.device, LINE[:-1] + b"1234\r\nready.\r\n" + LINE)

    frames = port.receive(1.0)
    while len(frames) < 2 and (more := port.receive(1.0)):
        frames += more
    assert [frame.data for frame in frames] == [FRAME.data] * 2
    assert port.counters.rejected_lines == 0
    assert port.counters.foreign_bytes == len("ready.") + 1
    port.close()


def test_garbage_is_counted_and_the_frames_between_are_kept(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    os.write(terminal.device, b"\xff\xfe" + LINE + b"t3A0nonsense\r" + LINE + b"t3A0")
    os.write(terminal.device, LINE[4:])

    # What is written in two pieces may arrive in two.
    frames = port.receive(1.0)
    while len(frames) < 3 and (more := port.receive(1.0)):
        frames += more

    assert [frame.data for frame in frames] == [FRAME.data] * 3
    assert port.counters == TransportCounters(
        frames_received=3,
        rejected_lines=2,
        rejected_bytes=2 + len(b"t3A0nonsense\r"),
        received_bytes=2 + len(b"t3A0nonsense\r") + 3 * len(LINE),
        understood_bytes=3 * len(LINE),
    )
    port.close()


def test_the_replies_of_an_adapter_are_understood(terminal: Terminal) -> None:
    port = open_transport(f"slcan:{terminal.path}")
    os.write(terminal.device, b"\r\r\rz\r\x07V1013\r" + LINE + b"t3A")

    assert len(port.receive(1.0)) == 1
    counters = port.counters
    assert counters.rejected_bytes == 0
    assert counters.understood_bytes == counters.received_bytes - len(b"t3A")  # not yet
    port.close()


def test_a_port_that_is_gone_before_it_is_used_does_not_open(terminal: Terminal) -> None:
    path = terminal.path
    terminal.unplug()

    with pytest.raises(TransportError, match=rf"{path}"):
        open_transport(f"slcan:{path}")
