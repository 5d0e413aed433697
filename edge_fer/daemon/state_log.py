"""Logs each change of the driver state once."""

import logging

from edge_fer.daemon.journal import FIELDS
from edge_fer.daemon.log_frame import evidence_text
from edge_fer.driver_state.measured import NOTHING_MEASURED, Measured
from edge_fer.driver_state.states import DriverState

_log = logging.getLogger(__name__)


class StateLog:
    """The last logged state, its reason, and its newest evidence."""

    def __init__(self) -> None:
        self.state, self.reason = DriverState.NOT_READY, "started"
        self.measured = NOTHING_MEASURED
        self.changes = 0  # since the start

    def note(self, state: DriverState, reason: str, measured: Measured = NOTHING_MEASURED) -> None:
        """Log the state with its evidence as fields, if the state has changed."""
        self.measured = measured
        if state is self.state:
            return
        self.state, self.reason = state, reason
        self.changes += 1
        fields = {"EDGE_FER_STATE": state.label, "EDGE_FER_REASON": reason}
        fields |= {
            f"EDGE_FER_{name.upper()}": str(value)
            for name, value in measured.to_json().items()
            if value is not None
        }
        evidence = evidence_text(measured)
        text = f"{state.label} ({reason})" + (f": {evidence}" if evidence else "")
        _log.info("driver state: %s", text, extra={FIELDS: fields})
