"""The dialogue with an adapter, in virtual time."""

from collections.abc import Callable

import pytest

from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.protocol.slcan_adapter import (
    BITRATES,
    AdapterDialogue,
    AdapterSettings,
    AdapterUse,
    Replies,
)
from tests.firmware_bridge.transports.lawicel_adapter import LawicelAdapter

FRAME = CanFrame(0x3A0, bytes(8), 0.0)
TICK_S = 0.01
FRAME_EVERY_S = 0.05


class Bench:
    """An adapter and the dialogue with it; frames are sent all the time, as by the link."""

    def __init__(
        self,
        adapter: Callable[[bytes, float], bytes],
        settings: AdapterSettings | None = None,
        *,
        sends: bool = True,
    ) -> None:
        self._take = adapter
        self.now_s = 100.0
        self.dialogue = AdapterDialogue(settings or AdapterSettings(), self.now_s)
        self._parser = SlcanParser()
        self._sends = sends
        self._frame_s = self.now_s
        self.written: list[bytes] = []
        self.sent_s: list[float] = []
        self._inbox = b""

    def run(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            before = self._parser.counters
            self._parser.feed(self._inbox, self.now_s)
            self._inbox = b""
            after = self._parser.counters
            replies = Replies(
                after.taken - before.taken,
                after.refused - before.refused,
                after.statuses - before.statuses,
                after.status,
                after.rejected_lines - before.rejected_lines,
            )
            self._write(self.dialogue.advance(self.now_s, replies))
            if self._sends and self.now_s >= self._frame_s:
                self._frame_s += FRAME_EVERY_S
                if self.dialogue.may_send:
                    self.dialogue.sent()
                    self.sent_s.append(self.now_s)
                    self._write(encode_line(FRAME))
            self.now_s += TICK_S

    def say(self, data: bytes) -> None:
        self._inbox += data

    def _write(self, data: bytes) -> None:
        if data:
            self.written.append(data)
            self._inbox += self._take(data, self.now_s)

    def longest_pause_s(self) -> float:
        return max(b - a for a, b in zip(self.sent_s, self.sent_s[1:], strict=False))


def test_an_adapter_that_was_left_open_is_opened_anew_with_each_command_answered() -> None:
    adapter = LawicelAdapter(is_open=True, rate=b"S3", stamps=True)
    bench = Bench(adapter.take)
    bench.run(1.0)

    assert adapter.commands[:4] == [b"C", b"S6", b"Z0", b"O"]
    assert adapter.is_open
    assert not adapter.stamps
    assert bench.dialogue.openings == 1
    assert bench.dialogue.trouble is None
    assert len(adapter.on_bus) >= 15
    assert bench.dialogue.frames_refused == 0


@pytest.mark.parametrize(("bitrate", "command"), BITRATES.items())
def test_each_bit_rate_has_its_command(bitrate: int, command: bytes) -> None:
    adapter = LawicelAdapter()
    Bench(adapter.take, AdapterSettings(bitrate=bitrate)).run(0.5)

    assert adapter.rate + b"\r" == command


@pytest.mark.parametrize("boot_s", [0.3, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("sends", [True, False])
def test_an_adapter_that_boots_is_opened_within_a_second_of_it(boot_s: float, sends: bool) -> None:
    adapter = LawicelAdapter(boot_s=boot_s)
    adapter.reset(100.0)
    bench = Bench(adapter.take, sends=sends)
    bench.run(boot_s + 1.0)

    assert adapter.is_open
    assert bench.dialogue.openings == 1
    bench.run(2.0)
    assert bench.dialogue.openings == 1
    assert bench.dialogue.trouble is None


@pytest.mark.parametrize("use", [AdapterUse.AUTO, AdapterUse.YES])
@pytest.mark.parametrize("has_flags", [True, False])
@pytest.mark.parametrize("boot_s", [0.0, 2.0])
def test_an_adapter_that_was_reset_is_opened_again_within_a_second(
    use: AdapterUse, has_flags: bool, boot_s: float
) -> None:
    adapter = LawicelAdapter(boot_s=boot_s, has_flags=has_flags)
    bench = Bench(adapter.take, AdapterSettings(use=use))
    bench.run(3.0)
    for round_number in range(2, 5):
        adapter.reset(bench.now_s)
        bench.run(boot_s + 0.5)
        assert bench.dialogue.trouble is not None
        bench.run(0.5)
        assert adapter.is_open
        assert bench.dialogue.openings == round_number
        sent = len(adapter.on_bus)
        bench.run(5.0)
        assert bench.dialogue.openings == round_number
        assert bench.dialogue.trouble is None
        assert len(adapter.on_bus) >= sent + 90


def test_a_listener_notices_a_reset_by_the_status_flags() -> None:
    adapter = LawicelAdapter(boot_s=2.0)
    bench = Bench(adapter.take, AdapterSettings(listen_only=True), sends=False)
    bench.run(3.0)
    assert adapter.is_listening
    adapter.reset(bench.now_s)
    bench.run(6.0)

    assert adapter.is_open
    assert adapter.is_listening
    assert adapter.commands.count(b"O") == 0


def test_a_full_buffer_for_a_moment_is_no_reason_to_close_the_channel() -> None:
    adapter = LawicelAdapter()
    bench = Bench(adapter.take)
    bench.run(1.0)
    adapter.buffer_full = True
    bench.run(0.1)
    adapter.buffer_full = False
    bench.run(2.0)

    assert bench.dialogue.openings == 1
    assert bench.dialogue.frames_refused == 2


def test_a_bus_that_takes_nothing_is_reopened_less_and_less_often() -> None:
    adapter = LawicelAdapter(buffer_full=True)
    bench = Bench(adapter.take)
    bench.run(60.0)

    assert bench.dialogue.trouble == "the adapter refuses frames"
    assert 5 <= bench.dialogue.openings <= 16
    adapter.buffer_full = False
    bench.run(10.0)
    assert bench.dialogue.trouble is None


def test_error_flags_are_trouble() -> None:
    adapter = LawicelAdapter()
    bench = Bench(adapter.take)
    bench.run(2.0)
    adapter.flags = 0xA4
    bench.run(3.0)
    assert bench.dialogue.trouble == "CAN bus: error warning, error passive, bus error"
    adapter.flags = 0x01
    bench.run(3.0)
    assert bench.dialogue.trouble is None


def test_a_microcontroller_gets_frames_at_once_and_commands_for_a_while() -> None:
    bench = Bench(lambda data, now_s: b"")
    bench.run(20.0)

    assert bench.sent_s[0] <= 100.1
    assert bench.longest_pause_s() <= FRAME_EVERY_S + TICK_S
    assert bench.dialogue.trouble is None
    assert bench.dialogue.openings == 0
    commands = [data for data in bench.written if not data.startswith(b"t")]
    assert 5 <= len(commands) <= 20
    assert set(commands) == {b"C\r", b"C\rS6\rZ0\rO\r"}


def test_without_an_adapter_no_command_is_sent() -> None:
    bench = Bench(lambda data, now_s: b"", AdapterSettings(use=AdapterUse.NO))
    bench.run(5.0)

    assert {data[:1] for data in bench.written} == {b"t"}


def test_a_board_that_settles_gets_nothing_meanwhile() -> None:
    adapter = LawicelAdapter()
    bench = Bench(adapter.take, AdapterSettings(settle_s=1.5))
    bench.run(1.4)
    assert bench.written == []
    bench.run(0.6)
    assert adapter.is_open


def test_an_adapter_that_refuses_the_rate_or_to_listen_is_named() -> None:
    def refuses(command: bytes) -> Bench:
        adapter = LawicelAdapter(has_listen_only=False)

        def take(data: bytes, now_s: float) -> bytes:
            return b"\x07" if data.startswith(command) else adapter.take(data, now_s)

        bench = Bench(take, AdapterSettings(listen_only=True), sends=False)
        bench.run(3.0)
        return bench

    assert refuses(b"S").dialogue.trouble == (
        "the adapter refuses S6 (500000 bit/s); try ?bitrate="
    )
    assert refuses(b"x").dialogue.trouble == ("the adapter refuses L (listen-only); try ?listen=no")


def test_an_adapter_without_time_stamps_is_opened() -> None:
    adapter = LawicelAdapter(has_z=False, has_flags=False)
    bench = Bench(adapter.take)
    bench.run(3.0)

    assert bench.dialogue.openings == 1
    assert bench.dialogue.trouble is None
    assert bench.dialogue.frames_refused == 0


def test_noise_is_no_adapter_and_stops_no_frames() -> None:
    """A microcontroller on a line where every reply can be found, and much else."""
    bench = Bench(lambda data, now_s: b"")
    for index in range(600):
        bench.say(
            (b"\r\x07\xff\xfe\r", b"\x07\x07\x07", b"z\r\x00\x80\r\r", b"F00\r\xff\r")[index % 4]
        )
        bench.run(0.05)

    assert bench.longest_pause_s() <= 0.25
    bench.run(15.0)
    assert bench.dialogue.trouble is None
