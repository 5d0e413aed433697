"""A transport that comes back: opened again, with growing patience, after the port was lost."""

from collections.abc import Callable
from contextlib import suppress

from firmware_bridge.backoff import Backoff
from firmware_bridge.errors import BridgeError, TransportError
from firmware_bridge.transports import Transport, TransportCounters

# Soon at first, because a replugged adapter is back in a moment, and never so often that a port
# that stays away costs anything (no gap of 400 ms in the driver states after the port is back, of
# which opening it, an adapter's silence and the first frame take some).
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 0.25
# A connection that lasted so long was a good one: its loss is news, and patience starts anew.
SETTLED_S = 1.0


class Connection:
    """The transport that `uri` names, while there is one. One thread; monotonic seconds."""

    def __init__(self, uri: str, open_transport: Callable[[str], Transport]) -> None:
        self.uri = uri
        self._open_transport = open_transport
        self._transport: Transport | None = None
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._opened_s = 0.0
        self._past = TransportCounters()  # of the transports before this one
        self.next_try_s = 0.0
        self.lost_count = 0
        self.opened_count = 0
        self.trouble: str | None = None  # why there is no transport

    @property
    def transport(self) -> Transport | None:
        """Return the transport if it is open."""
        return self._transport

    @property
    def counters(self) -> TransportCounters:
        """Return what passed over all the transports so far."""
        transport = self._transport
        return self._past if transport is None else self._past + transport.counters

    def open(self, now_s: float) -> Transport:
        """Open the transport. BridgeError where that fails."""
        self._transport = self._open_transport(self.uri)
        self._opened_s = now_s
        self.opened_count += 1
        self.trouble = None
        return self._transport

    def reopen_if_due(self, now_s: float) -> bool:
        """Try to open a lost transport if it is time to; return whether it was opened just now."""
        if self._transport is not None or now_s < self.next_try_s:
            return False
        try:
            self.open(now_s)
        except (BridgeError, OSError) as error:  # no descriptor for what it needs beside the port
            self.trouble = str(error)
            self._be_patient(now_s)
            return False
        return True

    def lose(self, error: TransportError, now_s: float) -> bool:
        """Give up a transport that failed; a later `reopen_if_due` tries again.

        Return whether that is news: not so for a port that opens and fails again and again.
        """
        settled = now_s - self._opened_s >= SETTLED_S
        if settled:
            self._backoff.reset()
        self.trouble = str(error)
        self.lost_count += 1
        self.close()
        self._be_patient(now_s)
        return settled

    def close(self) -> None:
        """Close the transport, if there is one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(Exception):  # what cannot be closed is given up all the same
                transport.close()
            self._past += transport.counters

    def _be_patient(self, now_s: float) -> None:
        self.next_try_s = now_s + self._backoff.next_s()
