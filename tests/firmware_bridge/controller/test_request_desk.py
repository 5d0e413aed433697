from firmware_bridge.controller.request_desk import ANSWER_AFTER_S, DID_NOT_ANSWER, RequestDesk
from firmware_bridge.controller.vehicle import ALL_RIGHT, NO_ANSWER, NOT_ALL_RIGHT
from firmware_bridge.protocol.messages import DriverRequestMessage

QUESTION = DriverRequestMessage(kind=1, request_id=7, severity=1, valid_for_s=20.0, reason=33)


def shown_desk() -> RequestDesk:
    desk = RequestDesk()
    assert desk.take(QUESTION, 10.0)
    return desk


def answer_of(desk: RequestDesk) -> int:
    assert desk.shown is not None
    return desk.shown.answer


def test_a_request_is_shown_once_however_often_it_is_repeated() -> None:
    desk = shown_desk()

    assert [desk.take(QUESTION, time_s) for time_s in (10.02, 10.04, 11.04)] == [False] * 3
    assert desk.shown is not None
    assert (desk.shown.shown_s, desk.shown.until_s, desk.shown.is_open) == (10.0, 30.0, True)


def test_the_driver_answers_once() -> None:
    desk = shown_desk()

    assert desk.answer(NOT_ALL_RIGHT)
    assert not desk.answer(ALL_RIGHT)
    assert answer_of(desk) == NOT_ALL_RIGHT


def test_without_a_request_there_is_nothing_to_answer() -> None:
    desk = RequestDesk()

    assert not desk.answer(ALL_RIGHT)
    assert not desk.pass_time(1.0, ALL_RIGHT)
    assert not desk.take(DriverRequestMessage(), 1.0)
    assert not desk.take(DriverRequestMessage(kind=0, request_id=1), 1.0)
    assert desk.shown is None


def test_the_usual_answer_comes_after_a_moment() -> None:
    desk = shown_desk()

    assert not desk.pass_time(10.0 + ANSWER_AFTER_S - 0.01, ALL_RIGHT)
    assert desk.pass_time(10.0 + ANSWER_AFTER_S, ALL_RIGHT)
    assert answer_of(desk) == ALL_RIGHT
    assert not desk.pass_time(40.0, ALL_RIGHT)


def test_who_does_not_answer_in_time_did_not() -> None:
    desk = shown_desk()

    assert not desk.pass_time(29.9, NO_ANSWER)
    assert desk.pass_time(30.0, NO_ANSWER)
    assert answer_of(desk) == DID_NOT_ANSWER


def test_another_id_is_another_question() -> None:
    desk = shown_desk()
    desk.answer(ALL_RIGHT)

    assert desk.take(DriverRequestMessage(kind=1, request_id=8, valid_for_s=5.0), 12.0)
    assert answer_of(desk) == NO_ANSWER


def test_the_same_id_long_after_is_another_question_of_a_restarted_sender() -> None:
    desk = shown_desk()
    desk.answer(ALL_RIGHT)

    assert not desk.take(QUESTION, 12.9)
    assert desk.take(QUESTION, 12.9 + 3.0)
    assert answer_of(desk) == NO_ANSWER
