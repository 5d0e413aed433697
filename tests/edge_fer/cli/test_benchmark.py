import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_fer.cli.app import main


def test_the_link_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from firmware_bridge.benchmark import verb

    short = verb.Effort(seconds=0.02, sends=2, events=2, cycles=2, replugs=1, peer_replugs=1)
    monkeypatch.setattr(verb, "Effort", lambda: short)

    with pytest.raises(SystemExit) as caught:
        main(["benchmark", "link", "--json"])

    assert caught.value.code == 0
    assert json.loads(capsys.readouterr().out)["ratios"]["reconnect"] > 0


def test_corrupted_frames_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from firmware_bridge.benchmark import corruption, corruption_verb

    monkeypatch.setattr(
        corruption_verb, "count_corrupted", lambda frames: corruption.count_corrupted(500)
    )

    with pytest.raises(SystemExit) as caught:
        main(["benchmark", "faults", "--json"])

    assert caught.value.code == 0
    assert {count["transport"] for count in json.loads(capsys.readouterr().out)} == {
        "frame",
        "slcan",
        "cobs",
    }


def interrupted(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return the JSON that a benchmark printed although Ctrl-C ended it."""
    with pytest.raises(SystemExit) as caught:
        main(["benchmark", *arguments, "--json"])
    assert caught.value.code == 130
    return json.loads(capsys.readouterr().out)


def press_ctrl_c(*_: object, **__: object) -> Any:
    raise KeyboardInterrupt


def test_ctrl_c_keeps_the_corrupted_frames_that_were_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from firmware_bridge.benchmark import corruption, corruption_verb

    def one_kind(frames: int) -> Iterator[corruption.Count]:
        yield next(iter(corruption.count_corrupted(100)))
        raise KeyboardInterrupt

    monkeypatch.setattr(corruption_verb, "count_corrupted", one_kind)

    assert [count["frames"] for count in interrupted(capsys, "faults")] == [100]


def test_ctrl_c_keeps_the_parts_of_the_device_that_were_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from edge_fer.benchmark import verb

    short = verb.Effort(model_s=0.05)
    monkeypatch.setattr(verb, "Effort", lambda: short)
    monkeypatch.setattr(verb, "measure_stages", press_ctrl_c)

    values = interrupted(capsys, "device", "--out", str(tmp_path / "new" / "part.json"))

    assert values["interrupted"] is True
    assert values["model"]["by_threads"]["1"]["count"] > 0
    assert "stages" not in values
    assert json.loads((tmp_path / "new" / "part.json").read_text()) == values


def test_ctrl_c_keeps_what_was_measured_of_the_growth(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge_fer.benchmark import growth

    monkeypatch.setattr(growth, "SIZES", ((320, 240),))
    monkeypatch.setattr(growth, "FACES", ())
    monkeypatch.setattr(growth, "time_classifier", press_ctrl_c)

    values = interrupted(capsys, "growth")

    assert values["sizes"]["320x240"]["tracked_ms"] > 0
    assert values["threads"] == {}


def test_ctrl_c_keeps_what_was_measured_of_the_link(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from firmware_bridge.benchmark import verb
    from firmware_bridge.benchmark.figures import Rates

    monkeypatch.setattr(verb, "message_rates", lambda seconds: Rates("messages", 1.0, None, None))
    monkeypatch.setattr(verb, "serial_rates", press_ctrl_c)

    assert len(interrupted(capsys, "link")["rates"]) == 1
