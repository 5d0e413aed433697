"""The DBC says what the design of the wire says."""

import itertools
import math
import time
from collections.abc import Iterator
from typing import Any

import cantools
import pytest

from firmware_bridge.controller.side import ControllerSide
from firmware_bridge.controller.vehicle import VehicleState
from firmware_bridge.errors import BridgeError
from firmware_bridge.link.link import Link
from firmware_bridge.link.schedule import Snapshot
from firmware_bridge.protocol.database import (
    definition,
    definitions,
    find_collisions,
    use_ids,
    value_code,
    value_name,
)
from firmware_bridge.protocol.frame import EXTENDED
from firmware_bridge.protocol.ids import BASE_ID, dbc_text, ids_at, ids_in
from firmware_bridge.protocol.messages import DriverStateMessage
from firmware_bridge.transports import open_transport

# name, id, cycle in s, and the signals with their widths, in the order of the bits
LAYOUT = {
    "DriverState": (
        0x3A0,
        0.1,
        [
            ("State", 4),
            ("Emotion", 4),
            ("Face", 2),
            ("DriverStateQuality", 2),
            ("Confidence", 8),
            ("Drowsiness", 8),
            ("Distraction", 8),
            ("SourceAge", 8),
            ("EventSequence", 8),
        ],
    ),
    "EmotionProbabilities": (
        0x3A1,
        0.2,
        [
            *[
                (name, 7)
                for name in ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
            ],
            ("EmotionProbabilitiesQuality", 3),
        ],
    ),
    "Health": (
        0x3A2,
        0.5,
        [
            ("ProtocolVersion", 4),
            ("Camera", 3),
            ("Model", 2),
            ("DegradedReason", 4),
            ("Temperature", 8),
            ("FrameRate", 8),
            ("Latency", 8),
            ("Fault", 8),
            ("Recording", 2),
            ("Preview", 2),
            ("EmotionInference", 2),
        ],
    ),
    "DriverRequest": (
        0x3A3,
        1.0,
        [("Type", 4), ("Id", 8), ("Severity", 3), ("ValidFor", 8), ("Reason", 8)],
    ),
    "PipelineFigures": (
        0x3A4,
        1.0,
        [
            ("Throttling", 4),
            ("CameraRate", 8),
            ("FaceRate", 8),
            ("DetectionRate", 8),
            ("EmotionRate", 8),
            ("FramesDropped", 16),
        ],
    ),
    "FaultCounters": (
        0x3A5,
        1.0,
        [
            ("Stalls", 8),
            ("CameraRestarts", 8),
            ("Restarts", 8),
            ("ConnectionsLost", 7),
            ("LinkFramesDropped", 7),
            ("ControllerRejected", 7),
            ("LinesRejected", 7),
        ],
    ),
    "DriverEvidence": (
        0x3A6,
        0.1,
        [
            ("Yaw", 7),
            ("Pitch", 6),
            ("LidOpening", 5),
            ("GazeYaw", 5),
            ("GazePitch", 5),
            ("BlinkRate", 5),
            ("Yawns", 3),
            ("EyesUnseen", 4),
            ("HeadUnseen", 4),
            ("StateReason", 8),
        ],
    ),
    "LinkTiming": (0x3A7, 0.1, [("SendTime", 32), ("FramesSkipped", 8)]),
    "ControllerStatus": (
        0x3B0,
        0.1,
        [
            ("Enable", 2),
            ("Ignition", 2),
            ("AcknowledgedId", 8),
            ("Answer", 3),
            ("E2eState", 3),
            ("Speed", 12),
            ("ConfigVersion", 8),
        ],
    ),
}
DATA_IDS = bytes.fromhex("009f059a71ee74eb65fa60ff148b118e")
DATA_ID_BASES = {
    "DriverState": 0x3A,
    "EmotionProbabilities": 0x5C,
    "Health": 0x66,
    "DriverRequest": 0x99,
    "PipelineFigures": 0xA5,
    "FaultCounters": 0xFF,
    "DriverEvidence": 0xF0,
    "LinkTiming": 0x17,
    "ControllerStatus": 0xC3,
}


def test_there_are_these_messages_and_no_others() -> None:
    assert list(definitions()) == list(LAYOUT)


@pytest.mark.parametrize("name", list(LAYOUT))
def test_a_message_has_its_id_cycle_and_signals_packed_from_bit_12(name: str) -> None:
    can_id, cycle_s, signals = LAYOUT[name]
    known = definition(name)

    assert (known.can_id, known.cycle_s, known.length) == (can_id, cycle_s, 8)
    assert list(known.signals) == [signal for signal, _ in signals]
    start = 12
    for signal, width in signals:
        # All bits of this signal set and the others not available or zero: read back by hand.
        raw = known.codec.encode(
            {other.name: 0 for other in known.codec.signals} | {signal: (1 << width) - 1},
            scaling=False,
        )
        assert int.from_bytes(raw, "little") == ((1 << width) - 1) << start
        start += width


@pytest.mark.parametrize("name", list(LAYOUT))
def test_the_highest_raw_value_is_named_not_available(name: str) -> None:
    for signal in definition(name).signals.values():
        assert signal.names[signal.not_available_raw] == "not available"
        assert signal.from_raw(signal.not_available_raw) is None


@pytest.mark.parametrize("name", list(LAYOUT))
def test_the_data_id_list_is_the_common_one_xor_the_base(name: str) -> None:
    base = DATA_ID_BASES[name]
    assert definition(name).data_ids == bytes(entry ^ base for entry in DATA_IDS)


def test_no_frame_of_one_message_passes_for_another() -> None:
    """At each counter all Data IDs differ, by half of their bits or more."""
    lists = [known.data_ids for known in definitions().values()]
    for one, other in itertools.combinations(lists, 2):
        distances = {(a ^ b).bit_count() for a, b in zip(one, other, strict=True)}
        assert distances in ({4}, {6}, {8})


def test_senders_and_on_change_rules_are_in_the_dbc() -> None:
    assert {known.sender for known in definitions().values()} == {"EdgeFer", "VehicleController"}
    assert definition("ControllerStatus").sender == "VehicleController"
    assert definition("DriverState").min_gap_s == 0.02
    request = definition("DriverRequest")
    assert (request.repetitions, request.fast_cycle_s, request.is_cyclic) == (5, 0.02, False)


@pytest.mark.parametrize(
    ("message", "signal", "scale", "offset"),
    [
        ("DriverState", "Confidence", 0.4, 0.0),
        ("DriverState", "SourceAge", 10.0, 0.0),
        ("EmotionProbabilities", "Happy", 1.0, 0.0),
        ("Health", "Temperature", 1.0, -40.0),
        ("FaultCounters", "Stalls", 1.0, 0.0),
        ("DriverEvidence", "Yaw", 2.0, -126.0),
        ("DriverEvidence", "GazePitch", 5.0, -75.0),
        ("ControllerStatus", "Speed", 0.1, 0.0),
    ],
)
def test_quantities_have_these_scales(
    message: str, signal: str, scale: float, offset: float
) -> None:
    known = definition(message).signals[signal]
    assert (known.scale, known.offset) == (scale, offset)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (0.0, 0),
        (0.4, 1),
        (100.0, 250),
        (100.4, 250),
        (-3.0, 0),
        (math.inf, 250),
        (-math.inf, 0),
        (math.nan, 255),
        (None, 255),
    ],
)
def test_a_quantity_saturates_at_the_ends_of_its_range(value: float | None, raw: int) -> None:
    assert definition("DriverState").signals["Confidence"].to_raw(value) == raw


@pytest.mark.parametrize("raw", [251, 254])
def test_bits_beyond_the_range_of_a_quantity_say_nothing(raw: int) -> None:
    assert definition("DriverState").signals["Confidence"].from_raw(raw) is None


@pytest.mark.parametrize("value", [-1, 16, 1.5])
def test_a_code_that_does_not_fit_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match=r"State: .* is not in 0\.\.15"):
        definition("DriverState").signals["State"].to_raw(value)


def test_names_and_codes() -> None:
    assert value_name("DriverState", "State", 12) == "camera degraded"
    assert value_name("DriverState", "State", 14) == "code 14"
    assert value_name("DriverState", "Emotion", None) == "not available"
    assert value_code("Health", "Fault", "vision stalled") == 4
    with pytest.raises(KeyError, match="no value 'flat tyre'"):
        value_code("Health", "Fault", "flat tyre")


def test_a_payload_of_another_length_is_not_decoded() -> None:
    with pytest.raises(ValueError, match="7 bytes, not 8"):
        definition("Health").decode(bytes(7))


@pytest.fixture
def moved() -> Iterator[None]:
    yield
    use_ids(ids_at(BASE_ID))


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize(
    ("base_id", "state", "status"),
    [
        (0x6E0, 0x6E0, 0x6F0),
        (0x7EF, 0x7EF, 0x7FF),
        (0x7F0, 0x800007F0, 0x80000800),
        (0x18FF1000, 0x98FF1000, 0x98FF1010),
    ],
)
def test_all_messages_move_with_the_base_id(base_id: int, state: int, status: int) -> None:
    ids = {name: known.data_ids for name, known in definitions().items()}
    use_ids(ids_at(base_id))

    assert definition("DriverState").can_id == state
    assert definition("ControllerStatus").can_id == status
    assert {name: known.data_ids for name, known in definitions().items()} == ids
    # The exported DBC says the same, and is read alike by others.
    exported: Any = cantools.database.load_string(dbc_text(ids_at(base_id)), database_format="dbc")
    assert {
        message.name: message.frame_id | (EXTENDED if message.is_extended_frame else 0)
        for message in exported.messages
    } == {name: known.can_id for name, known in definitions().items()}
    for message in exported.messages:
        original = definition(message.name).codec
        assert message.cycle_time == original.cycle_time
        assert message.comment == original.comment
        assert [(s.name, s.start, s.length, s.comment, s.choices) for s in message.signals] == [
            (s.name, s.start, s.length, s.comment, s.choices) for s in original.signals
        ]


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize("base_id", [0x6E0, 0x18FF1000])
def test_a_link_and_a_controller_meet_at_another_base_id(base_id: int) -> None:
    use_ids(ids_at(base_id))
    uri = f"virtual:base{base_id}"
    link = Link(uri)
    link.open()
    link.start()
    port = open_transport(uri)
    side = ControllerSide(VehicleState(speed_km_h=50.0), time.monotonic())
    end_s = time.monotonic() + 3.0
    while time.monotonic() < end_s and link.controller is None:
        link.publish(Snapshot(time.monotonic(), DriverStateMessage(1)))
        for frame in port.receive(0.02):
            side.take(frame)
        if (answer := side.take_due(time.monotonic())) is not None:
            port.send(answer)
    assert link.controller is not None
    assert link.controller.speed_km_h == 50.0
    assert side.watch.latest(DriverStateMessage) is not None
    assert link.stop()
    port.close()


@pytest.mark.parametrize("base_id", [-1, 0x1FFFFFF0])
def test_what_is_no_base_id_is_refused(base_id: int) -> None:
    with pytest.raises(BridgeError, match=r"is not in 0\.\.0x1fffffef"):
        use_ids(ids_at(base_id))


OWN_IDS = {name: 0x100 + 0x11 * index for index, name in enumerate(LAYOUT)}
OTHERS = """
BO_ 1280 Brake: 8 Vehicle
 SG_ Pedal : 0|8@1+ (1,0) [0|255] "" Vehicle
"""


def own_dbc() -> str:
    """Return a vehicle's DBC that has our messages, in another order and beside others."""
    return dbc_text({**OWN_IDS, "Health": EXTENDED | 0x18FF1000}) + OTHERS


@pytest.mark.usefixtures("moved")
def test_a_dbc_of_ones_own_moves_each_message() -> None:
    lists = {name: known.data_ids for name, known in definitions().items()}
    expected = {**OWN_IDS, "Health": EXTENDED | 0x18FF1000}

    use_ids(ids_in(own_dbc(), "car.dbc"))

    assert {name: known.can_id for name, known in definitions().items()} == expected
    assert {name: known.data_ids for name, known in definitions().items()} == lists


@pytest.mark.parametrize(
    ("change", "to", "reason"),
    [
        ("BO_ 256 DriverState:", "BO_ 256 Driver:", "DriverState is missing"),
        ("DriverState: 8 ", "DriverState: 7 ", r"cannot be read|DriverState has 7 bytes, not 8"),
        (
            "SG_ BlinkRate ",
            "SG_ Blinks ",
            "cannot be read: .*BlinkRate|DriverEvidence has no signal",
        ),
        (
            "SG_ Confidence : 24|8",
            "SG_ Confidence : 32|8",
            "DriverState has another Confidence: start bit 32, not 24",
        ),
        ("(0.4,0)", "(0.5,0)", "DriverState has another Confidence: factor 0.5, not 0.4"),
        (
            "BO_ 256 DriverState: 8 EdgeFer\n",
            'BO_ 256 DriverState: 8 EdgeFer\n SG_ Own : 0|1@1+ (1,0) [0|1] "" Vehicle\n',
            "DriverState has a signal of its own, Own",
        ),
        ("BO_ 1280 ", "BO_ 273 ", "EmotionProbabilities and Brake both have the id 111"),
        ('VERSION "1"', 'VERSION "', "cannot be read: "),
    ],
)
def test_a_dbc_with_other_messages_is_refused_in_one_line(
    change: str, to: str, reason: str
) -> None:
    text = own_dbc()
    assert change in text

    with pytest.raises(BridgeError, match=rf"^dbc: car\.dbc:? ({reason})") as caught:
        ids_in(text.replace(change, to, 1), "car.dbc")
    assert "\n" not in str(caught.value)


def test_collisions_with_a_vehicle_are_named() -> None:
    other = 'VERSION ""\nBU_: A\nBO_ 930 Brake: 8 A\n SG_ X : 0|8@1+ (1,0) [0|0] "" A\n'

    assert find_collisions(other, ids_at(BASE_ID), "car.dbc") == ["3A2 Health: Brake in car.dbc"]
    assert find_collisions(other, ids_at(0x6E0), "car.dbc") == []
    with pytest.raises(BridgeError, match=r"dbc: car\.dbc cannot be read: "):
        find_collisions("BO_ nonsense", ids_at(BASE_ID), "car.dbc")


def test_each_signal_has_a_name_of_its_own_and_a_comment() -> None:
    """One name with two layouts confuses who reads signals without their messages."""
    signals = [signal for known in definitions().values() for signal in known.codec.signals]
    names = [signal.name for signal in signals]

    assert len(set(names)) == len(names)
    assert [signal.name for signal in signals if not signal.comment] == []


def test_a_rest_bus_simulation_can_start_with_the_start_values() -> None:
    """Not available, but for the vehicle's enable: with "off" nothing would be seen."""
    raw = {
        signal.name: signal.raw_initial or 0
        for signal in definition("ControllerStatus").codec.signals
    }

    assert raw["Enable"] == 1
    assert raw["Ignition"] == 3
    status = definition("ControllerStatus").decode(
        definition("ControllerStatus").codec.encode(raw, scaling=False)
    )
    assert status["Speed"] is None
    state = definition("DriverState").codec
    start = {signal.name: signal.raw_initial or 0 for signal in state.signals}
    assert definition("DriverState").decode(state.encode(start, scaling=False))["State"] is None
