import json

import pytest

from edge_fer.cli.app import main


def test_the_link_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from firmware_bridge.benchmark import verb

    short = verb.Effort(seconds=0.02, sends=2, events=2, cycles=2, replugs=1, peer_replugs=1)
    monkeypatch.setattr(verb, "Effort", lambda: short)

    with pytest.raises(SystemExit) as caught:
        main(["benchmark", "--link", "--json"])

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
        main(["benchmark", "--faults", "--json"])

    assert caught.value.code == 0
    assert {count["transport"] for count in json.loads(capsys.readouterr().out)} == {
        "frame",
        "slcan",
        "cobs",
    }
