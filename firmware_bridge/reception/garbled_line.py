"""Recognises a line whose bytes make no sense: a wrong baud rate, or another protocol.

Pure: the counters of a transport in, a sentence or None out. At a wrong rate nothing at all is
understood (simulated for all pairs of eleven common rates: not one byte), and on a line with a
fault in two frames of three still a third. The share asked for lies far from both.
"""

from firmware_bridge.transports import TransportCounters

# Three lines of SLCAN: joined in the middle of one, at least two are whole.
JUDGED_BYTES = 64
UNDERSTOOD_SHARE = 0.1
# What a line that was in order has to bring before it is called garbled, and one that was garbled
# before it is in order again: a boot loader's greeting and a burst of noise are neither.
CHANGED_BYTES = 256

# What is expected, by the scheme of the URI; other transports know no baud rate. The last is what
# the monitor calls its standard input.
_PROTOCOLS = {"slcan": "SLCAN", "cobs": "COBS", "-": "candump -L"}
_REMEDIES = {"candump -L": "pipe in what `candump -L can0` prints"}


def describe_garbled(protocol: str, passed: TransportCounters) -> str | None:
    """Return a message for the user about a line on which this passed; None where there is none."""
    received = passed.received_bytes
    if received < JUDGED_BYTES or passed.understood_bytes >= UNDERSTOOD_SHARE * received:
        return None
    share = "hardly any" if passed.understood_bytes else "none"
    if passed.foreign_bytes >= UNDERSTOOD_SHARE * received:
        # The rate is right: text is read as text.
        remedy = "text of another device: is it the right port?"
    else:
        remedy = _REMEDIES.get(protocol, f"wrong baud rate, or not a {protocol} port?")
    return f"{received} bytes, {share} of them {protocol}: {remedy}"


class LineJudge:
    """Follows the counters of one transport; `uri` says which protocol is expected there."""

    def __init__(self, uri: str) -> None:
        self._protocol = _PROTOCOLS.get(uri.partition(":")[0])
        self._judged = TransportCounters()  # what passed up to the last verdict
        self._turned = TransportCounters()  # up to the latest that is not like those behind it
        self._was_garbled = False  # the latest verdict
        self._is_garbled = False
        self._was_good = False  # ever
        self._said: str | None = None

    def judge(self, counters: TransportCounters) -> str | None:
        """Return the warning as of now; None while the line is in order or silent."""
        if self._protocol is None:
            return None
        latest = counters - self._judged
        if latest.received_bytes >= JUDGED_BYTES:
            garbled = describe_garbled(self._protocol, latest) is not None
            if garbled is not self._was_garbled:
                self._turned = self._judged
            self._was_garbled = garbled
            self._judged = counters
            self._turn(counters)
        if not self._is_garbled:
            return None
        if self._was_garbled:
            self._said = describe_garbled(self._protocol, counters - self._turned)
        return self._said

    def _turn(self, counters: TransportCounters) -> None:
        first = self._was_garbled and not self._was_good
        needed = JUDGED_BYTES if first else CHANGED_BYTES
        if (counters - self._turned).received_bytes >= needed:
            self._is_garbled = self._was_garbled
        self._was_good = self._was_good or not self._was_garbled
