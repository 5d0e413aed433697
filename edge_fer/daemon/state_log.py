"""Logs each change of the driver state once."""

import logging

from edge_fer.daemon.journal import FIELDS
from edge_fer.driver_state.states import DriverState

_log = logging.getLogger(__name__)


class StateLog:
    """The state that was logged last, and why it was entered."""

    def __init__(self) -> None:
        self.state, self.reason = DriverState.NOT_READY, "started"

    def note(self, state: DriverState, reason: str) -> None:
        """Log the state if it is another one."""
        if state is self.state:
            return
        self.state, self.reason = state, reason
        fields = {"EDGE_FER_STATE": state.label, "EDGE_FER_REASON": reason}
        _log.info("driver state: %s (%s)", state.label, reason, extra={FIELDS: fields})
