"""What the daemon says of itself: over its socket, to Prometheus, and as fields of the journal."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from edge_fer import paths
from edge_fer.cli.app import app, main
from edge_fer.daemon import status_server
from edge_fer.daemon.render_status import duration, status_as_text
from edge_fer.daemon.status import Status, StatusAnswer, as_journal_fields, as_prometheus
from edge_fer.daemon.status_server import StatusServer, ask
from edge_fer.driver_state.measured import Measured
from edge_fer.errors import DaemonError, DaemonReason, UserError
from edge_fer.health.meter import Health
from edge_fer.paths import own_status_socket, status_sockets
from edge_fer.recording.flag import RecordingStatus
from firmware_bridge.link.link import LinkCounters

PATIENCE_S = 30.0  # a bound against hanging
STATUS = Status(
    version="0.1.0",
    pid=4711,
    uptime_s=3700.0,
    state="attentive",
    reason="enough evidence",
    camera="v4l2:/dev/video0",
    model="/models/edge.tflite",
    model_is_fallback=False,
    link="slcan:/dev/ttyUSB0",
    health=Health(
        900,
        3,
        29.97,
        None,
        61.2,
        camera_fps=30.2,
        throttled=("undervoltage",),
        stalls_last_hour=2,
        limit_c=80.0,
        shed_for="supply",
        most_fps=15.0,
        detection_fps=2.0,
    ),
    counters=LinkCounters(True, 1, 500, 0, 0, 40, 0, 0, 0),
    link_fps=17.2,
    restarts=3,
)


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline_s = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    return value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "status.socket"


@pytest.fixture
def server(path: Path) -> Iterator[StatusServer]:
    made = StatusServer(path, None)
    yield made
    made.stop()
    assert not path.exists()


def test_the_latest_status_is_told_with_its_age(path: Path, server: StatusServer) -> None:
    assert ask(path) is None
    server.publish(STATUS, time.monotonic() - 5.0)
    answer = ask(path)
    assert answer is not None
    assert 5.0 <= answer.age_s < PATIENCE_S
    assert answer.status == STATUS


def test_it_can_be_followed_over_a_stall_and_a_restart_of_the_daemon(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = StatusServer(path, None)
    server.publish(STATUS, time.monotonic())
    steps = iter(["stall", "gone", "back", "end"])

    def between(_: float) -> None:
        nonlocal server
        match next(steps):
            case "stall":
                server.publish(replace(STATUS, state="drowsy"), time.monotonic() - 60.0)
            case "gone":
                server.stop()
            case "back":
                server = StatusServer(path, None)
                server.publish(replace(STATUS, state="asleep"), time.monotonic())
            case "end":
                raise KeyboardInterrupt

    monkeypatch.setattr("edge_fer.cli.health.time.sleep", between)
    try:
        with pytest.raises(SystemExit) as ended:
            main(["status", "--watch", "--json", "--socket", str(path)])
    finally:
        monkeypatch.undo()
        server.stop()
    shown = capsys.readouterr()

    assert ended.value.code == 130
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert [line["state"] for line in lines] == [STATUS.state, "drowsy", "asleep"]
    assert 60 <= stalled_s(shown.err) < 60 + PATIENCE_S
    assert "no daemon runs here" in shown.err


def test_who_follows_where_no_daemon_runs_is_told(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["status", "--watch", "--socket", str(path)])
    assert ended.value.code == 2
    assert "start it first" in capsys.readouterr().err


def test_only_user_and_group_may_ask(path: Path, server: StatusServer) -> None:
    assert path.stat().st_mode & 0o777 == 0o660


def test_a_client_that_does_not_read_holds_nobody_up(path: Path, server: StatusServer) -> None:
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(path))
        server.publish(STATUS, time.monotonic())
        answer = ask(path)
        assert answer is not None
        assert answer.status.pid == 4711


def test_a_socket_left_behind_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    server = StatusServer(path, None)
    assert ask(path) is None
    server.stop()


def test_a_socket_left_behind_is_no_daemon_and_hides_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, runs = tmp_path / "left", tmp_path / "runs"
    for folder in (left, runs):
        folder.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(left))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(paths, "RUN_USER", tmp_path / "none")
    monkeypatch.setattr(paths, "SERVICE_RUNTIME", runs)
    for name in ("status.socket", "frames.socket", "pictures.socket"):
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(left / name))
    with pytest.raises(DaemonError, match="no daemon runs here") as raised:
        ask()
    assert raised.value.reason is DaemonReason.NOT_RUNNING
    with pytest.raises(DaemonError, match=f"nobody listens at {left}") as raised:
        ask(left / "status.socket")
    assert raised.value.reason is DaemonReason.NOT_RUNNING
    server = StatusServer(runs / "status.socket", None)
    try:
        assert ask() is None  # it is starting
        assert paths.frames_socket().parent != left
        assert left / "pictures.socket" not in paths.pictures_sockets()
    finally:
        server.stop()


def test_a_second_daemon_leaves_the_first_its_socket(path: Path, server: StatusServer) -> None:
    second = StatusServer(path, None)
    second.stop()
    assert ask(path) is None


def test_a_folder_that_cannot_be_is_no_reason_to_stop(tmp_path: Path) -> None:
    server = StatusServer(tmp_path / "missing" / "folder" / "status.socket", None)
    server.publish(STATUS, time.monotonic())
    server.stop()


def test_nobody_there_is_said_with_the_place(path: Path) -> None:
    with pytest.raises(UserError, match=f"no daemon runs here .*{path}"):
        ask(path)


def test_an_answer_of_somebody_else_is_refused(path: Path) -> None:
    path.parent.joinpath("file").touch()
    with pytest.raises(UserError, match="does not answer"):
        ask(path.parent / "file")


def test_the_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    service = Path("/run/edge-fer/status.socket")
    monkeypatch.setattr(paths, "RUN_USER", tmp_path)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    user = os.getuid()
    temporary = tmp_path / f"edge-fer-{user}" / "status.socket"
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/edge-fer")
    assert own_status_socket() == Path("/run/edge-fer/status.socket")
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert own_status_socket() == Path("/run/user/1000/edge-fer/status.socket")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert own_status_socket() == temporary
    assert status_sockets() == (temporary, service)
    (tmp_path / str(user)).mkdir()
    of_user = tmp_path / str(user) / "edge-fer" / "status.socket"
    assert status_sockets() == (of_user, temporary, service)


def test_a_folder_of_another_user_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.symlink_to(tmp_path)  # as good as a folder of theirs: this user did not make it
    monkeypatch.setattr(paths, "_user_sockets", lambda: (theirs / "status.socket",))
    monkeypatch.setattr(paths, "SERVICE_RUNTIME", tmp_path / "none")
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert paths.pictures_sockets() == (tmp_path / "none" / "pictures.socket",)
    assert paths.frames_socket() == tmp_path / "none" / "frames.socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "status.socket"))
        listener.listen(1)
        with pytest.raises(UserError, match="no daemon runs here"):
            ask()


@pytest.mark.parametrize(
    "wrong",
    [10**400, -(10**400), 1e308, float("inf"), float("nan"), True, None, "\x1b[2J", [], {}, [[]]],
    ids=lambda value: repr(value)[:10],
)
def test_whatever_an_answer_says_it_is_a_status_or_none(wrong: object) -> None:
    good = StatusAnswer(STATUS, 1.0).to_json()
    for inner in (good, good["health"], good["counters"], good["measured"], good["vehicle"]):
        for key in inner:
            kept, inner[key] = inner[key], wrong
            with suppress(DaemonError):
                answer = StatusAnswer.from_json(json.loads(json.dumps(good)))
                assert status_as_text(answer.status)
            inner[key] = kept


def test_what_a_daemon_says_is_not_done_by_the_terminal(path: Path, server: StatusServer) -> None:
    server.publish(replace(STATUS, reason="\x1b]0;owned\x07\nfps 99"), time.monotonic())
    told = CliRunner().invoke(app, ["status", "--socket", str(path)])
    assert told.exit_code == 0
    assert "\x1b" not in told.output
    assert r"\x1b]0;owned" in told.output


RECORDING = RecordingStatus(
    flag="on",
    folder="/clips",
    encrypted=True,
    clips=3,
    size=21_000_000,
    kept=1,
    lost=0,
    frames_dropped=4,
    restarts=0,
    error=None,
    forward_error=None,
)


class TestRecording:
    @pytest.mark.parametrize(
        ("recording", "text"),
        [
            (None, "off"),
            (RECORDING, "ON: 3 clips, 21 MB in /clips, encrypted"),
            (replace(RECORDING, flag="event"), "ON, an event is being kept: 3 clips"),
            (replace(RECORDING, flag="off"), "standby: 3 clips"),
            (replace(RECORDING, flag="off", error="no key"), "off: 3 clips"),
            (replace(RECORDING, lost=2, error="/clips: full"), "; lost 2; /clips: full"),
            (replace(RECORDING, forward_error="camera v4l2:x: gone"), "; camera v4l2:x: gone"),
        ],
    )
    def test_it_is_said_that_it_is_on_and_what_is_wrong(
        self, recording: RecordingStatus | None, text: str
    ) -> None:
        said = status_as_text(replace(STATUS, recording=recording))
        (line,) = (line for line in said.splitlines() if line.startswith("recording "))
        assert text in line

    def test_its_figures_are_there_only_where_it_is_on(self) -> None:
        assert "recording" not in as_prometheus(STATUS)
        lines = as_prometheus(replace(STATUS, recording=RECORDING)).splitlines()
        assert "edge_fer_recording_clips 3" in lines
        assert "edge_fer_recording_clips_kept_total 1" in lines


class TestPrometheus:
    def test_each_number_has_a_type_and_what_is_unknown_is_left_out(self) -> None:
        lines = as_prometheus(STATUS).splitlines()
        assert lines[-1] == 'edge_fer_driver_state{state="attentive"} 1'
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        assert values["edge_fer_frames_total"] == "900"
        assert values["edge_fer_temperature_celsius"] == "61.2"
        assert values["edge_fer_detections_per_second"] == "2"
        assert values["edge_fer_link_frames_per_second"] == "17.2"
        assert values["edge_fer_restarts_total"] == "3"
        assert values["edge_fer_frames_per_second_limit"] == "15"
        assert values["edge_fer_link_connected"] == "1"
        assert values["edge_fer_throttled"] == "1"
        assert "edge_fer_latency_seconds" not in values
        types = {line.split()[2] for line in lines if line.startswith("# TYPE")}
        assert types == {name.partition("{")[0] for name in values}

    def test_the_file_is_renewed_and_taken_away(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(status_server, "FILE_EVERY_S", 0.01)
        file = tmp_path / "edge-fer.prom"
        server = StatusServer(None, file)
        server.publish(STATUS, time.monotonic())
        wait_for(file.exists)
        assert file.read_text() == as_prometheus(STATUS)
        assert file.stat().st_mode & 0o777 == 0o640
        server.stop()
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_cannot_be_written_is_said_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(status_server, "FILE_EVERY_S", 0.01)
        monkeypatch.setattr(status_server, "ANSWER_S", 0.01)
        tries: list[Path] = []
        write = StatusServer._write

        def counted(server: StatusServer, path: Path, status: Status) -> None:
            write(server, path, status)
            tries.append(path)

        monkeypatch.setattr(StatusServer, "_write", counted)
        server = StatusServer(None, tmp_path / "missing" / "edge-fer.prom")
        server.publish(STATUS, time.monotonic())
        wait_for(lambda: len(tries) >= 4)
        server.stop()
        assert len(caplog.messages) == 1
        assert "No such file or directory" in caplog.text


def test_the_journal_gets_the_numbers_as_fields() -> None:
    fields = as_journal_fields(STATUS)
    assert fields["EDGE_FER_FRAMES_PER_SECOND"] == "29.97"
    assert fields["EDGE_FER_STATE"] == "attentive"
    assert all(name == name.upper() for name in fields)


def test_a_person_reads_it() -> None:
    text = status_as_text(STATUS)
    assert "driver       attentive (enough evidence)" in text
    assert "30 fps, 30 judged, latency unknown" in text
    assert "throttling   undervoltage" in text
    assert "2 stalls" in text
    assert "shedding     at most 15 frames a second, because of supply" in text
    assert "61 °C, slowed down from 80 °C" in text
    assert "up 1 h 1 min, restarted 3 times" in text
    assert "open, 17 frames a second, sent 500" in text
    assert "latency unknown\n" in text


def test_what_failed_is_read_too() -> None:
    failed = replace(
        STATUS,
        camera_error="camera v4l2:/dev/video0: there is no such device",
        model="none: no such file",
        model_failed=True,
        emotions_off=True,
        detector_failed=True,
    )
    text = status_as_text(failed)
    assert "latency unknown; camera v4l2:/dev/video0: there is no such device\n" in text
    off = "emotions are off (driver_state.emotion_states)"
    assert f"model        none: no such file; {off}\n" in text
    assert "the cascade stands in for YuNet\n" in text
    assert "edge_fer_model_failed 1\n" in as_prometheus(failed)
    assert "edge_fer_emotions_off 1\n" in as_prometheus(failed)
    assert "edge_fer_emotions_off 0\n" in as_prometheus(STATUS)
    assert "edge_fer_face_detector_failed 1\n" in as_prometheus(failed)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.9, "9 s"), (128, "2 min 8 s"), (18_720, "5 h 12 min"), (273_600, "3 d 4 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def refusal(path: Path) -> DaemonReason | None:
    """Return why there is no answer, or nothing where there is one."""
    try:
        ask(path)
    except DaemonError as error:
        return error.reason
    return None


def attentive(path: Path) -> Status | None:
    """Return the status of a daemon that judges frames and sees an attentive driver, if it does."""
    with suppress(DaemonError):  # it has not come to listen there yet, or is held up
        answer = ask(path)
        if answer is not None and answer.status.state == "attentive" and answer.status.health.fps:
            return answer.status
    return None


def test_a_running_daemon_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    command = ["run", "--camera", "demo:?loop=1", "--link", "virtual:status"]
    daemon = subprocess.Popen(
        [sys.executable, "-m", "edge_fer", *command],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        path = tmp_path / "status.socket"
        status = wait_for(lambda: attentive(path))
        assert status.pid == daemon.pid
        assert status.counters.frames_sent > 0

        def told() -> Result | None:
            said = CliRunner().invoke(app, ["status"])
            return said if "driver       attentive" in said.stdout else None

        # On a machine that is held up the answer may be old, and the scene at another part.
        assert wait_for(lambda: (said := told()) and said.exit_code == 0)
        os.kill(daemon.pid, signal.SIGSTOP)
        assert wait_for(lambda: refusal(path) is DaemonReason.NO_ANSWER)
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
        daemon.terminate()
        assert daemon.wait(PATIENCE_S) == 0
    assert list(tmp_path.iterdir()) == []
    said = CliRunner().invoke(app, ["status"])
    assert isinstance(said.exception, DaemonError)


def stalled_s(text: str) -> int:
    """Return for how long the pipeline stands still, as the command says: it ages on the way."""
    (seconds,) = re.findall(r"pipeline stalled for (\d+) s", text)
    return int(seconds)


def test_a_pipeline_that_stands_still_has_an_exit_code(path: Path, server: StatusServer) -> None:
    server.publish(STATUS, time.monotonic() - 60.0)
    said = CliRunner().invoke(app, ["status", "--socket", str(path)])
    assert said.exit_code == 1
    assert 60 <= stalled_s(said.output) < 60 + PATIENCE_S


def answer() -> dict[str, Any]:
    """Return what goes over the socket."""
    values: dict[str, Any] = json.loads(json.dumps(StatusAnswer(STATUS, 0.1).to_json()))
    return values


def test_what_is_sent_is_read_back_into_the_same_dataclass() -> None:
    with_recording = replace(STATUS, recording=RECORDING, camera_error="camera demo:: gone")
    for status in (STATUS, with_recording):
        assert Status.from_json(json.loads(json.dumps(status.to_json()))) == status
    assert StatusAnswer.from_json(answer()) == StatusAnswer(STATUS, 0.1)
    newer = answer() | {"a key of a later version": 1}
    assert StatusAnswer.from_json(newer).status == STATUS


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return `values` without the key at the end of `keys`."""
    first, *rest = keys
    kept = {key: value for key, value in values.items() if key != first}
    return kept | {first: without(values[first], *rest)} if rest else kept


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (without(answer(), "format"), DaemonReason.UNKNOWN_VERSION),
        (answer() | {"format": 99}, DaemonReason.UNKNOWN_VERSION),
        (without(answer(), "health", "face_fps"), DaemonReason.UNKNOWN_VERSION),
        (without(answer(), "restarts"), DaemonReason.UNKNOWN_VERSION),
        ({"state": "attentive"}, DaemonReason.UNKNOWN_VERSION),
        (answer() | {"pid": "4711"}, DaemonReason.NOT_A_DAEMON),
        (answer() | {"pid": True}, DaemonReason.NOT_A_DAEMON),
        (answer() | {"health": []}, DaemonReason.NOT_A_DAEMON),
        (without(answer(), "age_s"), DaemonReason.NOT_A_DAEMON),
        ([], DaemonReason.NOT_A_DAEMON),
        (None, DaemonReason.NOT_A_DAEMON),
    ],
)
def test_another_version_and_another_program_are_told_apart(
    values: Any, reason: DaemonReason
) -> None:
    with pytest.raises(DaemonError) as refused:
        (StatusAnswer if isinstance(values, dict) else Status).from_json(values)
    assert refused.value.reason is reason
    assert "\n" not in str(refused.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_a_status_or_a_daemon_error(values: Any) -> None:
    with pytest.raises(DaemonError):
        Status.from_json(values)


def test_a_daemon_of_another_version_is_said(path: Path) -> None:
    class Older(Status):
        def to_json(self) -> dict[str, Any]:
            return without(super().to_json(), "health", "face_fps")

    server = StatusServer(path, None)
    older = Older(**{field.name: getattr(STATUS, field.name) for field in fields(Status)})
    server.publish(older, time.monotonic())
    said = CliRunner().invoke(app, ["status", "--socket", str(path)])
    server.stop()
    assert isinstance(said.exception, DaemonError)
    assert said.exception.reason is DaemonReason.UNKNOWN_VERSION
    assert "another version (no health.face_fps of format 1)" in str(said.exception)
    assert "sudo systemctl restart edge-fer" in str(said.exception)


def test_the_command_prints_the_same_json(path: Path, server: StatusServer) -> None:
    said = CliRunner().invoke(app, ["status", "--json", "--socket", str(path)])
    assert json.loads(said.stdout) == {}
    server.publish(STATUS, time.monotonic())
    said = CliRunner().invoke(app, ["status", "--json", "--socket", str(path)])
    assert StatusAnswer.from_json(json.loads(said.stdout)).status == STATUS


def test_the_json_says_why_the_state_holds_and_on_what_figures(
    path: Path, server: StatusServer
) -> None:
    figures = Measured(yaw_deg=41.0, lid_opening=0.9, yawns=2, eyes_unseen_s=0.0, zone="lap")
    status = replace(STATUS, state="distracted", reason="long look down", measured=figures)
    server.publish(status, time.monotonic())
    said = CliRunner().invoke(app, ["status", "--json", "--socket", str(path)])
    values = json.loads(said.stdout)
    assert (values["state"], values["reason"]) == ("distracted", "long look down")
    assert values["measured"] == asdict(figures)
    # Each figure has its key, also while it is not known.
    assert values["measured"].keys() == {each.name for each in fields(Measured)}


def test_two_daemons_do_not_take_each_others_socket(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "status.socket"
    first = StatusServer(path, None)
    second = StatusServer(path, None)
    assert "another daemon has" in caplog.text
    second.stop()
    assert path.exists()
    first.stop()
    third = StatusServer(path, None)
    assert path.exists()
    third.stop()


def test_what_answers_without_an_end_is_no_daemon(tmp_path: Path) -> None:
    """The audit's: a socket whose other end never stops, of which a start read 1.4 GB."""
    path = tmp_path / "status.socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def send_for_ever() -> None:
            client, _ = listener.accept()
            with client, suppress(OSError):
                while True:
                    client.sendall(b"x" * 65536)

        thread = threading.Thread(target=send_for_ever, daemon=True)
        thread.start()
        with pytest.raises(DaemonError, match="does not answer"):
            ask(path)
        thread.join(PATIENCE_S)


def test_the_textfile_is_silent_about_the_driver_where_it_is_told_to_be(tmp_path: Path) -> None:
    file = tmp_path / "edge-fer.prom"
    server = StatusServer(None, file, driver_state_in_file=False)
    server.publish(STATUS, time.monotonic())
    assert wait_for(file.exists)
    text = file.read_text()
    server.stop()
    assert "edge_fer_frames_total 900" in text
    assert "driver_state" not in text
    assert STATUS.state not in text


def test_a_link_at_the_name_of_the_textfile_is_not_followed(tmp_path: Path) -> None:
    victim, file = tmp_path / "victim", tmp_path / "edge-fer.prom"
    victim.write_text("mine")
    (tmp_path / ".edge-fer.prom.new").symlink_to(victim)
    server = StatusServer(None, file)
    server.publish(STATUS, time.monotonic())
    assert wait_for(file.exists)
    server.stop()
    assert victim.read_text() == "mine"
