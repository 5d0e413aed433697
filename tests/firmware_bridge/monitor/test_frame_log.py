from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.monitor.frame_log import (
    KEPT_FRAMES,
    SHOWN_FRAMES,
    ChangeFinder,
    FrameLog,
    LoggedFrame,
    last_rows,
)
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, HealthMessage, Message
from firmware_bridge.reception.frame_filter import FrameFilter, parse_filter
from firmware_bridge.reception.supervision import BusSupervisor

MakeFrame = Callable[[Message, float], CanFrame]


def log_of(frames: Iterable[CanFrame], text: str = "", *, changed_only: bool = False) -> FrameLog:
    log, supervisor = FrameLog(parse_filter(text), changed_only=changed_only), BusSupervisor()
    for frame in frames:
        log.take(supervisor.judge(frame))
    return log


def changes(frames: Iterable[CanFrame]) -> list[bool]:
    finder, supervisor = ChangeFinder(), BusSupervisor()
    return [finder.take(supervisor.judge(frame)).is_change for frame in frames]


def numbers(log: FrameLog) -> list[int]:
    return [logged.judged.frame.data[0] for logged in log.shown()]


def test_a_change_is_one_of_what_a_frame_says(make_frame: MakeFrame) -> None:
    frames = [
        make_frame(message, index / 10)
        for index, message in enumerate(
            (
                DriverStateMessage(1, source_age_ms=10),
                DriverStateMessage(1, source_age_ms=10),  # another counter and CRC
                DriverStateMessage(1, source_age_ms=40),  # an age is always new
                HealthMessage(),
                DriverStateMessage(11, source_age_ms=40),
                DriverStateMessage(11, source_age_ms=40),
                HealthMessage(),
            )
        )
    ]

    assert changes(frames) == [True, False, False, True, True, False, False]


def test_a_fault_and_its_end_are_changes(make_frame: MakeFrame) -> None:
    good = [make_frame(DriverStateMessage(1), index / 10) for index in range(3)]
    broken = replace(good[1], data=b"\0" + good[1].data[1:])

    assert changes([good[0], broken, good[1], good[1], good[2]]) == [True] * 5


def test_of_other_frames_every_byte_counts() -> None:
    data = (b"\1\2", b"\1\2", b"\1\3", b"\1\3\0", b"\1\3\0")
    frames = [CanFrame(0x123, each, index / 10) for index, each in enumerate(data)]

    assert changes(frames) == [True, False, True, True, False]


def test_the_bytes_that_differ_are_known(make_frame: MakeFrame) -> None:
    first, second = (make_frame(DriverStateMessage(1, face=face), 0.0) for face in (1, 2))
    (_, logged) = log_of([first, second]).shown()
    expected = {at for at in range(8) if first.data[at] != second.data[at]}

    assert logged.changed == expected
    assert 2 in expected
    (_, longer) = log_of([CanFrame(0x123, b"\1", 0.0), CanFrame(0x123, b"\1\2", 0.1)]).shown()
    assert longer.changed == {1}


def test_what_is_chosen_later_is_found_in_what_was_kept() -> None:
    frames = [CanFrame(0x100 + number % 2, bytes([number]), number / 10) for number in range(10)]
    log = log_of(frames)

    log.choose(parse_filter("101"), changed_only=False)
    assert numbers(log) == [1, 3, 5, 7, 9]
    log.choose(FrameFilter(), changed_only=False)
    assert numbers(log) == list(range(10))


def test_only_changes_are_shown_where_wanted() -> None:
    frames = [CanFrame(0x100, bytes([number // 3]), number / 10) for number in range(9)]

    log = log_of(frames, changed_only=True)
    assert numbers(log) == [0, 1, 2]
    log.choose(parse_filter("data=01"), changed_only=True)
    assert numbers(log) == [1]


def test_it_holds_no_more_than_it_says() -> None:
    # A rare frame early on outlives many others in what is shown.
    rare = CanFrame(0x111, b"\0", 0.0)
    others = [CanFrame(0x222, b"\0", index / 1000) for index in range(KEPT_FRAMES + 10)]
    log = log_of([rare, *others], "111")
    assert len(log.shown()) == 1

    log.choose(FrameFilter(), changed_only=False)
    assert len(log.shown()) == SHOWN_FRAMES
    assert log.shown()[-1].judged.frame is others[-1]


@pytest.mark.parametrize(
    ("rows", "back", "shown"),
    [
        (3, 0, [7, 8, 9]),
        (3, 2, [5, 6, 7]),
        (3, 7, [0, 1, 2]),
        (3, 99, [0, 1, 2]),  # not beyond the oldest
        (20, 0, list(range(10))),
        (20, 5, list(range(10))),
        (1, 0, [9]),
    ],
)
def test_the_rows_that_are_seen(rows: int, back: int, shown: list[int]) -> None:
    every = log_of(CanFrame(0x100, bytes([number]), 0.0) for number in range(10)).shown()

    assert [logged.judged.frame.data[0] for logged in last_rows(every, rows, back)] == shown


@given(count=st.integers(0, 30), rows=st.integers(1, 40), back=st.integers(0, 60))
def test_any_rows_are_a_piece_of_the_list(count: int, rows: int, back: int) -> None:
    every: tuple[LoggedFrame, ...] = log_of(CanFrame(0x1, b"", 0.0) for _ in range(count)).shown()
    assert len(last_rows(every, rows, back)) == min(rows, count)
