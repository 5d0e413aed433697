"""What is decided is what is said, with the codes of the DBC."""

from dataclasses import replace
from enum import IntEnum

import pytest

from edge_fer.driver_state.asking import Asking
from edge_fer.driver_state.measured import Measured
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision, first_decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import (
    DriverState,
    Reason,
    Request,
    RequestKind,
    RequestSeverity,
)
from edge_fer.emotions import Emotion
from edge_fer.face.tracking import TrackedFace
from edge_fer.health.meter import Health
from edge_fer.observation import CameraCondition, FaceBox, HeadPose
from edge_fer.pipeline import Step
from edge_fer.recording.flag import RecordingFlag
from edge_fer.stories.scene import AHEAD, BLINKING, CALM, START_S, Eyes, Scene, Story
from edge_fer.stories.scene import told as observations_of
from edge_fer.vehicle.outgoing import (
    FACE_DETECTED,
    FACE_NONE,
    FACE_TRACKED,
    FAULT_CAMERA_LOST,
    FAULT_NONE,
    MODEL_FALLBACK,
    MODEL_OK,
    QUALITY_FAIR,
    QUALITY_GOOD,
    QUALITY_POOR,
    Parts,
    report,
    report_standby,
)
from firmware_bridge.protocol.database import definition, value_code, value_name
from firmware_bridge.protocol.messages import (
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    decode,
    encode,
)
from firmware_bridge.reception.watching import message_as_json

HEALTH = Health(frames=10, dropped=0, fps=29.6, latency_ms=3.4, temperature_c=51.0)
PROBABILITIES = (0.02, 0.01, 0.02, 0.7, 0.05, 0.1, 0.1)


def happy_decision() -> Decision:
    return replace(
        first_decision(0.0),
        time_s=5.0,
        state=DriverState.ATTENTIVE,
        reason=Reason.ENOUGH_EVIDENCE,
        confidence=0.7,
        emotion=Emotion.HAPPY,
        probabilities=PROBABILITIES,
        event_sequence=1,
    )


def step(width: float = 120.0, detected: bool = False) -> Step:
    box = FaceBox(10.0, 10.0, width, width, 0.9)
    face = TrackedFace(box=box, detected=detected, age_s=0.1)
    return Step(happy_decision(), CameraCondition.GOOD, face, 5.0, 150)


@pytest.mark.parametrize(
    ("codes", "message", "signal"),
    [
        (DriverState, "DriverState", "State"),
        (Emotion, "DriverState", "Emotion"),
        (CameraCondition, "Health", "Camera"),
        (RequestKind, "DriverRequest", "Type"),
        (RequestSeverity, "DriverRequest", "Severity"),
        (RecordingFlag, "Health", "Recording"),
    ],
)
def test_the_device_and_the_wire_use_the_same_codes(
    codes: type[IntEnum], message: str, signal: str
) -> None:
    names = definition(message).signals[signal].names
    assert {code.value: code.name.lower().replace("_", " ") for code in codes}.items() <= {
        code: name.lower() for code, name in names.items()
    }.items()


def test_a_decision_is_told_as_it_is() -> None:
    told = report(step(), HEALTH, now_s=5.01)
    assert told.driver_state.state == DriverState.ATTENTIVE
    assert told.driver_state.emotion == Emotion.HAPPY
    assert told.driver_state.confidence_percent == pytest.approx(70)
    assert told.driver_state.face == FACE_TRACKED
    assert told.driver_state.quality == QUALITY_GOOD
    assert told.driver_state.drowsiness_percent is None
    assert told.source_time_s == 5.0
    assert told.emotions.probabilities_percent == pytest.approx([p * 100 for p in PROBABILITIES])
    assert told.health.fps == pytest.approx(29.6)
    assert told.request is None
    for message in (told.driver_state, told.emotions, told.health):
        assert len(encode(message)) == 8


@pytest.mark.parametrize("flag", list(RecordingFlag))
def test_that_it_records_is_told(flag: RecordingFlag) -> None:
    told = report(step(), HEALTH, 5.0, recording=flag).health
    assert value_name("Health", "Recording", told.recording) == flag.name.lower()
    # In the bits that were unused before: what stands in the others is as it was.
    without = encode(report(step(), HEALTH, 5.0).health)
    assert bytes(a ^ b for a, b in zip(encode(told), without, strict=True)) == bytes(
        [0] * 7 + [flag << 1]
    )
    assert without[7] & 0b0000_0110 == 0


def test_in_standby_nothing_is_recorded_or_shown() -> None:
    health = report_standby(HEALTH, 5.0).health
    assert health.recording == RecordingFlag.OFF
    assert value_name("Health", "Preview", health.preview) == "off"


@pytest.mark.parametrize(("watched", "name"), [(False, "off"), (True, "on")])
def test_that_somebody_watches_is_told(watched: bool, name: str) -> None:
    told = report(step(), HEALTH, 5.0, watched=watched).health
    assert value_name("Health", "Preview", told.preview) == name
    # In bits that were unused, and zero, before.
    without = encode(report(step(), HEALTH, 5.0).health)
    changed = bytes(a ^ b for a, b in zip(encode(told), without, strict=True))
    assert changed == bytes([0] * 7 + [watched << 3])
    assert without[7] & 0b0001_1000 == 0


def test_shares_of_closed_eyes_and_of_looks_away_are_told_in_percent() -> None:
    decision = replace(happy_decision(), drowsiness=0.17, distraction=0.3)
    told = report(replace(step(), decision=decision), HEALTH, 5.0).driver_state
    assert told.drowsiness_percent == pytest.approx(17)
    assert told.distraction_percent == pytest.approx(30)
    assert len(encode(told)) == 8


def test_a_detected_and_a_small_face_are_told_as_such() -> None:
    assert report(step(detected=True), HEALTH, 5.0).driver_state.face == FACE_DETECTED
    assert report(step(width=40), HEALTH, 5.0).driver_state.quality == QUALITY_FAIR


def test_without_a_face_nothing_is_claimed_of_it() -> None:
    empty = replace(
        step(),
        face=None,
        decision=replace(happy_decision(), confidence=None, emotion=None, probabilities=None),
    )
    told = report(empty, HEALTH, 5.0)
    assert told.driver_state.face == FACE_NONE
    assert told.driver_state.quality == QUALITY_POOR
    assert told.driver_state.emotion is None
    assert told.driver_state.confidence_percent is None
    assert set(told.emotions.probabilities_percent) == {None}


def test_a_lost_camera_is_told_with_its_fault_and_no_age() -> None:
    decision = replace(
        first_decision(0.0), state=DriverState.CAMERA_DEGRADED, reason=Reason.CAMERA_LOST
    )
    told = report(Step(decision, CameraCondition.LOST, None, None, None), HEALTH, 5.0)
    assert told.source_time_s is None
    assert told.driver_state.face is None
    assert told.driver_state.quality is None
    assert told.health.camera == CameraCondition.LOST
    assert told.health.fault == FAULT_CAMERA_LOST


@pytest.mark.parametrize("camera", [CameraCondition.LOST, CameraCondition.STARTING])
def test_a_camera_that_never_opened_is_another_fault_than_a_lost_one(
    camera: CameraCondition,
) -> None:
    decision = replace(first_decision(0.0), state=DriverState.CAMERA_DEGRADED)
    nothing = Step(decision, camera, None, None, None)
    told = report(nothing, HEALTH, 5.0, parts=Parts(camera_opened=False)).health
    assert value_name("Health", "Fault", told.fault) == "camera does not open"
    assert value_name("Health", "DegradedReason", told.degraded_reason) == "camera"
    waits = replace(nothing, decision=first_decision(0.0))
    assert report(waits, HEALTH, 5.0, parts=Parts(camera_opened=False)).health.fault == FAULT_NONE


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        (HEALTH, "none"),
        (replace(HEALTH, shed_for="heat", most_fps=15.0), "overheated"),
        (replace(HEALTH, shed_for="heat"), "overheated"),  # also where nothing is left out for it
        (replace(HEALTH, shed_for="supply", most_fps=15.0), "low frame rate"),
        (replace(HEALTH, shed_for="supply"), "none"),
        (replace(HEALTH, fps=11.0), "low frame rate"),
        (replace(HEALTH, fps=0.0), "none"),  # not yet measured
        (replace(HEALTH, fps=11.0, shed_for="heat"), "overheated"),
    ],
)
def test_what_degrades_the_device_is_told(health: Health, reason: str) -> None:
    told = report(step(), health, 100.0).health.degraded_reason
    assert told == value_code("Health", "DegradedReason", reason)


def test_a_stand_in_for_a_failed_model_is_told() -> None:
    assert report(step(), HEALTH, 5.0).health.model == MODEL_OK
    told = report(step(), HEALTH, 5.0, parts=Parts(model_is_fallback=True)).health
    assert told.model == MODEL_FALLBACK
    assert value_name("Health", "DegradedReason", told.degraded_reason) == "model"
    assert told.fault == FAULT_NONE


def test_a_failed_model_is_a_fault_and_a_failed_detector_degrades() -> None:
    parts = Parts(model_failed=True)
    for told in (
        report(step(), HEALTH, 5.0, parts=parts).health,
        report_standby(HEALTH, 5.0, parts).health,
    ):
        assert value_name("Health", "Model", told.model) == "failed"
        assert value_name("Health", "Fault", told.fault) == "model failed"
    hot = replace(HEALTH, shed_for="heat")
    both = replace(parts, detector_failed=True)
    for failed, reason in ((parts, "model"), (both, "face detector")):
        told = report(step(), hot, 5.0, parts=failed).health
        assert value_name("Health", "DegradedReason", told.degraded_reason) == reason


@pytest.mark.parametrize(
    ("parts", "said", "fault"),
    [
        (Parts(), "on", "none"),
        (Parts(emotions_off=True), "off", "none"),
        (Parts(model_failed=True), "not available", "model failed"),
        (Parts(model_failed=True, emotions_off=True), "off", "model failed"),
    ],
)
def test_emotions_that_are_switched_off_are_said_on_the_bus(
    parts: Parts, said: str, fault: str
) -> None:
    for told in (
        report(step(), HEALTH, 5.0, parts=parts).health,
        report_standby(HEALTH, 5.0, parts).health,
    ):
        assert value_name("Health", "EmotionInference", told.emotion_inference) == said
        assert value_name("Health", "Fault", told.fault) == fault


def test_missing_eyes_are_said_on_the_bus() -> None:
    told = report(step(), HEALTH, 5.0, parts=Parts(eyes_missing=True)).health
    assert value_name("Health", "DegradedReason", told.degraded_reason) == "model"
    assert told.model == MODEL_OK  # which is about the emotion network


def test_a_lost_camera_is_said_before_a_failed_model() -> None:
    decision = replace(first_decision(0.0), state=DriverState.CAMERA_DEGRADED)
    lost = Step(decision, CameraCondition.LOST, None, None, None)
    told = report(lost, HEALTH, 5.0, parts=Parts(model_failed=True, detector_failed=True)).health
    assert told.fault == FAULT_CAMERA_LOST
    assert value_name("Health", "DegradedReason", told.degraded_reason) == "camera"


def test_a_request_keeps_its_id_and_validity() -> None:
    request = Request(
        request_id=7,
        kind=RequestKind.ARE_YOU_ALL_RIGHT,
        severity=RequestSeverity.ADVICE,
        reason=Reason.LOW_CONFIDENCE,
        raised_s=4.0,
        valid_for_s=8,
    )
    asking = replace(
        step(), decision=replace(happy_decision(), asking=Asking(request, request.request_id))
    )
    told = report(asking, HEALTH, 5.0).request
    assert told is not None
    assert (told.request_id, told.valid_for_s, told.reason) == (7, 8.0, Reason.LOW_CONFIDENCE)


def test_in_standby_nothing_is_known_and_nothing_is_wrong() -> None:
    said = report_standby(HEALTH, 9.0)

    assert said.driver_state == DriverStateMessage()  # not available, all of it
    assert said.emotions == EmotionProbabilitiesMessage()
    assert (said.request, said.source_time_s, said.published_s) == (None, None, 9.0)
    health = message_as_json(said.health)
    assert (health["Camera"], health["Fault"]) == (None, "none")
    assert health["DegradedReason"] == "standby"
    assert (health["Model"], health["Temperature"], health["FrameRate"]) == ("ok", 51.0, 0.0)
    assert report_standby(HEALTH, 9.0, Parts(model_is_fallback=True)).health.model == MODEL_FALLBACK


def test_each_figure_of_the_evidence_is_in_the_status_as_well() -> None:
    figures = Measured(
        yaw_deg=-12.0,
        pitch_deg=4.0,
        lid_opening=0.9,
        gaze_yaw_deg=-20.0,
        gaze_pitch_deg=5.0,
        zone="mirror or side",
        blinks_per_minute=14.0,
        yawns=2,
        nods=1,
        eyes_unseen_s=1.0,
        head_unseen_s=0.0,
    )
    decision = replace(happy_decision(), measured=figures)
    told = report(replace(step(), decision=decision), HEALTH, 5.0).evidence
    shown = figures.to_json()
    on_the_bus = {
        "Yaw": (told.yaw_deg, shown["yaw_deg"]),
        "Pitch": (told.pitch_deg, shown["pitch_deg"]),
        "LidOpening": (told.lid_opening_percent, 100 * shown["lid_opening"]),
        "GazeYaw": (told.gaze_yaw_deg, shown["gaze_yaw_deg"]),
        "GazePitch": (told.gaze_pitch_deg, shown["gaze_pitch_deg"]),
        "BlinkRate": (told.blinks_per_minute, shown["blinks_per_minute"]),
        "Yawns": (told.yawns, shown["yawns"]),
        "EyesUnseen": (told.eyes_unseen_s, shown["eyes_unseen_s"]),
        "HeadUnseen": (told.head_unseen_s, shown["head_unseen_s"]),
    }
    signals = set(definition("DriverEvidence").signals) - {"Counter", "Crc", "CRC"}
    # The reason stands beside the figures in the status.
    assert {name for name in signals if "E2E" not in name} == {*on_the_bus, "StateReason"}
    assert told.reason is decision.reason
    for name, (bus, status) in on_the_bus.items():
        assert bus == status, name


MOST_UNSEEN_S = 14.0  # that the wire can say


@pytest.mark.parametrize(
    ("eyes", "head", "blind"),
    [(None, AHEAD, "EyesUnseen"), (BLINKING, None, "HeadUnseen"), (None, None, "both")],
)
def test_for_how_long_each_sense_has_been_blind_is_on_the_bus(
    eyes: Eyes | None, head: HeadPose | None, blind: str
) -> None:
    story = Story((Scene(5, CALM), Scene(20, CALM, eyes=eyes, head=head), Scene(3, CALM)), ())
    monitor = StateMonitor(story.settings, START_S)
    evidence = definition("DriverEvidence")
    for observation in observations_of(story, 10):
        decision = monitor.observe(observation)
        sent = report(replace(step(), decision=decision), HEALTH, 5.0).evidence
        said = message_as_json(decode(evidence.can_id, encode(sent)))
        since_s = observation.time_s - START_S - 4.9
        blind_s = min(since_s, MOST_UNSEEN_S) if 0.0 < since_s < 20.05 else 0.0
        for name in ("EyesUnseen", "HeadUnseen"):
            expected_s = blind_s if blind in (name, "both") else 0.0
            assert said[name] == pytest.approx(expected_s, abs=0.51)
        # Attention is claimed only from what was judged lately.
        if blind_s > story.settings.sense_unseen_after_s:
            assert decision.state is not DriverState.ATTENTIVE
    assert decision.state is DriverState.ATTENTIVE


def test_a_sense_that_never_judged_anything_is_not_available_on_the_bus() -> None:
    monitor = StateMonitor(PolicySettings(), START_S)
    for observation in observations_of(Story((Scene(6, CALM, eyes=None),), ()), 10):
        decision = monitor.observe(observation)
    sent = report(replace(step(), decision=decision), HEALTH, 5.0).evidence
    said = message_as_json(decode(definition("DriverEvidence").can_id, encode(sent)))
    assert (said["EyesUnseen"], said["HeadUnseen"]) == (None, 0)
    assert decision.state is DriverState.UNSEEN
