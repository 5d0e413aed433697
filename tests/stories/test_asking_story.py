"""The daemon asks over a line; `edge-fer controller` answers, or does not, and that counts."""

from pathlib import Path
from typing import Any

import pytest

from tests.stories.drive import told_to_controller

pytestmark = pytest.mark.slow

SECONDS = 15
# So well no eye is seen: the demo's driver is one who cannot be judged, and is asked.
CONFIG = """
[driver_state]
eye_visible_from = 0.99
unseen_question_s = 5
request_valid_s = 2
"""


def asked_and_answered(answer: str, folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the requests that the controller heard, and the states in their order."""
    config = folder / "edge-fer.toml"
    config.write_text(CONFIG)
    events = told_to_controller(
        ("--config", str(config)), ("--answer", answer, "--speed", "80"), seconds=SECONDS
    )
    requests = [event for event in events[:-1] if event["event"] == "request"]
    return requests, events[-1]["summary"]["states"]


def test_all_right_ends_the_question_and_the_uncertainty(tmp_path: Path) -> None:
    requests, states = asked_and_answered("all-right", tmp_path)

    assert [(request["Type"], request["Severity"]) for request in requests] == [
        ("are you all right", "advice")
    ]
    # Quiet for half an hour: attention is unknown still, and nobody is asked.
    assert "uncertain" in states
    assert states[states.index("uncertain") + 1] == "unseen"


def test_without_an_answer_the_severity_is_raised(tmp_path: Path) -> None:
    requests, states = asked_and_answered("none", tmp_path)

    severities = [request["Severity"] for request in requests]
    assert severities[:2] == ["advice", "warning"]
    assert requests[1]["time_s"] - requests[0]["time_s"] >= 1.5
    assert requests[1]["Id"] != requests[0]["Id"]
    assert "uncertain" in states
