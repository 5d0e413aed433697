"""What the vehicle's wish for a standby switches off, and on again."""

from typing import Any, cast

from edge_fer.daemon.standby import StandbySwitch
from edge_fer.observation import UNKNOWN_VEHICLE, Vehicle


class Noted:
    """Notes each call."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: self.calls.append(
            f"{name} {named['paused']}" if named else name
        )


def test_it_goes_off_and_on_once_each() -> None:
    parts = [Noted() for _ in range(4)]
    frames, pipeline, recorder, meter = (cast(Any, part) for part in parts)
    switch = StandbySwitch(frames, pipeline, recorder, meter)
    on, off = Vehicle(50.0, True, True), Vehicle(0.0, True, False)

    assert switch.update(UNKNOWN_VEHICLE, 0.0) is None
    assert switch.update(on, 0.1) is None
    assert not any(part.calls for part in parts)

    assert switch.update(off, 0.2) == "switched off"
    assert switch.update(off, 0.3) == "switched off"
    assert switch.update(UNKNOWN_VEHICLE, 5.0) == "switched off"  # a silent vehicle's no holds
    assert switch.active
    assert frames.calls == ["stop"]
    assert recorder.calls == ["pause True"]
    assert meter.calls == ["pause"]
    assert pipeline.calls == []

    assert switch.update(on, 6.0) is None
    assert switch.update(on, 6.1) is None
    assert not switch.active
    assert frames.calls == ["stop", "start"]
    assert recorder.calls == ["pause True", "pause False"]
    assert pipeline.calls == ["restart"]
