"""The page for integrators says of each code what it means."""

import re
from pathlib import Path

import pytest

from edge_fer.driver_state.asking import REQUESTS
from edge_fer.driver_state.states import DriverState, Reason
from firmware_bridge.protocol.database import definition

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "what-it-cannot-see.md").read_text(encoding="utf-8")


def rows_after(heading: str) -> list[str]:
    section = PAGE.split(heading, 1)[1]
    return [line for line in section.split("\n#", 1)[0].splitlines() if line.startswith("|")]


def test_each_state_has_its_row_with_its_code() -> None:
    said: dict[int, str] = {}
    for row in rows_after("## What each state means"):
        codes, names = (cell.strip() for cell in row.split("|")[1:3])
        if re.fullmatch(r"[\d, ]+", codes):
            pairs = zip(codes.split(", "), names.split(", "), strict=True)
            said |= {int(code): name for code, name in pairs}
    assert said == {state.value: state.label for state in DriverState}


def test_each_reason_is_named_with_its_code() -> None:
    said: dict[int, str] = {}
    for row in rows_after("### Why: the reason codes"):
        codes, names = (cell.strip() for cell in row.split("|")[1:3])
        bounds = [int(code) for code in re.findall(r"\d+", codes)]
        if bounds:
            numbers = range(bounds[0], bounds[-1] + 1)
            said |= dict(zip(numbers, names.split(", "), strict=True))
    assert said == {reason.value: reason.name.lower().replace("_", " ") for reason in Reason}


@pytest.mark.parametrize("state", REQUESTS)
def test_each_request_is_named_with_its_severity(state: DriverState) -> None:
    kind, severity = REQUESTS[state]
    rows = [row for row in rows_after("## What the driver is asked") if state.label in row]
    assert len(rows) == 1
    assert kind.name.lower().replace("_", " ") in rows[0]
    assert severity.name.lower() in rows[0]


@pytest.mark.parametrize("signal", ["Fault", "DegradedReason"])
def test_each_fault_of_the_device_has_its_row(signal: str) -> None:
    column = ("Fault", "DegradedReason").index(signal) + 2
    said = {
        name.strip()
        for row in rows_after("## When a part fails")
        for name in row.split("|")[column].replace(";", ",").split(",")
    }
    assert (
        set(definition("Health").signals[signal].names.values()) - {"not available", "none"} <= said
    )


def test_the_readme_leads_there() -> None:
    assert "docs/what-it-cannot-see.md" in (ROOT / "README.md").read_text(encoding="utf-8")
