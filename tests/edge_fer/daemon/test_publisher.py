"""One decision, and what journal, recorder, status and vehicle learn of it: the same."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from edge_fer.daemon.journal import FIELDS
from edge_fer.daemon.log_frame import evidence_text
from edge_fer.daemon.publisher import Publisher
from edge_fer.daemon.state_log import StateLog
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.driver_state.policy import Decision
from edge_fer.driver_state.states import DriverState
from edge_fer.health.meter import Health
from edge_fer.pipeline import Step
from edge_fer.recording.flag import RecordingFlag
from edge_fer.stories.attention import STORIES
from edge_fer.stories.scene import START_S, told
from edge_fer.vehicle.outgoing import ALL_AS_MEANT
from firmware_bridge.link.schedule import Snapshot

HEALTH = Health(frames=1, dropped=0, fps=10.0, latency_ms=4.0, temperature_c=None)


class Around:
    """Stands for what is beside the publisher, and keeps what it is given."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.recorded: list[tuple[Any, ...]] = []
        self.state = StateLog()
        housekeeping = SimpleNamespace(
            health=HEALTH,
            parts=ALL_AS_MEANT,
            run=lambda now_s, label: None,
            with_metrics=lambda snapshot: snapshot,
        )
        readiness = SimpleNamespace(notify_ready=lambda: None, save_resume=lambda now_s: None)
        self.publisher = Publisher(
            cast(Any, SimpleNamespace(publish=self.snapshots.append)),
            cast(Any, SimpleNamespace(decided=self._recorded, flag=RecordingFlag.OFF)),
            self.state,
            cast(Any, housekeeping),
            cast(Any, readiness),
            cast(Any, SimpleNamespace(watchers=0)),
        )

    def _recorded(self, *arguments: Any) -> None:
        self.recorded.append(arguments)


@pytest.mark.parametrize("name", ["falls asleep and wakes", "sunglasses and a look aside"])
def test_each_change_of_state_comes_with_its_reason_and_figures_everywhere(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    around, story = Around(), STORIES[name]
    monitor = StateMonitor(story.settings, START_S)
    changes: list[Decision] = []
    before = DriverState.NOT_READY
    for observation in told(story, 10):
        decision = monitor.observe(observation)
        step = Step(decision, observation.camera, None, observation.time_s, 150)
        around.publisher.decided(step)
        # The status has what holds now, the bus as well.
        assert around.state.reason == decision.reason.label
        assert around.state.measured == decision.measured
        assert around.snapshots[-1].evidence.reason is decision.reason
        recorded = (decision.state, decision.reason.label, decision.time_s, decision.measured)
        assert around.recorded[-1] == recorded
        if decision.state is not before:
            before = decision.state
            changes.append(decision)
    assert [each.state for each in changes] == [state for state, _ in story.expected[1:]]
    assert len(caplog.records) == len(changes)
    for record, decision in zip(caplog.records, changes, strict=True):
        figures = evidence_text(decision.measured)
        assert figures
        said = f"driver state: {decision.state.label} ({decision.reason.label}): {figures}"
        assert record.getMessage() == said
        fields = getattr(record, FIELDS)
        assert fields.pop("EDGE_FER_STATE") == decision.state.label
        assert fields.pop("EDGE_FER_REASON") == decision.reason.label
        assert fields == {
            f"EDGE_FER_{figure.upper()}": str(value)
            for figure, value in decision.measured.to_json().items()
            if value is not None
        }
