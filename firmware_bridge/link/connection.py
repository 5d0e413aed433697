"""A transport that reconnects: a lost port is reopened at growing intervals."""

from collections.abc import Callable
from contextlib import suppress

from firmware_bridge.backoff import Backoff
from firmware_bridge.errors import BridgeError, TransportError
from firmware_bridge.transports import Transport, TransportCounters

# Short at first, because a replugged adapter is back in a moment, and long enough that a missing
# port costs nothing. The gap in the driver states after the return of the port must stay below 400
# ms; opening the port, an adapter's silence and the first frame take a part of this.
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 0.25
# A connection that lasted this long was stable: its loss is new, and the intervals start again.
SETTLED_S = 1.0


class Connection:
    """The transport that `uri` names, while it is open. One thread; times in monotonic seconds."""

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
        self.trouble: str | None = None  # why the transport is not open

    @property
    def transport(self) -> Transport | None:
        """Return the transport if it is open."""
        return self._transport

    @property
    def counters(self) -> TransportCounters:
        """Return the counters over all transports so far."""
        transport = self._transport
        return self._past if transport is None else self._past + transport.counters

    def open(self, now_s: float) -> Transport:
        """Open the transport; BridgeError on failure."""
        self._transport = self._open_transport(self.uri)
        self._opened_s = now_s
        self.opened_count += 1
        self.trouble = None
        return self._transport

    def reopen_if_due(self, now_s: float) -> bool:
        """Try to reopen a lost transport if the retry is due; return whether it was opened."""
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
        """Close a transport that failed; a later `reopen_if_due` tries again.

        Return whether this loss is new: it is not for a port that repeatedly opens and fails.
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
        """Close the transport, if it is open."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(Exception):  # a transport that cannot be closed is given up as well
                transport.close()
            self._past += transport.counters

    def _be_patient(self, now_s: float) -> None:
        self.next_try_s = now_s + self._backoff.next_s()
