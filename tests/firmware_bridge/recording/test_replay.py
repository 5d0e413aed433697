"""A recording played at its own pace, with a clock that the test moves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError, EndOfStream
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, Message
from firmware_bridge.reception.watching import Line, Watch
from firmware_bridge.recording.candump import candump_line
from firmware_bridge.recording.replay import Replay, parse_speed, split_replay

MakeFrame = Callable[[Message, float], CanFrame]
WALL_S = 1_795_000_000.0


class Clock:
    """Seconds that pass only in `sleep`."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def write(path: Path, frames: list[CanFrame]) -> Path:
    path.write_text(
        "".join(candump_line(frame, WALL_S + frame.time_s, "can0") + "\n" for frame in frames)
    )
    return path


def tenths(count: int) -> list[CanFrame]:
    """Return frames a tenth of a second apart; their data is their number."""
    return [CanFrame(0x123, bytes([index]), index / 10) for index in range(count)]


def play(path: Path, speed: float | None) -> tuple[Replay, Clock]:
    clock = Clock()
    replay = Replay(f"replay:{path}", path, speed=speed, clock=clock, sleep=clock.sleep)
    replay.open(replay.uri)
    return replay, clock


def to_the_end(
    replay: Replay,
    take: Callable[[CanFrame], object] = lambda frame: None,
    between: Callable[[], object] = lambda: None,
) -> tuple[list[CanFrame], EndOfStream]:
    """Receive as the monitor does, with `between` each two times."""
    frames: list[CanFrame] = []
    while True:
        try:
            new = replay.receive(0.05)
        except EndOfStream as end:
            return frames, end
        for frame in new:
            take(frame)
        frames += new
        between()


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_frames_come_at_the_pace_of_the_recording(tmp_path: Path, speed: float) -> None:
    replay, clock = play(write(tmp_path / "drive.log", tenths(20)), speed)
    came: list[tuple[float, int]] = []
    began_s = clock()

    to_the_end(replay, lambda frame: came.append((clock() - began_s, frame.data[0])))

    assert [number for _, number in came] == list(range(20))
    for at_s, number in came:
        assert number / 10 - 1e-5 <= at_s * speed <= number / 10 + 0.05 * speed


@pytest.mark.parametrize("speed", [None, 0.5, 1.0, 50.0, 1000.0])
def test_at_any_speed_rates_and_overdue_messages_are_as_they_were(
    tmp_path: Path, make_frame: MakeFrame, speed: float | None
) -> None:
    gap_s = [0.0] * 40 + [2.0] * 20
    frames = [
        make_frame(DriverStateMessage(1), index / 10 + later_s)
        for index, later_s in enumerate(gap_s)
    ]
    replay, clock = play(write(tmp_path / "drive.log", frames), speed)
    watch = Watch(replay.now_s())
    told: list[float] = []

    def redraw_slowly() -> None:
        clock.sleep(0.03)
        told.append(replay.now_s())
        watch.check_overdue(told[-1])

    to_the_end(replay, watch.take, redraw_slowly)

    assert told == sorted(told)
    summary = watch.summary(replay.now_s(), Line("x"))
    assert (summary.good_frames, summary.overdue) == (60, 1)
    assert summary.states == ["attentive", "unknown", "attentive"]
    assert summary.seconds == pytest.approx(7.9, abs=0.001)
    assert watch.statistics(replay.now_s())[0].rate_hz == pytest.approx(10.0, abs=0.1)


def test_a_pause_stops_the_clock_of_the_recording(tmp_path: Path) -> None:
    replay, clock = play(write(tmp_path / "drive.log", tenths(20)), 1.0)
    while not any(frame.data == b"\5" for frame in replay.receive(0.05)):
        pass
    replay.pause(True)
    stopped_s = replay.now_s()
    for _ in range(100):
        assert replay.receive(0.05) == []
    assert replay.now_s() == stopped_s

    replay.pause(False)
    went_on_s = clock()
    came: list[CanFrame] = []
    while not came:
        came = replay.receive(0.05)

    assert came[0].data == b"\6"
    assert clock() - went_on_s == pytest.approx(0.1, abs=0.05)


def test_the_wall_time_is_that_of_the_recording(tmp_path: Path) -> None:
    replay, _ = play(write(tmp_path / "drive.log", tenths(3)), None)

    assert replay.wall_s(replay.receive(0.0)[-1].time_s) == pytest.approx(WALL_S + 0.2, abs=1e-5)


def test_a_clock_that_was_set_back_does_not_turn_time_round(tmp_path: Path) -> None:
    frames = [*tenths(5), CanFrame(0x123, b"x", -3600.0), CanFrame(0x123, b"y", -3599.9)]
    replay, _ = play(write(tmp_path / "drive.log", frames), None)

    times = [round(frame.time_s, 4) for frame in replay.receive(0.0)]

    assert times == [0.0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.5]


def test_a_file_that_ends_too_early_says_so_at_its_end(damaged_recording: Path) -> None:
    replay, _ = play(damaged_recording, None)

    frames, end = to_the_end(replay)

    assert 0 < len(frames) < 1000
    assert (end.damage or "").startswith(f"damaged behind frame {len(frames)}: ")


def test_a_whole_file_ends_without_damage(tmp_path: Path) -> None:
    replay, _ = play(write(tmp_path / "drive.log", tenths(1)), None)

    assert to_the_end(replay)[1].damage is None


def test_a_recording_takes_no_frames(tmp_path: Path) -> None:
    replay, _ = play(write(tmp_path / "drive.log", tenths(1)), None)
    with pytest.raises(ValueError, match="takes no frames"):
        replay.send(CanFrame(0x123, b"", 0.0))


def test_the_uri_of_a_replay() -> None:
    assert split_replay("replay:a/b.log") == (Path("a/b.log"), 1.0, None)
    assert split_replay("replay:b.log?speed=2.5") == (Path("b.log"), 2.5, None)
    assert split_replay("replay:b.log?channel=can1") == (Path("b.log"), 1.0, "can1")
    assert parse_speed(".5", "x") == 0.5
    for wrong, said in (
        ("replay:", "names no file"),
        ("replay:b.log?sped=2", "unknown option 'sped'"),
        ("replay:b.log?speed=0", r"speed '0' is not in 0.01..1000"),
        ("replay:b.log?speed=fast", "speed 'fast'"),
        ("replay:b.log?speed=nan", "speed 'nan'"),
        ("replay:b.log?speed=1e3", "speed '1e3'"),
        ("replay:b.log?speed=1001", "speed '1001'"),
        ("replay:b.log?speed=-1", "speed '-1'"),
    ):
        with pytest.raises(BridgeError, match=said):
            split_replay(wrong)
