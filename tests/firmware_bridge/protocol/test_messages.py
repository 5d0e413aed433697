import itertools
import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.protocol.database import definition, definitions
from firmware_bridge.protocol.messages import (
    MESSAGE_CLASSES,
    ControllerStatusMessage,
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    Message,
    PipelineFiguresMessage,
    decode,
    encode,
    state_name,
    wrapped_count,
)
from tests.firmware_bridge.wire_ids import id_of

EXAMPLES = [
    DriverStateMessage(10, 6, 2, 1, 87.2, 12.4, 0.0, 40, 254),
    EmotionProbabilitiesMessage((1, 2, 3, 4, 5, 6, 79), 2),
    HealthMessage(1, 0, 1, 4, -40, 30, 4, 0),
    DriverRequestMessage(1, 0, 2, 30, 9),
    PipelineFiguresMessage(1, 30, 28, 6, 10, 65_534),
    FaultCountersMessage(2, 1, 254, 126, 0, 5, 6),
    DriverEvidenceMessage(-34, -18, 95, -40, 5, 16, 2, 0, 14, 63),
    ControllerStatusMessage(1, 1, 7, 1, 2, 72.3, 5),
]


def payloads() -> st.SearchStrategy[bytes]:
    return st.binary(min_size=8, max_size=8)


def test_each_message_of_the_dbc_has_its_class() -> None:
    assert set(MESSAGE_CLASSES) == set(definitions())
    for name, message in MESSAGE_CLASSES.items():
        assert set(message.SIGNALS) == set(definition(name).signals)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.NAME)
def test_a_message_survives_the_wire(message: Message) -> None:
    assert decode(definition(message.NAME).can_id, encode(message)) == message


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.NAME)
def test_the_protection_is_left_to_its_layer(message: Message) -> None:
    data = encode(message)
    assert (data[0], data[1] & 0x0F) == (0, 0)


def test_the_example_of_the_design_reads_so() -> None:
    message = decode(id_of(DriverStateMessage), bytes.fromhex("b4d003af90140405"))

    assert message == DriverStateMessage(13, 3, 0, 0, 70.0, 57.6, 8.0, 40, 5)


@pytest.mark.parametrize("kind", MESSAGE_CLASSES.values(), ids=lambda kind: kind.NAME)
def test_all_bits_set_is_all_not_available(kind: type[Message]) -> None:
    known = definition(kind.NAME)
    message = decode(known.can_id, b"\xff" * 8)

    unknown = dict.fromkeys(kind.SIGNALS)
    if kind is DriverStateMessage:
        assert message == DriverStateMessage()
        assert state_name(DriverStateMessage().state) == "not available"
    else:
        assert message.signal_values() == unknown


@pytest.mark.parametrize("kind", MESSAGE_CLASSES.values(), ids=lambda kind: kind.NAME)
@given(data=payloads())
def test_any_payload_decodes_and_keeps_its_meaning(kind: type[Message], data: bytes) -> None:
    can_id = definition(kind.NAME).can_id
    message = decode(can_id, data)

    assert decode(can_id, encode(message)) == message


@given(
    percent=st.floats(allow_nan=True, allow_infinity=True),
    age_ms=st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_number_stops_the_encoding(percent: float, age_ms: float) -> None:
    message = DriverStateMessage(1, confidence_percent=percent, source_age_ms=age_ms)
    read = decode(id_of(DriverStateMessage), encode(message))

    assert isinstance(read, DriverStateMessage)
    if math.isnan(percent):
        assert read.confidence_percent is None
    else:
        assert read.confidence_percent is not None
        nearest = min(max(percent, 0.0), 100.0)
        assert abs(read.confidence_percent - nearest) <= 0.2 + 1e-9


def test_an_age_that_does_not_fit_is_said_as_that_or_more() -> None:
    read = decode(id_of(DriverStateMessage), encode(DriverStateMessage(1, source_age_ms=60_000)))

    assert isinstance(read, DriverStateMessage)
    assert read.source_age_ms == 2540


def test_a_wrong_code_fails_where_the_message_is_made() -> None:
    with pytest.raises(ValueError, match="State"):
        DriverStateMessage(16)
    with pytest.raises(ValueError, match="Id"):
        DriverRequestMessage(kind=1, request_id=256)


def test_there_are_seven_probabilities() -> None:
    with pytest.raises(ValueError, match="6 probabilities, not 7"):
        EmotionProbabilitiesMessage((0.0,) * 6)


@pytest.mark.parametrize(
    ("signal", "highest"), [("Restarts", 254), ("ConnectionsLost", 126), ("LinesRejected", 126)]
)
def test_a_count_goes_round_and_is_never_taken_for_not_available(signal: str, highest: int) -> None:
    shown = [wrapped_count("FaultCounters", signal, count) for count in range(3 * highest)]

    assert set(shown) == set(range(highest + 1))
    assert all(after == (before + 1) % (highest + 1) for before, after in itertools.pairwise(shown))


def test_what_happened_too_often_within_an_hour_is_said_as_that_or_more() -> None:
    read = decode(id_of(FaultCountersMessage), encode(FaultCountersMessage(stalls_per_hour=9_999)))

    assert isinstance(read, FaultCountersMessage)
    assert read.stalls_per_hour == 254


def test_unknown_ids_and_lengths_are_not_decoded() -> None:
    with pytest.raises(KeyError):
        decode(0x123, bytes(8))
    with pytest.raises(ValueError, match="not 8"):
        decode(id_of(DriverStateMessage), bytes(7))


@pytest.mark.parametrize("kind", MESSAGE_CLASSES.values(), ids=lambda kind: kind.NAME)
def test_every_field_has_a_default_that_says_nothing(kind: type[Message]) -> None:
    made = kind()

    assert all(
        value is None
        for name, value in made.signal_values().items()
        if name not in ("State", "ProtocolVersion")
    )
    assert len(fields(made)) >= 2
