"""The only stateful part of the driver state: it holds the evidence and the last decision."""

from dataclasses import replace

from edge_fer.driver_state.asking import NOTHING_ASKED
from edge_fer.driver_state.emotion_evidence import EmotionEvidence
from edge_fer.driver_state.evidence import doubt_head, no_evidence, update_evidence
from edge_fer.driver_state.policy import EVENT_SEQUENCES, Decision, decide, first_decision
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.driver_state.states import DriverState
from edge_fer.observation import Observation


class StateMonitor:
    """Turns observations into decisions.

    `started_s` is the monotonic time from which the camera's start-up time counts. `observe` needs
    observations in order of time, at least ten a second, with or without frames;
    it ignores older ones, and never raises.

    `resumed_at` has the numbers of the last event and of the last request of a predecessor that
    watched the same driver a moment ago. The monitor continues them and needs the shorter time to
    become ready. The state is not *uncertain* before `quiet_until_s` (monotonic), because the
    driver was already asked.
    """

    def __init__(
        self,
        settings: PolicySettings,
        started_s: float,
        *,
        resumed_at: tuple[int, int] | None = None,
        quiet_until_s: float = 0.0,
    ) -> None:
        self._settings = settings
        self._evidence = no_evidence(started_s)
        self._decision = first_decision(started_s)
        if resumed_at is not None:
            event_sequence, request_id = resumed_at
            self._evidence = replace(self._evidence, was_ready=True)
            self._decision = replace(
                self._decision,
                event_sequence=(event_sequence + 1) % EVENT_SEQUENCES,
                asking=replace(
                    NOTHING_ASKED, request_id=request_id, quiet_until_s=quiet_until_s or None
                ),
            )

    @property
    def decision(self) -> Decision:
        """The newest decision."""
        return self._decision

    @property
    def was_ready(self) -> bool:
        """Whether a driver was ever seen for long enough."""
        return self._evidence.was_ready

    @property
    def quiet_until_s(self) -> float:
        """The monotonic time before which nobody is called uncertain anew; 0: never asked yet."""
        return self._decision.asking.asks_again_s(self._settings)

    def change_settings(self, settings: PolicySettings) -> None:
        """Apply other settings; the evidence stays, except emotions that are switched off."""
        self._settings = settings
        if not settings.emotion_states:
            self._evidence = replace(self._evidence, emotion=EmotionEvidence())

    def restart(self, now_s: float) -> None:
        """Reset the evidence after the camera was off. Event and request numbers continue."""
        was_ready = self._evidence.was_ready  # then the shorter time to be ready again holds
        self._evidence = replace(no_evidence(now_s), was_ready=was_ready)

    def observe(self, observation: Observation) -> Decision:
        """Return the decision after `observation`."""
        evidence = update_evidence(self._evidence, observation, self._settings)
        if evidence is not self._evidence:
            before = self._decision
            self._evidence = evidence
            self._decision = decide(before, evidence, self._settings)
            if _contradicted(before, self._decision):
                self._evidence = doubt_head(evidence)
        return self._decision


def _contradicted(before: Decision, after: Decision) -> bool:
    """Whether a driver for whom the head spoke has just answered that all is right.

    Then the camera may have been moved, and what is neutral has to be learned anew.
    """
    answered = after.asking.quiet_until_s not in (None, before.asking.quiet_until_s)
    about_head = before.state in (DriverState.DISTRACTED, DriverState.UNRESPONSIVE)
    return answered and about_head
