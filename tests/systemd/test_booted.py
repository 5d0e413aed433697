"""The service in a booted Debian: in a container here, in the virtual machine of tests/vm."""

import json
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def read_probe(text: str) -> dict[str, str]:
    """Return what probe.sh wrote, its log as one value."""
    lines = [line.partition("=") for line in text.splitlines()]
    values = {key: value for key, _, value in lines if key != "log"}
    values["log"] = "\n".join(value for key, _, value in lines if key == "log")
    assert "end" in values, text
    return values


@pytest.fixture(scope="module")
def probe(root: Path) -> dict[str, str]:
    """What the probe saw of the service in the booted root, and its log."""
    if shutil.which("systemd-nspawn") is None:
        pytest.skip("systemd-nspawn is not installed (apt install systemd-container)")
    path = root / "probe"
    if not path.exists():
        last = (root / "boot").read_text(errors="replace").splitlines()[-3:]
        pytest.skip(f"systemd does not boot here: {last}")
    return read_probe(path.read_text())


def test_the_service_becomes_ready_and_says_how_it_is(probe: dict[str, str]) -> None:
    assert probe["ready"] == "yes"
    assert probe["status"].startswith("attentive, ")
    assert probe["status"].endswith(" fps")


def test_it_runs_in_its_sandbox(probe: dict[str, str]) -> None:
    assert probe["user"] == "edge-fer"
    assert probe["seccomp"] == "2"  # a filter
    assert int(probe["capabilities"], 16) == 0
    assert probe["interfaces"] == "1"  # lo
    assert probe["core"] == "0"


def test_it_answers_whom_it_may(probe: dict[str, str]) -> None:
    assert json.loads(probe["asked"])["state"] == "attentive"
    assert "permission denied" in probe["asked_by_nobody"]


def test_its_journal_has_fields(probe: dict[str, str]) -> None:
    assert int(probe["field"]) >= 1


def test_the_doctor_finds_it_well(probe: dict[str, str]) -> None:
    findings = {item["check"]: item for item in json.loads(probe["doctor"])}
    for check in ("config", "daemon", "model", "link", "permissions"):
        assert findings[check]["level"] == "ok", findings[check]
    # An emulated processor may not keep up with the rate that figures of the eyelids need.
    camera = findings["camera"]
    assert camera["level"] == "ok" or "no figures of the eyelids" in camera["text"], camera


def test_it_records_an_event_for_the_owner_of_the_key_alone(probe: dict[str, str]) -> None:
    assert probe["recordings"].split()[:4] == ["edge-fer", "700", "edge-fer", "600"]
    assert "attentive, " in probe["recording"]
    assert "ON" in probe["recorder"]
    assert ", encrypted" in probe["recorder"]
    assert ";" not in probe["recorder"]  # nothing is lost and nothing is wrong


def test_a_reload_changes_the_policy(probe: dict[str, str]) -> None:
    assert probe["reloaded"] == "yes"


def test_a_killed_daemon_comes_back(probe: dict[str, str]) -> None:
    assert probe["restarted_after_kill"] == "yes"


def test_a_daemon_that_stands_still_is_noticed_and_restarted(probe: dict[str, str]) -> None:
    assert probe["restarted_after_stop"] == "yes"
    assert probe["watchdog"] == "1"


def test_it_stops_in_time(probe: dict[str, str]) -> None:
    assert probe["result"] == "success"
    assert int(probe["stopped_ms"]) < 2_000  # TimeoutStopSec
