"""Each place that shows something of a camera's URI: none shows the secret in it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_fer.camera import check_uri, child
from edge_fer.camera.process import CameraProcess
from edge_fer.camera.settings import CameraConfig
from edge_fer.config.config import Config
from edge_fer.config.environment import ConfigSource
from edge_fer.config.render import config_as_json, config_as_toml
from edge_fer.config.toml import TomlFile, toml_literal
from edge_fer.daemon.log_frame import opening_lines
from edge_fer.daemon.opening import Networks
from edge_fer.doctor.checks import check_camera
from edge_fer.errors import UserError
from edge_fer.vehicle.outgoing import Parts
from tests.edge_fer.test_redaction import SECRET, uris

SOME = cast(Any, object())
NETWORKS = Networks(SOME, "/models/edge.tflite", SOME, SOME, Parts())
FEW = settings(max_examples=20)
SOURCE = ConfigSource(TomlFile("edge-fer.toml", {}, {}), {}, {})
NASTY = f"rtsp://us@er:p/a?s#s:  {SECRET}@127.0.0.1:9/user=a_password={SECRET}?t={SECRET}"
PATIENCE_S = 60.0


def config_of(uri: str) -> Config:
    return replace(Config(), camera=CameraConfig(uri))


@FEW
@given(uris())
def test_config_show_and_log(uri: str) -> None:
    config = config_of(uri)
    assert SECRET not in config_as_toml(config, SOURCE)
    assert SECRET not in json.dumps(config_as_json(config, SOURCE))
    lines = opening_lines("1.2.3", config, Path("/etc/edge-fer/config.toml"), NETWORKS)
    assert SECRET not in "\n".join(text for _, text in lines)


@FEW
@given(uris())
def test_doctor_and_what_is_refused(uri: str) -> None:
    unknown = uri.replace("http", "x").replace("rtsp", "x").replace("RTSP", "x")
    with pytest.raises(UserError) as refused:
        check_uri(unknown)
    finding = check_camera(config_of(unknown))
    assert SECRET not in str(refused.value) + finding.text + finding.remedy


@FEW
@given(uris())
def test_process_list_and_a_process_that_cannot_be_started(uri: str) -> None:
    with contextlib.suppress(UserError):
        check_uri(uri)
        look_at_its_process(uri)


def look_at_its_process(uri: str) -> None:
    commands: list[object] = []

    def refuse(command: object, **_: object) -> None:
        commands.append(command)
        raise OSError(12, f"no memory for {command}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        camera = CameraProcess(uri)
        camera.prepare()
    assert len(commands) == 1
    assert SECRET not in str(commands) + str(camera.error)


@FEW
@example(f"rtsp://u:a  {SECRET}@cam/", "cannot open '{}'")
@example(f"rtsp://u:a\\' {SECRET}@cam/", "cannot open {!r}")
@given(uris(), st.sampled_from(["{}", "cannot open '{}'", "{!r}", "GET {}\n at\n{}", "<{}>: 401"]))
def test_what_a_library_says_when_it_crashes(uri: str, saying: str) -> None:
    reports: list[dict[str, object]] = []

    def crash(uri: str, *_: object) -> None:
        raise RuntimeError(saying.format(uri, uri))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "_read_uri", lambda: uri)
        patch.setattr(child, "_run", crash)
        patch.setattr(child, "_leave_with_parent", lambda: None)
        patch.setattr(child, "forbid_dumps", lambda: None)
        patch.setattr(signal, "signal", lambda *_: None)
        patch.setattr(child, "_report", lambda _, **what: reports.append(what))
        assert child.main(["demo", "30", "1", "1", "1"]) == 1
    assert SECRET not in str(reports)
    assert "RuntimeError" in str(reports)


@contextmanager
def running(uri: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A daemon with this camera, which does not answer."""
    (folder / "config.toml").write_text(
        f'[camera]\nuri = {toml_literal(uri)}\n[link]\nuri = "virtual:secret"\n'
    )
    # As a service manager runs it: it waits for its camera.
    environment = os.environ | {"RUNTIME_DIRECTORY": str(folder), "INVOCATION_ID": "1"}
    environment["NOTIFY_SOCKET"] = str(folder / "notify")
    command = [sys.executable, "-m", "edge_fer", "run", "--config", str(folder / "config.toml")]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as daemon:
        try:
            yield daemon
        finally:
            daemon.terminate()


@pytest.mark.slow
def test_a_daemon_its_status_and_its_processes(tmp_path: Path) -> None:
    environment = os.environ | {"RUNTIME_DIRECTORY": str(tmp_path)}
    ask = [sys.executable, "-m", "edge_fer", "status", "--json"]
    with running(NASTY, tmp_path) as daemon:
        end_s = time.monotonic() + PATIENCE_S
        processes = ""  # a camera that does not answer is ended and started again
        while True:
            processes += subprocess.run(
                ["ps", "-eo", "args", "--width", "10000"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            done = subprocess.run(ask, capture_output=True, text=True, env=environment, check=False)
            error = json.loads(done.stdout)["camera_error"] if done.returncode == 0 else None
            seen = error and "edge_fer.camera.child" in processes
            if seen or daemon.poll() is not None or time.monotonic() > end_s:
                break
            time.sleep(0.2)
    assert daemon.stdout is not None
    assert error, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "edge_fer.camera.child" in processes
    assert SECRET not in processes
