"""What a killed daemon leaves for the next: numbers, for a moment, and of the same boot."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_fer import boot
from edge_fer.config.config import Config
from edge_fer.daemon.resume import RESUMED_WITHIN_S, Resume, ResumeFile
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.states import DriverState
from edge_fer.observation import (
    CameraCondition,
    EyeReading,
    EyesReading,
    FaceBox,
    HeadPose,
    Observation,
)
from edge_fer.stories.scene import ASKING, START_S, TORN, Scene, Story, told

LEFT = Resume(event_sequence=254, request_id=7, quiet_until_s=1812.346)


def driver_seen() -> Observation:
    eye = EyeReading(0.36, 0.05, 0.0, 0.1, 0.9, 40.0)
    return Observation(
        0.0,
        CameraCondition.GOOD,
        FaceBox(0, 0, 100, 100, 1.0),
        None,
        head=HeadPose(0, 0, 0),
        eyes=EyesReading(eye, eye),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "resume.json"


def test_the_next_process_finds_the_latest(path: Path) -> None:
    first = ResumeFile(path)
    assert first.read(0.0) is None
    first.write(Resume(1, 1), 10.0)
    first.write(LEFT, 12.3456)
    assert ResumeFile(path).read(13.0) == LEFT
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_for_a_moment(path: Path) -> None:
    ResumeFile(path).write(LEFT, 10.0)
    assert ResumeFile(path).read(10.0 + RESUMED_WITHIN_S) == LEFT
    assert ResumeFile(path).read(10.1 + RESUMED_WITHIN_S) is None
    assert ResumeFile(path).read(9.0) is None  # of a time to come


def test_each_process_that_follows_another_is_counted(path: Path) -> None:
    first = ResumeFile(path)
    assert first.restarts == 0
    assert ResumeFile(path).restarts == 0  # the first was not ready yet: it failed by itself
    first.write(LEFT, 10.0)
    for restarts in (1, 2, 3):
        assert ResumeFile(path).restarts == restarts
    last = ResumeFile(path)
    last.write(LEFT, 10_000.0)
    assert last.restarts == 4
    last.remove()
    assert ResumeFile(path).restarts == 0


def test_one_that_is_killed_before_it_saw_its_driver_is_counted_too(path: Path) -> None:
    ResumeFile(path).count()
    second = ResumeFile(path)
    assert second.restarts == 1
    assert second.read(0.0) is None
    second.count()
    third = ResumeFile(path)
    assert third.restarts == 2
    assert third.read(0.0) is None
    third.write(LEFT, 10.0)
    ResumeFile(path).count()
    assert ResumeFile(path).read(11.0) == LEFT


def test_not_over_a_reboot(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ResumeFile(path).write(LEFT, 10.0)
    other = tmp_path / "boot_id"
    other.write_text("another boot\n")
    monkeypatch.setattr(boot, "BOOT_ID", other)
    assert ResumeFile(path).read(11.0) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"boot": "x"}',
        '{"boot": 1, "time_s": 1, "event_sequence": [], "request_id": 0}',
    ],
)
def test_what_makes_no_sense_is_nothing(path: Path, text: str) -> None:
    path.write_text(text)
    assert ResumeFile(path).read(1.0) is None


@pytest.mark.parametrize(
    "wrong",
    [
        Resume(255, 0),
        Resume(-1, 0),
        Resume(0, 255),
        Resume(0, 0, -1.0),
        Resume(0, 0, 1e6),
        Resume(0, 0, float("nan")),
    ],
)
def test_numbers_that_do_not_exist_are_nothing(path: Path, wrong: Resume) -> None:
    ResumeFile(path).write(wrong, 1.0)
    assert ResumeFile(path).read(1.0) is None


def test_an_end_in_order_leaves_nothing(path: Path) -> None:
    file = ResumeFile(path)
    file.write(LEFT, 1.0)
    file.remove()
    file.remove()
    assert not path.exists()


def test_a_folder_that_cannot_be_is_no_reason_to_stop(tmp_path: Path) -> None:
    for nowhere in (None, tmp_path / "missing" / "resume.json"):
        file = ResumeFile(nowhere)
        file.write(LEFT, 1.0)
        assert file.read(1.0) is None
        file.remove()


def test_who_resumes_is_ready_sooner_but_has_to_see_for_itself() -> None:
    settings = replace(Config().driver_state.for_model(0.5), emotion_states=False)
    monitor = StateMonitor(settings, 0.0, resumed_at=(254, 7))
    assert monitor.decision.state is DriverState.NOT_READY
    assert monitor.decision.event_sequence == 0  # a change: whatever was said before is over
    assert monitor.decision.request_id == 7

    face = driver_seen()
    # As the daemon has it: nothing is seen before the camera is open.
    for n in range(10):
        monitor.observe(Observation(n / 30, CameraCondition.STARTING, None, None))
    states = [monitor.observe(replace(face, time_s=n / 30)).state for n in range(10, 40)]
    assert states[0] is DriverState.NOT_READY
    assert states.index(DriverState.ATTENTIVE) == pytest.approx(
        30 * settings.ready_again_after_s, abs=2
    )
    assert DriverState.UNSEEN not in states


def test_eyes_that_were_unseen_before_are_judged_for_the_whole_time() -> None:
    """Only who was lost is back so soon: a driver whose eyes were covered is not."""
    settings = replace(Config().driver_state.for_model(0.5), emotion_states=False)
    monitor = StateMonitor(settings, 0.0, resumed_at=(254, 7))
    seen = driver_seen()
    covered = replace(seen, head=None, eyes=None)
    for n in range(150):
        monitor.observe(replace(covered, time_s=n / 30))
    states = [monitor.observe(replace(seen, time_s=n / 30)).state for n in range(150, 200)]
    assert states.index(DriverState.ATTENTIVE) == pytest.approx(30 * settings.judged_after_s, abs=2)


def torn(begin_s: float, seconds: float) -> list[Observation]:
    """A face that shows joy and anger at once."""
    story = Story((Scene(seconds, TORN),), ())
    return [replace(each, time_s=each.time_s - START_S + begin_s) for each in told(story, 10)]


def test_whoever_was_asked_is_not_asked_again_by_the_next_process(path: Path) -> None:
    settings = replace(ASKING, question_every_s=60.0)
    killed = StateMonitor(settings, 1000.0)
    for observation in torn(1000.0, 20.0):
        killed.observe(observation)
    assert killed.decision.state is DriverState.UNCERTAIN
    asked_s = killed.decision.since_s
    assert killed.quiet_until_s == pytest.approx(asked_s + 60.0)
    decision = killed.decision
    left = Resume(decision.event_sequence, decision.request_id, killed.quiet_until_s)
    ResumeFile(path).write(left, 1020.0)
    found = ResumeFile(path).read(1021.0)
    assert found is not None
    numbers = (found.event_sequence, found.request_id)
    resumed = StateMonitor(settings, 1021.0, resumed_at=numbers, quiet_until_s=found.quiet_until_s)
    stranger = StateMonitor(settings, 1021.0, resumed_at=numbers)
    first_s: dict[str, float] = {}
    for observation in torn(1021.0, 70.0):
        for name, monitor in (("resumed", resumed), ("stranger", stranger)):
            if monitor.observe(observation).state is DriverState.UNCERTAIN:
                first_s.setdefault(name, observation.time_s)
    assert first_s["stranger"] < 1040.0
    assert first_s["resumed"] == pytest.approx(asked_s + 60.0, abs=0.15)


def test_one_write_replaces_all_of_the_one_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where each number is as long as it can be: nothing of it is left behind the next."""
    monkeypatch.setattr("edge_fer.daemon.resume.boot_id", lambda: "x" * 36)
    file = ResumeFile(path)
    file.restarts = 10**9
    file.write(Resume(254, 254, 123_456_789.123 + 14_400.0), 123_456_789.123)
    size = path.stat().st_size
    file.write(Resume(0, 0), 1.0)
    assert path.stat().st_size == size == 192
    assert ResumeFile(path).read(1.5) == Resume(0, 0)


def test_a_file_of_a_version_that_left_no_time_of_a_question_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_fer.daemon.resume.boot_id", lambda: "BOOT")
    numbers = '"time_s": 10, "restarts": 0, "event_sequence": 3, "request_id": 4'
    path.write_text('{"boot": "BOOT", ' + numbers + "}")
    assert ResumeFile(path).read(11.0) == Resume(3, 4)


@pytest.mark.parametrize(
    "values",
    [
        '"event_sequence": 1e999, "request_id": 1, "time_s": 10, "restarts": 0',
        '"event_sequence": 1, "request_id": -1e999, "time_s": 10, "restarts": 0',
        '"event_sequence": 1, "request_id": 1, "time_s": 1e999, "restarts": 0',
        '"event_sequence": 1, "request_id": 1, "time_s": NaN, "restarts": 0',
        '"event_sequence": 1, "request_id": 1, "time_s": 10, "restarts": 1e999',
        '"event_sequence": 1, "request_id": 1, "time_s": 10, "restarts": ' + "9" * 60,
        '"event_sequence": 1, "request_id": 1, "time_s": 10, "restarts": 0, "quiet_until_s": 1e999',
        '"event_sequence": 1, "request_id": 1, "time_s": 10, "restarts": 0, "quiet_until_s": "x"',
        '"event_sequence": [], "request_id": {}, "time_s": null, "restarts": true',
        "[" * 90,
    ],
)
def test_any_content_is_survived(path: Path, monkeypatch: pytest.MonkeyPatch, values: str) -> None:
    """The audit's: a number that is infinite had the daemon start again for ever."""
    monkeypatch.setattr("edge_fer.daemon.resume.boot_id", lambda: "BOOT")
    path.write_text('{"boot": "BOOT", ' + values + "}")
    found = ResumeFile(path)
    assert found.read(11.0) is None
    assert found.restarts in (0, 2)  # true is a one, and nothing worse
    found.write(LEFT, 12.0)
    assert ResumeFile(path).read(12.5) == LEFT
